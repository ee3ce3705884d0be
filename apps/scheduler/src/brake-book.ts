import type { Cluster } from "@octoplane/kinds/cluster";
import { conditionOf } from "@octoplane/kinds/condition";
import { brakeOf, type BrakeSettings } from "@octoplane/placement/brake";
import type { Brake } from "@octoplane/placement/calm";
import type { Clock } from "@octoplane/shared/clock";
import type { Log } from "@octoplane/shared/log";
import type { Metrics } from "@octoplane/shared/metrics";

/** The clusters of a namespace, as far as they are or were online. */
interface Sight {
  readonly online: Set<string>;
  /** Since when those are away that were online, in milliseconds since the epoch. */
  readonly away: Map<string, number>;
  brake: Brake | null;
  /** Ends the waiting for the brake's end. */
  cancel?: () => void;
}

/**
 * Who is online, by namespace, and whether the brake is on there. What a restart has to know stands in the clusters' own
 * conditions: since when they are away.
 */
export class BrakeBook {
  readonly #settings: BrakeSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #gauge;
  readonly #onChange: (namespace: string) => void;
  readonly #sights = new Map<string, Sight>();

  constructor(
    settings: BrakeSettings,
    parts: {
      readonly clock: Clock;
      readonly log: Log;
      readonly metrics: Metrics;
      /** The brake of a namespace was put on, or is off again. */
      readonly onChange: (namespace: string) => void;
    },
  ) {
    this.#settings = settings;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#onChange = parts.onChange;
    this.#gauge = parts.metrics.gauge(
      "octoplane_scheduler_braked_namespaces",
      "Namespaces in which so many clusters vanished at once that nothing is moved.",
    );
    this.#gauge.set(0);
  }

  put(key: string, cluster: Cluster): void {
    const namespace = cluster.metadata.namespace ?? "";
    const sight = this.#sightOf(namespace);
    const isOnline = ["ONLINE", "FAILING_METRICS"].includes(cluster.status.state);
    const wasOnline = sight.online.has(key);
    if (cluster.metadata.deleted !== null) {
      // To take a cluster away on purpose is no outage.
      sight.online.delete(key);
      sight.away.delete(key);
    } else if (isOnline) {
      sight.online.add(key);
      sight.away.delete(key);
    } else if (!sight.away.has(key)) {
      sight.online.delete(key);
      const now = this.#clock.now();
      const since = vanishedSince(cluster, wasOnline ? now : undefined);
      // Clocks differ: what vanishes a second ahead of us has vanished.
      if (since !== undefined) sight.away.set(key, Math.min(since, now));
    }
    this.#look(namespace, sight);
  }

  remove(key: string, namespace: string): void {
    const sight = this.#sightOf(namespace);
    sight.online.delete(key);
    sight.away.delete(key);
    this.#look(namespace, sight);
  }

  of(namespace: string): Brake | null {
    return this.#sights.get(namespace)?.brake ?? null;
  }

  [Symbol.dispose](): void {
    for (const { cancel } of this.#sights.values()) cancel?.();
    this.#sights.clear();
  }

  #look(namespace: string, sight: Sight): void {
    sight.cancel?.();
    const now = this.#clock.now();
    const when = { now, settings: this.#settings };
    const before = sight.brake;
    sight.brake = brakeOf([...sight.away.values()], sight.online.size, when);
    if (sight.brake !== null) {
      // One more, so that the moment itself is over.
      const waitMs = sight.brake.until - now + 1;
      sight.cancel = this.#clock.after(waitMs, () => this.#look(namespace, sight));
    }
    if ((before === null) === (sight.brake === null)) return;
    this.#gauge.set([...this.#sights.values()].filter(({ brake }) => brake !== null).length);
    if (sight.brake === null) this.#log.info({ namespace }, "moves are no longer held");
    else {
      const { vanished, of } = sight.brake;
      this.#log.warn({ namespace, vanished, of }, "many clusters vanished at once: moves are held");
    }
    this.#onChange(namespace);
  }

  #sightOf(namespace: string): Sight {
    let sight = this.#sights.get(namespace);
    if (!sight) {
      sight = { online: new Set(), away: new Map(), brake: null };
      this.#sights.set(namespace, sight);
    }
    return sight;
  }
}

/**
 * Since when a cluster is away, from its conditions: the newest that turned False. One that nobody has seen online counts
 * only when something tells that it once was: a version that it answered with. `undefined` when it was never there.
 */
function vanishedSince(cluster: Cluster, seenLost: number | undefined): number | undefined {
  const { conditions, version } = cluster.status;
  if (seenLost === undefined && version === null) return undefined;
  const turned = ["Reachable", "NodesReady", "NoPressure"].flatMap((type) => {
    const condition = conditionOf(conditions, type);
    return condition?.status === "False" ? [Date.parse(condition.last_transition_time)] : [];
  });
  return turned.length === 0 ? seenLost : Math.max(...turned);
}
