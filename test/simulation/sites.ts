import type { Cluster } from "@octoplane/kinds/cluster";
import { clusterState } from "@octoplane/kinds/cluster-state";
import { setCondition } from "@octoplane/kinds/condition";
import type { Taint } from "@octoplane/kinds/taint";
import type { Requests } from "@octoplane/kinds/workload-requests";
import { withFree } from "@octoplane/cluster-controller/free-capacity";
import type { MetricReading } from "@octoplane/placement/candidate";
import { withMetricsCondition } from "@octoplane/scheduler/metrics-condition";
import { withTaintTimes } from "@octoplane/scheduler/taint-times";
import { isoTime } from "@octoplane/shared/clock";
import type { CalendarView } from "./calendar.ts";
import { plus } from "./field.ts";
import type { ClusterPlan, FleetPlan } from "./fleet-plan.ts";

const nothing: Requests = { cpuCores: 0, memoryBytes: 0, pods: 0 };

/** The clusters as they are stored: what a probe finds out, what is counted there, and what people do to them. */
export class Sites {
  readonly clusters = new Map<string, Cluster>();
  readonly #plans: readonly ClusterPlan[];
  readonly #calendar: CalendarView;
  /** What was counted last, and since when it is the same. */
  readonly #counts = new Map<string, { readonly requests: Requests; readonly since: number }>();

  constructor({ clusters }: FleetPlan, calendar: CalendarView) {
    this.#plans = clusters;
    this.#calendar = calendar;
    for (const { cluster } of clusters) this.clusters.set(cluster.metadata.name, cluster);
  }

  /** Probes every cluster, and counts what its Pods request. */
  look(minute: number, now: number, requested: ReadonlyMap<string, Requests>): void {
    for (const { cluster, others } of this.#plans) {
      const { name } = cluster.metadata;
      const before = this.clusters.get(name)!;
      const is = (kind: Parameters<CalendarView["has"]>[0]): boolean =>
        this.#calendar.has(kind, name, minute);
      const isReached = !is("dead") && !is("cut");
      const repair: readonly Taint[] = [
        ...(is("repair") ? [{ key: "repair", value: "", effect: "NoExecute" } as const] : []),
        ...(is("closed") ? [{ key: "closed", value: "", effect: "NoSchedule" } as const] : []),
      ];
      const spec = {
        ...before.spec,
        cordoned: is("cordon"),
        drain: is("drain"),
        taints: [...(cluster.spec.taints ?? []), ...repair],
      };
      const conditions = setCondition(
        before.status.conditions,
        {
          type: "Reachable",
          status: isReached ? "True" : "False",
          reason: isReached ? "Answers" : "Unreachable",
          message: isReached ? "" : "no answer",
          observed_generation: before.metadata.generation,
        },
        isoTime(now),
      );
      const sum = plus(others, requested.get(name) ?? nothing);
      const capacity = isReached ? this.#counted(before, sum, now) : before.status.capacity;
      const status = { ...before.status, conditions: [...conditions], capacity };
      const after = { ...before, spec, status };
      if (seenOf(after) !== seenOf(before)) this.clusters.set(name, derived(after));
    }
  }

  /** What the scheduler writes of a cluster; `undefined` when that stands there already. */
  write(cluster: Cluster, readings: readonly MetricReading[], now: number): Cluster | undefined {
    const { generation } = cluster.metadata;
    const time = isoTime(now);
    const measured = withMetricsCondition({ status: cluster.status, generation }, readings, time);
    const status = withTaintTimes(measured ?? cluster.status, cluster.spec, time) ?? measured;
    if (!status) return undefined;
    const written = derived({ ...cluster, status });
    this.clusters.set(cluster.metadata.name, written);
    return written;
  }

  /** Clusters on which more is requested than there is, in words; those whose nodes come as they are needed have always enough. */
  exceeded(requested: ReadonlyMap<string, Requests>): readonly string[] {
    return this.#plans.flatMap(({ cluster, others }) => {
      const { name } = cluster.metadata;
      const sum = plus(others, requested.get(name) ?? nothing);
      const { capacity } = cluster.status;
      if (cluster.spec.elastic === true || capacity === null) return [];
      const isFull =
        sum.cpuCores > capacity.cpu_cores + 1e-6 ||
        sum.memoryBytes > capacity.memory_bytes + 1 ||
        sum.pods > capacity.pods;
      return isFull
        ? [`${name} has ${capacity.cpu_cores} cores, and ${sum.cpuCores} are requested`]
        : [];
    });
  }

  #counted(before: Cluster, sum: Requests, now: number): Cluster["status"]["capacity"] {
    const { name } = before.metadata;
    const last = this.#counts.get(name);
    const isSame = last !== undefined && JSON.stringify(last.requests) === JSON.stringify(sum);
    const since = isSame ? last.since : now;
    this.#counts.set(name, { requests: sum, since });
    return withFree(before.status.capacity!, before.status.capacity, {
      ...sum,
      at: now,
      sameSince: since,
    });
  }
}

/** What a look finds out, and people change, as text. */
function seenOf({ spec, status }: Cluster): string {
  const { cordoned, drain, taints } = spec;
  return JSON.stringify([cordoned, drain, taints, status.conditions, status.capacity]);
}

function derived(cluster: Cluster): Cluster {
  const { state, reason } = clusterState(cluster);
  return { ...cluster, status: { ...cluster.status, state, reason } };
}
