import type { Discovery, Kube, KubeObject, ServedKind } from "@octoplane/kube/kube";
import { KubeError } from "@octoplane/kube/kube";
import { linkedAbort } from "@octoplane/shared/abort";
import type { Clock } from "@octoplane/shared/clock";
import { messageOf } from "@octoplane/shared/errors";

/** One bounded look at a cluster. */
export type Probe =
  | {
      readonly ok: true;
      readonly version: string;
      /** Absent when these credentials may not list nodes: those of one namespace may not. */
      readonly nodes: readonly KubeObject[] | undefined;
      /** Absent when this probe did not look, or did not find out. */
      readonly served?: Discovery;
      /** How long the shortest of all questions took. */
      readonly latencyMs?: number;
      /** When the first of our certificate and its own ends, in milliseconds since the epoch. */
      readonly certificateEnd?: number;
    }
  | {
      readonly ok: false;
      readonly reason: string;
      readonly message: string;
      /** False when asking again cannot help: wrong credentials, a foreign certificate. */
      readonly canPass: boolean;
    };

const nodeKind: ServedKind = {
  group: "",
  version: "v1",
  kind: "Node",
  plural: "nodes",
  namespaced: false,
  verbs: ["list"],
};

export interface ProbeOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Asks for the version and the nodes. Never throws. */
export async function probe(connect: () => Promise<Kube>, options: ProbeOptions): Promise<Probe> {
  const { clock, timeoutMs } = options;
  const { controller, release } = linkedAbort(options.signal);
  const { signal } = controller;
  let isLate = false;
  const cancel = clock.after(timeoutMs, () => {
    isLate = true;
    controller.abort();
  });
  try {
    const kube = await connect();
    const began = clock.monotonic();
    let latencyMs = 0;
    const asked = kube.version(signal).then((version) => {
      latencyMs = clock.monotonic() - began;
      return version;
    });
    const [version, nodes] = await Promise.all([asked, listNodes(kube, signal)]);
    const certificateEnd = kube.certificateExpires();
    const end = certificateEnd === undefined ? {} : { certificateEnd };
    return { ok: true, version: version.gitVersion, nodes, latencyMs, ...end };
  } catch (error) {
    if (isLate) {
      return {
        ok: false,
        reason: "Unreachable",
        message: `no answer within ${timeoutMs} ms`,
        canPass: true,
      };
    }
    if (error instanceof KubeError) {
      const { reason, message, retry } = error;
      return { ok: false, reason, message, canPass: retry };
    }
    return { ok: false, reason: "Unreachable", message: messageOf(error), canPass: true };
  } finally {
    cancel();
    release();
    // What is still under way beside the request that failed.
    controller.abort();
  }
}

async function listNodes(
  kube: Kube,
  signal: AbortSignal,
): Promise<readonly KubeObject[] | undefined> {
  try {
    return (await kube.list(nodeKind, {}, signal)).items;
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return undefined;
    throw error;
  }
}

/**
 * The probe with the kinds that the cluster serves. A look of its own: its answers are large, and a cluster that is too
 * slow for them is slow, not gone.
 */
export async function withServedKinds(
  found: Probe,
  connect: () => Promise<Kube>,
  signal: AbortSignal,
): Promise<Probe> {
  if (!found.ok) return found;
  try {
    const kube = await connect();
    return { ...found, served: await kube.discover({ refresh: true, signal }) };
  } catch (error) {
    if (error instanceof KubeError) return found;
    throw error;
  }
}
