import type { Requests } from "@octoplane/kinds/workload-requests";
import type { Candidate } from "../candidate.ts";
import type { Filter, Refusal } from "../filter.ts";
import { requestsOfPlace, type Promised } from "../promises.ts";

/**
 * What the application requests is free on the cluster, and not promised to others. It concerns those that come: what runs
 * there stays, however full the cluster is. A cluster that does not say what is free takes everything.
 */
export const capacityFilter: Filter = {
  name: "capacity",
  prepare(app, { candidates, promised = {} }) {
    if (app.spec.constraints.cluster.ignore_capacity === true) return undefined;
    if (!candidates.some(saysWhatIsFree)) return undefined;
    const requests = requestsOfPlace(app);
    if (requests.cpuCores + requests.memoryBytes + requests.pods === 0) return undefined;
    return (candidate, isCurrent) => {
      if (isCurrent || !saysWhatIsFree(candidate)) return undefined;
      return shortage(candidate, requests, promised);
    };
  },
};

function saysWhatIsFree({ capacity, isElastic }: Candidate): boolean {
  return isElastic !== true && capacity?.cpu_free_cores !== undefined;
}

/** Sums of many fractions differ in their last digits. */
const rounding = 1e-6;

function shortage(
  { name, capacity }: Candidate,
  requests: Requests,
  promised: Promised,
): Refusal | undefined {
  const taken = Object.hasOwn(promised, name) ? promised[name] : undefined;
  const cpu = (capacity?.cpu_free_cores ?? Infinity) - (taken?.cpuCores ?? 0);
  if (requests.cpuCores > 0 && requests.cpuCores > cpu + rounding) {
    return tooLittle(`${tidy(requests.cpuCores)} CPU cores`, tidy(cpu));
  }
  const memory = (capacity?.memory_free_bytes ?? Infinity) - (taken?.memoryBytes ?? 0);
  if (requests.memoryBytes > 0 && requests.memoryBytes > memory + rounding) {
    return tooLittle(`${mebibytes(requests.memoryBytes)} of memory`, mebibytes(memory));
  }
  const pods = (capacity?.pods_free ?? Infinity) - (taken?.pods ?? 0);
  if (requests.pods > 0 && requests.pods > pods) {
    return tooLittle(`room for ${requests.pods} Pods`, `room for ${Math.max(0, pods)}`);
  }
  return undefined;
}

function tooLittle(wanted: string, free: string): Refusal {
  const message = `it requests ${wanted}, and ${free} is free and not promised`;
  return { reason: "TooLittleFree", message };
}

function tidy(amount: number): string {
  return String(Math.round(Math.max(0, amount) * 1_000) / 1_000);
}

function mebibytes(bytes: number): string {
  return `${Math.round(Math.max(0, bytes) / 2 ** 20)} MiB`;
}
