import type { Application } from "@octoplane/kinds/application";
import type { Cluster } from "@octoplane/kinds/cluster";
import type { Decision } from "@octoplane/kinds/decision";
import type { PolicySpec } from "@octoplane/kinds/placement-policy";
import type { Brake } from "@octoplane/placement/calm";
import { isGeneralHold } from "@octoplane/placement/calm";
import type { Candidate, MetricReading } from "@octoplane/placement/candidate";
import { decide } from "@octoplane/placement/decide";
import { PlacementGroups } from "@octoplane/placement/groups/placement-groups";
import { MetricRules, placementFactsOf } from "@octoplane/placement/placement-facts";
import type { Snapshot } from "@octoplane/placement/snapshot";
import type { PlacementFacts } from "@octoplane/placement/weighing";
import type { BrakeSettings } from "@octoplane/placement/brake";
import { BrakeBook } from "@octoplane/scheduler/brake-book";
import { CandidateBook } from "@octoplane/scheduler/candidate-book";
import { putCluster } from "@octoplane/scheduler/cluster-change";
import { decisionDigest } from "@octoplane/scheduler/decision-digest";
import { MoveBook, type MovesPerHour } from "@octoplane/scheduler/move-book";
import { movesOf, statusAfter } from "@octoplane/scheduler/record-decision";
import { Standings } from "@octoplane/scheduler/standings";
import { limits } from "@octoplane/shared/limits";
import { silentLog } from "@octoplane/shared/log";
import { Metrics } from "@octoplane/shared/metrics";
import type { VirtualClock } from "@octoplane/shared/virtual-clock";
import { namespace, type FleetPlan } from "./fleet-plan.ts";

export interface LoopSettings {
  readonly stickiness: number;
  readonly rescheduleAfterMs: number;
  readonly movesPerHour: MovesPerHour;
  readonly brake: BrakeSettings;
  readonly policies: ReadonlyMap<string, PolicySpec>;
  /** False: everybody is decided on at every step, as if nobody knew whom a change concerns. */
  readonly isSelective: boolean;
}

/** A decision that changed the placement, with the application as it was before. */
export interface Placed {
  readonly app: Application;
  readonly decision: Decision;
}

/**
 * The scheduler's parts put together as its process does, with a queue that is worked off in order of the keys and writes that never
 * fail: what it is told, whom it wakes for that, and what it decides.
 */
export class PlacementLoop implements Disposable {
  readonly apps = new Map<string, Application>();
  readonly #settings: LoopSettings;
  readonly #clock: VirtualClock;
  readonly #rules: MetricRules;
  readonly #candidates = new CandidateBook();
  readonly #standings = new Standings((keys) => this.#wake(keys));
  readonly #groups: PlacementGroups;
  readonly #moves: MoveBook;
  readonly #brakes: BrakeBook;
  readonly #seen = new Map<string, string>();
  readonly #queue = new Set<string>();
  /** When to look again although nothing happens. */
  readonly #due = new Map<string, number>();
  readonly #facts = new WeakMap<object, { readonly found: PlacementFacts | undefined }>();
  /** What the last decision said of each, for those who ask why nobody woke it. */
  readonly said = new Map<string, string>();
  #revision = 0n;
  #decisions = 0;

