import type { Application } from "@octoplane/kinds/application";
import type { Cluster } from "@octoplane/kinds/cluster";
import type { Condition } from "@octoplane/kinds/condition";
import type { Preference } from "@octoplane/kinds/constraints";
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
    },
    status: {
      state: facts.state ?? "ONLINE",
      served_kinds: [],
      taints_since: facts.taintsSince,
    },
  };
  return candidateOf(cluster as unknown as Cluster, facts.readings ?? []);
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
  /** The generation whose work is done; the present one is 3. */
  readonly completed?: number;
}

export function application(facts: AppFacts = {}): Application {
  const on = facts.on ?? null;
  const bound =
    on === null ? null : { api: "kubernetes", kind: "Cluster", namespace: "n", name: on };
  const app = {
    metadata: { namespace: "n", name: "app", generation: 3 },
    spec: {
      constraints: {
        migration: facts.migration ?? true,
        cluster: {
          labels: facts.labels ?? null,
          metrics: facts.metrics ?? null,
          custom_resources: facts.customResources ?? [],
          ...(facts.preferred === undefined ? {} : { preferred: facts.preferred }),
        },
      },
      ...(facts.tolerations === undefined ? {} : { tolerations: facts.tolerations }),
      ...(facts.rescheduleAfter === undefined ? {} : { reschedule_after: facts.rescheduleAfter }),
    },
    status: {
      conditions: healthOf(facts.completed),
      decisions: 7,
      scheduled_to: bound,
      scheduled: bound === null ? null : new Date(now - (facts.sinceMs ?? 0)).toISOString(),
    },
  };
  return app as unknown as Application;
}

function healthOf(completed: number | undefined): readonly Partial<Condition>[] {
  if (completed === undefined) return [];
  const reason = "Completed";
  return [{ type: "Healthy", status: "True", reason, observed_generation: completed }];
}

export function snapshot(candidates: readonly Candidate[], stickiness = 0.1): Snapshot {
  return { now, candidates, stickiness, rescheduleAfterMs: intervalMs };
}
