import type { Cluster } from "@octoplane/kinds/cluster";
import { measureCluster } from "@octoplane/kinds/cluster-measure";
import type { Metric } from "@octoplane/kinds/metric";
import type { MetricReading } from "@octoplane/placement/candidate";
import type { KnownValue } from "@octoplane/scheduler/metrics/metric-source";
import { readMetric } from "@octoplane/scheduler/metrics/readings";
import { limits } from "@octoplane/shared/limits";
import type { CalendarView } from "./calendar.ts";
import { ownProvider, type FleetPlan } from "./fleet-plan.ts";
import type { Weather } from "./weather.ts";

const lateMs = 1_800_000;

/** What is known of each metric, from providers that fail now and then: kept as the scheduler's sources keep it. */
export class Telemetry {
  readonly #plan: FleetPlan;
  readonly #calendar: CalendarView;
  readonly #weather: Weather;
  readonly #known = new Map<string, KnownValue>();

  constructor(plan: FleetPlan, calendar: CalendarView, weather: Weather) {
    this.#plan = plan;
    this.#calendar = calendar;
    this.#weather = weather;
  }

  /** Asks every provider once. */
  fetch(now: number, minute: number): void {
    for (const metric of this.#plan.metrics.values()) {
      const { name } = metric.metadata;
      const value = this.#weather.value(name);
      if (value === undefined) continue;
      const is = (kind: "down" | "wild" | "late"): boolean =>
        this.#calendar.has(kind, metric.spec.provider.name, minute);
      if (is("down")) this.#known.set(name, silent(this.#known.get(name), now));
      else {
        // What is late is an old number, and says so.
        const time = is("late") ? now - lateMs : now;
        const told = is("wild") ? metric.spec.max * 10 : value;
        this.#known.set(name, { value: told, time, fetched: now, trouble: undefined });
      }
    }
  }

  /** What the scheduler reads of the metrics that a cluster names. */
  readings(cluster: Cluster, now: number): readonly MetricReading[] {
    return this.#read(cluster, now, (metric) => this.#known.get(metric.metadata.name));
  }

  /** What it would read if nobody ever failed. */
  truth(cluster: Cluster, now: number): readonly MetricReading[] {
    return this.#read(cluster, now, (metric) => {
      const value = this.#weather.value(metric.metadata.name);
      return { value, time: now, fetched: now, trouble: undefined };
    });
  }

  #read(
    cluster: Cluster,
    now: number,
    knownOf: (metric: Metric) => KnownValue | undefined,
  ): readonly MetricReading[] {
    return cluster.spec.metrics.map((ref) => {
      const metric = this.#plan.metrics.get(ref.name)!;
      const isOwn = metric.spec.provider.name === ownProvider;
      const known = isOwn ? measured(cluster, metric, now) : knownOf(metric);
      const facts = { metric, providerExists: true, known };
      const reading = readMetric(ref, facts, { now, freshMs: limits.metricsFreshMs });
      if (!reading) throw new Error(`nothing is known of ${ref.name}`);
      return isOwn && reading.ok ? { ...reading, isOwn } : reading;
    });
  }
}

function silent(before: KnownValue | undefined, now: number): KnownValue {
  const { value, time = now, fetched = now } = before ?? {};
  const trouble = { code: "UNREACHABLE_METRICS_PROVIDER", message: "it does not answer" };
  return { value, time, fetched, trouble };
}

function measured(cluster: Cluster, { spec }: Metric, now: number): KnownValue {
  const found = measureCluster(cluster, spec.provider.metric, now);
  const at = { time: now, fetched: now };
  return found.ok
    ? { value: found.value, ...at, trouble: undefined }
    : { value: undefined, ...at, trouble: found };
}