  constructor(plan: FleetPlan, clock: VirtualClock, settings: LoopSettings) {
    this.#settings = settings;
    this.#clock = clock;
    this.#rules = new MetricRules(plan.metrics.values());
    this.#groups = new PlacementGroups(settings.stickiness, (app) => this.#factsOf(app));
    this.#moves = new MoveBook(settings.movesPerHour);
    this.#brakes = new BrakeBook(settings.brake, {
      clock,
      log: silentLog,
      metrics: new Metrics(),
      onChange: () => this.#wake(this.apps.keys()),
    });
  }

  /** How many decisions were made. */
  get decisions(): number {
    return this.#decisions;
  }

  get brake(): Brake | null {
    return this.#brakes.of(namespace);
  }

  get candidates(): readonly Candidate[] {
    return this.#candidates.of(namespace) ?? [];
  }

  putCluster(cluster: Cluster, readings: readonly MetricReading[]): void {
    const key = `${namespace}/${cluster.metadata.name}`;
    this.#brakes.put(key, cluster);
    const { candidates, groups } = { candidates: this.#candidates, groups: this.#groups };
    const books = { candidates, groups, standings: this.#standings };
    const time = this.#clock.now();
    this.#wake(putCluster(books, key, { cluster, readings, time }).concerned);
  }

  /** An application as the store has it now. */
  putApplication(app: Application): void {
    const key = keyOf(app);
    this.#revision += 1n;
    this.apps.set(key, app);
    this.#moves.put(key, app, this.#clock.now());
    this.#standings.put(key, app, this.#revision);
    this.#groups.put(key, app);
    const digest = decisionDigest(app);
    if (this.#seen.get(key) === digest) return;
    this.#seen.set(key, digest);
    this.#wake([key]);
  }

  removeApplication(key: string): void {
    this.apps.delete(key);
    this.#seen.delete(key);
    this.#due.delete(key);
    this.#queue.delete(key);
    this.#moves.forget(key);
    this.#standings.remove(key);
    this.#groups.remove(key);
  }

  /** Decides until nobody waits any more; `undefined` when that does not end. */
  run(): readonly Placed[] | undefined {
    const now = this.#clock.now();
    for (const [key, due] of this.#due) if (due <= now) this.#queue.add(key);
    const placed: Placed[] = [];
    for (let round = 0; round < 20; round += 1) {
      if (!this.#settings.isSelective) this.#wake(this.apps.keys());
      const before = placed.length;
      // In order of their keys, so that waking more of them than need be changes nothing.
      let last = "";
      for (let key = this.#next(last); key !== undefined; key = this.#next(last)) {
        last = key;
        this.#queue.delete(key);
        const one = this.#decide(key, now);
        if (one) placed.push(one);
      }
      const isQuiet = this.#settings.isSelective
        ? this.#queue.size === 0
        : placed.length === before;
      if (isQuiet) return placed;
    }
    return undefined;
  }

  /** Decides on everybody once more, and gives those who would go elsewhere although nobody has woken them. */
  missed(): readonly Placed[] {
    const now = this.#clock.now();
    return [...this.apps.values()].flatMap((app) => {
      const decision = decide(app, this.snapshot(app, now), 0);
      const isOther = decision.outcome === "moved" || decision.outcome === "placed";
      return isOther ? [{ app, decision }] : [];
    });
  }

  snapshot(app: Application, now: number, candidates = this.candidates): Snapshot {
    const placement = this.#factsOf(app);
    const { stickiness, rescheduleAfterMs } = this.#settings;
    return {
      now,
      candidates,
      stickiness,
      rescheduleAfterMs,
      ...this.#standings.facts(app, candidates),
      calm: {
        ...this.#moves.factsOf(namespace, now),
        brake: this.brake,
        migrationTimeoutMs: limits.migrationTimeoutMs,
      },
      ...(placement === undefined ? {} : { placement }),
    };
  }

  [Symbol.dispose](): void {
    this.#brakes[Symbol.dispose]();
  }

  #decide(key: string, now: number): Placed | undefined {
    const app = this.apps.get(key);
    if (!app) return undefined;
    this.#decisions += 1;
    const decision = decide(app, this.snapshot(app, now), 2);
    const { reason, held_until: until } = decision;
    this.said.set(key, `${decision.time}: ${reason.message}, until ${until}`);
    const status = statusAfter(app, decision);
    if (status !== undefined) this.#write(key, { app, decision }, status);
    const heldUntil = decision.held_until === null ? 0 : Date.parse(decision.held_until);
    this.#groups.holds(key, isGeneralHold(decision.reason) ? heldUntil : 0);
    if (decision.held_until === null) this.#due.delete(key);
    else this.#due.set(key, Math.min(Math.max(now + 1, heldUntil), now + limits.heldLookMs));
    const isOther = decision.outcome === "placed" || decision.outcome === "moved";
    return isOther ? { app, decision } : undefined;
  }

  /** Reserved first, then written, then shown: as it is where a write takes a while. */
  #write(key: string, { app, decision }: Placed, status: Application["status"]): void {
    const { chosen, places } = decision;
    if (chosen !== null) this.#standings.reserve(key, places ?? [chosen]);
    for (const move of movesOf(decision)) this.#moves.reserve(key, move);
    this.#standings.settle(key, this.#revision + 1n);
    this.putApplication({ ...app, status });
  }

  #wake(keys: Iterable<string>): void {
    for (const key of keys) this.#queue.add(key);
  }

  /** The first key of the queue after another one. */
  #next(after: string): string | undefined {
    let first: string | undefined;
    for (const key of this.#queue) {
      if (key > after && (first === undefined || key < first)) first = key;
    }
    return first;
  }

  #factsOf(app: Application): PlacementFacts | undefined {
    const known = this.#facts.get(app.spec);
    if (known) return known.found;
    const { policies } = this.#settings;
    const found = placementFactsOf(app, {
      policy: (_namespace, name) => {
        const spec = policies.get(name);
        return spec && { name, namespaced: false, spec };
      },
      rule: (scope, objective) => this.#rules.of(scope, objective),
    });
    this.#facts.set(app.spec, { found });
    return found;
  }
}

export function keyOf({ metadata }: Application): string {
  return `${metadata.namespace}/${metadata.name}`;
}
