import type { Application } from "@octoplane/kinds/application";
import type { Reason } from "@octoplane/kinds/metadata";
import { isSharedHold, type CalmFacts } from "@octoplane/placement/calm";
import type { PlacementSource } from "@octoplane/placement/placement-facts";
import type { Snapshot } from "@octoplane/placement/snapshot";
import type { Resources } from "@octoplane/resources/resources";
import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import type { Metrics } from "@octoplane/shared/metrics";
import type { Random } from "@octoplane/shared/random";
import { BrakeBook } from "./brake-book.ts";
import type { SchedulerConfig } from "./config.ts";
import { MoveBook } from "./move-book.ts";
import { PolicyBook } from "./policy-book.ts";

/** What a snapshot says of one application and of the moves of all: policies, budgets, the brake. */
export class CalmBook implements Disposable {
  readonly moves: MoveBook;
  readonly brakes: BrakeBook;
  readonly #policies: PolicyBook;
  readonly #migrationTimeoutMs: number;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(
    resources: Resources,
    parts: {
      readonly config: Pick<SchedulerConfig, "moves_per_hour" | "migration_timeout" | "brake">;
      readonly log: Log;
      readonly metrics: Metrics;
      readonly rule: PlacementSource["rule"];
      readonly onBrake: (namespace: string) => void;
    },
  ) {
    const { config, log, metrics, rule, onBrake } = parts;
    const { clock, random } = resources.parts;
    this.#clock = clock;
    this.#random = random;
    this.#migrationTimeoutMs = config.migration_timeout * 1_000;
    this.#policies = new PolicyBook(resources, rule);
    this.moves = new MoveBook(config.moves_per_hour);
    const { share, least, window, hold } = config.brake;
    const settings = { share, least, windowMs: window * 1_000, holdMs: hold * 1_000 };
    this.brakes = new BrakeBook(settings, { clock, log, metrics, onChange: onBrake });
  }

  async ready(): Promise<void> {
    await this.#policies.ready();
  }

  listen(changed: (name: string, namespace: string | null) => void): readonly (() => void)[] {
    return this.#policies.listen(changed);
  }

  /** An application as its feed shows it. */
  put(key: string, app: Application): void {
    this.moves.put(key, app, this.#clock.now());
  }

  factsOf(app: Application, now: number): Pick<Snapshot, "placement" | "calm"> {
    const placement = this.#policies.factsOf(app);
    const calm = this.sharedBy(app.metadata.namespace ?? "", now);
    return placement === undefined ? { calm } : { placement, calm };
  }

  /** The policy and the metrics that an application names. */
  placementOf(app: Application): Snapshot["placement"] {
    return this.#policies.factsOf(app);
  }

  /** What is the same for all applications of a namespace. */
  sharedBy(namespace: string, now: number): CalmFacts {
    return {
      ...this.moves.factsOf(namespace, now),
      brake: this.brakes.of(namespace),
      migrationTimeoutMs: this.#migrationTimeoutMs,
    };
  }

  /** How much later one of many that wait for the same should look again, so that not all of them do at once. */
  spreadMs(reason: Reason): number {
    return isSharedHold(reason) ? this.#random.fraction() * limits.budgetLookMs : 0;
  }

  [Symbol.dispose](): void {
    this.brakes[Symbol.dispose]();
  }
}
