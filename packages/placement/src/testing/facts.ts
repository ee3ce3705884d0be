import type { Application } from "@octoplane/kinds/application";
import type { Cluster } from "@octoplane/kinds/cluster";
import type { Condition } from "@octoplane/kinds/condition";
import type { Preference } from "@octoplane/kinds/constraints";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { FailedMove, PlacementChoice } from "@octoplane/kinds/placement-choice";
import type { Requests } from "@octoplane/kinds/workload-requests";
import type { Taint, Toleration } from "@octoplane/kinds/taint";
import { candidateOf, type Candidate, type MetricReading } from "../candidate.ts";
import type { Snapshot } from "../snapshot.ts";

/** Applications, clusters and metrics for tests of placement, each from the few facts that a test is about. */

export const now = Date.parse("2024-06-01T12:00:00Z");
export const intervalMs = 60_000;
export const detail = 64;

interface ClusterFacts {
  readonly name: string;
  readonly state?: string;
  readonly deleted?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly customResources?: readonly string[];
  readonly readings?: readonly MetricReading[];
  readonly taints?: readonly Taint[];
  /** When each taint was first seen, by its text. */
  readonly taintsSince?: Readonly<Record<string, string>>;
  readonly cordoned?: boolean;
  readonly drain?: boolean;
  readonly elastic?: boolean;
  /** What is free: cores, bytes and Pods. */
  readonly free?: Requests;
}

export function candidate(facts: ClusterFacts): Candidate {
  const cluster = {
    metadata: {
      namespace: "n",
      name: facts.name,
      labels: facts.labels ?? {},
      deleted: facts.deleted ? "2024-01-01T00:00:00Z" : null,
    },
    spec: {
      custom_resources: facts.customResources ?? [],
      taints: facts.taints,
      cordoned: facts.cordoned,
      drain: facts.drain,
      elastic: facts.elastic,
    },
    status: {
      state: facts.state ?? "ONLINE",
      conditions: [],
      served_kinds: [],
      taints_since: facts.taintsSince,
      capacity: facts.free === undefined ? null : capacityWith(facts.free),
    },
  };
  return candidateOf(cluster as unknown as Cluster, facts.readings ?? []);
}

function capacityWith(free: Requests): object {
  return {
    cpu_free_cores: free.cpuCores,
    memory_free_bytes: free.memoryBytes,
    pods_free: free.pods,
  };
}

export function reading(name: string, weight: number, value: number): MetricReading {
  return { ok: true, name, weight, raw: value, value, time: "", provider: "p" };
}

export function failing(name: string): MetricReading {
  return { ok: false, name, weight: 1, code: "INVALID_METRIC", message: "" };
}

export interface AppFacts {
  readonly on?: string | null;
  readonly sinceMs?: number;
  readonly migration?: boolean;
  readonly labels?: readonly string[];
  readonly metrics?: readonly string[];
  readonly customResources?: readonly string[];
  readonly preferred?: readonly Preference[];
  readonly tolerations?: readonly Toleration[];
  readonly rescheduleAfter?: number | null;
  readonly placement?: PlacementChoice;
  /** Its moves, each so many milliseconds ago. */
  readonly moves?: readonly {
    readonly agoMs: number;
    readonly from: string;
    readonly to: string;
  }[];
  readonly failedMoves?: readonly FailedMove[];
  /** Where it still runs, when that is another place than where it belongs. */
  readonly runsOn?: string;
  readonly applied?: { readonly status: Condition["status"]; readonly agoMs: number };
  readonly manifest?: readonly object[];
  readonly name?: string;
  readonly appLabels?: Readonly<Record<string, string>>;
  /** Constraints beside labels, metrics, custom resources and preferences. */
  readonly more?: Partial<Application["spec"]["constraints"]["cluster"]>;
  /** True when it was applied in full where it belongs. */
  readonly runs?: boolean;
  /** The generation whose work is done; the present one is 3. */
  readonly completed?: number;
}

export function application(facts: AppFacts = {}): Application {
  const on = facts.on ?? null;
  const bound = on === null ? null : placeRef(on);
  const app = {
    metadata: {
      namespace: "n",
      name: facts.name ?? "app",
      labels: facts.appLabels ?? {},
      generation: 3,
      deleted: null,
    },
    spec: {
      constraints: {
        migration: facts.migration ?? true,
        cluster: {
          labels: facts.labels ?? null,
          metrics: facts.metrics ?? null,
          custom_resources: facts.customResources ?? [],
          ...(facts.preferred === undefined ? {} : { preferred: facts.preferred }),
          ...facts.more,
        },
      },
      manifest: facts.manifest ?? [],
      ...(facts.placement === undefined ? {} : { placement: facts.placement }),
      ...(facts.tolerations === undefined ? {} : { tolerations: facts.tolerations }),
      ...(facts.rescheduleAfter === undefined ? {} : { reschedule_after: facts.rescheduleAfter }),
    },
    status: {
      conditions: [...healthOf(facts.completed), ...appliedOf(facts.applied)],
      decisions: 7,
      copies: facts.runs === true ? [{ cluster: bound, generation: 3, objects: [] }] : [],
      scheduled_to: bound,
      scheduled: bound === null ? null : timeAgo(facts.sinceMs ?? 0),
      ...(facts.runsOn === undefined ? {} : { running_on: placeRef(facts.runsOn) }),
      ...(facts.failedMoves === undefined ? {} : { failed_moves: facts.failedMoves }),
      ...(facts.moves === undefined
        ? {}
        : {
            moves: facts.moves.map(({ agoMs, from, to }) => ({ time: timeAgo(agoMs), from, to })),
          }),
    },
  };
  return app as unknown as Application;
}

export function timeAgo(ms: number): string {
  return new Date(now - ms).toISOString();
}

function placeRef(name: string): ResourceRef {
  return { api: "kubernetes", kind: "Cluster", namespace: "n", name };
}

function appliedOf(applied: AppFacts["applied"]): readonly Partial<Condition>[] {
  if (applied === undefined) return [];
  const { status, agoMs } = applied;
  const last_transition_time = timeAgo(agoMs);
  return [{ type: "Applied", status, observed_generation: 3, last_transition_time }];
}

function healthOf(completed: number | undefined): readonly Partial<Condition>[] {
  if (completed === undefined) return [];
  const reason = "Completed";
  return [{ type: "Healthy", status: "True", reason, observed_generation: completed }];
}

export function snapshot(candidates: readonly Candidate[], stickiness = 0.1): Snapshot {
  return { now, candidates, stickiness, rescheduleAfterMs: intervalMs };
}
