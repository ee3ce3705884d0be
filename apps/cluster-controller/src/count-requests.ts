import { requestsOf, type Requests } from "@octoplane/kinds/workload-requests";
import { KubeError, type Kube, type ServedKind } from "@octoplane/kube/kube";
import { linkedAbort } from "@octoplane/shared/abort";
import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";

/** What all Pods of a cluster request together, and when the count began, in milliseconds since the epoch. */
export interface CountedRequests extends Requests {
  readonly at: number;
  /** Since when counts have given the same. */
  readonly sameSince: number;
}

export type Count =
  | { readonly ok: true; readonly requests: CountedRequests }
  /** `isFinal`: these credentials may not, or there are too many; asking again soon does not help. */
  | { readonly ok: false; readonly isFinal: boolean };

const podKind: ServedKind = {
  group: "",
  version: "v1",
  kind: "Pod",
  plural: "pods",
  namespaced: true,
  verbs: ["list"],
};

/** Pods that are over hold nothing; those that wait for a node will want one, and count. */
const unfinished = "status.phase!=Succeeded,status.phase!=Failed";

export interface CountOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Adds up what the Pods of a cluster request, page by page. Never throws. */
export async function countRequests(
  connect: () => Promise<Kube>,
  { timeoutMs, clock, signal }: CountOptions,
): Promise<Count> {
  const { controller, release } = linkedAbort(signal);
  const cancel = clock.after(timeoutMs, () => controller.abort());
  const at = clock.now();
  try {
    const kube = await connect();
    let [cpuCores, memoryBytes, pods] = [0, 0, 0];
    for await (const page of kube.pages(
      podKind,
      { fieldSelector: unfinished },
      controller.signal,
    )) {
      const sum = requestsOf(page);
      cpuCores += sum.cpuCores;
      memoryBytes += sum.memoryBytes;
      pods += sum.pods;
      if (pods > limits.countedPodsMax) return { ok: false, isFinal: true };
    }
    return { ok: true, requests: { at, sameSince: at, cpuCores, memoryBytes, pods } };
  } catch (error) {
    return { ok: false, isFinal: error instanceof KubeError && error.status === 403 };
  } finally {
    cancel();
    release();
    controller.abort();
  }
}
