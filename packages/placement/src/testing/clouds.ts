import { candidateOfMaker, type Candidate, type MetricReading } from "../candidate.ts";
import type { NewClusterFacts } from "../new-cluster-facts.ts";

/** Clouds for tests of placement. */
export function cloud(facts: {
  readonly name: string;
  readonly global?: boolean;
  readonly deleted?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly readings?: readonly MetricReading[];
}): Candidate {
  const metadata = {
    namespace: facts.global === true ? null : "n",
    name: facts.name,
    labels: facts.labels ?? {},
    deleted: facts.deleted === true ? "2024-01-01T00:00:00Z" : null,
  };
  const kind = facts.global === true ? "GlobalCloud" : "Cloud";
  return candidateOfMaker({ kind, metadata, status: { state: "ONLINE" } }, facts.readings ?? []);
}

export function newClusterFacts(
  candidates: readonly Candidate[],
  more: Partial<NewClusterFacts> = {},
): NewClusterFacts {
  return {
    candidates,
    startupMs: 600_000,
    horizonMs: 3_600_000,
    waitMs: 1_800_000,
    retryMs: 1_800_000,
    shape: { cpuCores: 0, memoryBytes: 0 },
    ...more,
  };
}
