import type { ClusterStatus } from "@octoplane/kinds/cluster";
import { limits } from "@octoplane/shared/limits";
import { isoTime } from "@octoplane/shared/clock";
import type { CountedRequests } from "./count-requests.ts";

export type Capacity = NonNullable<ClusterStatus["capacity"]>;

/**
 * What a cluster has with what is free of it. `counted`: what its Pods request; `"unknown"`: nobody can tell;
 * `undefined`: not counted yet since this process began, so what the status says holds on.
 *
 * `free_at` moves on when the numbers change, once more when they have settled, and every few minutes: whoever placed something
 * there learns from it that it is counted, and a cluster on which nothing happens is not written at every look. Pure.
 */
export function withFree(
  capacity: Capacity,
  before: ClusterStatus["capacity"],
  counted: CountedRequests | "unknown" | undefined,
): Capacity {
  if (counted === "unknown") return capacity;
  if (counted === undefined) return { ...capacity, ...freeOf(before) };
  const free = {
    cpu_free_cores: tidy(capacity.cpu_cores - counted.cpuCores),
    memory_free_bytes: Math.round(capacity.memory_bytes - counted.memoryBytes),
    pods_free: capacity.pods - counted.pods,
  };
  const isSame =
    before?.cpu_free_cores === free.cpu_free_cores &&
    before.memory_free_bytes === free.memory_free_bytes &&
    before.pods_free === free.pods_free;
  const told = Date.parse(before?.free_at ?? "");
  const settled = counted.sameSince + limits.podsSettleMs;
  const isSettled = told >= settled || counted.at < settled;
  const keeps = isSame && isSettled && counted.at - told < limits.capacityFreshMs;
  return { ...capacity, ...free, free_at: keeps ? before.free_at! : isoTime(counted.at) };
}

function freeOf(before: ClusterStatus["capacity"]): Partial<Capacity> {
  if (before?.cpu_free_cores === undefined) return {};
  const { cpu_free_cores, memory_free_bytes, pods_free, free_at } = before;
  return {
    cpu_free_cores,
    ...(memory_free_bytes === undefined ? {} : { memory_free_bytes }),
    ...(pods_free === undefined ? {} : { pods_free }),
    ...(free_at === undefined ? {} : { free_at }),
  };
}

/** To a millionth of a core: sums of fractions differ by the order in which Pods are listed. */
function tidy(cores: number): number {
  return Math.round(cores * 1e6) / 1e6;
}
