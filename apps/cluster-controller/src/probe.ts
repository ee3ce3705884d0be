import type { Kube, KubeObject, ServedKind } from "@octoplane/kube/kube";
import { KubeError } from "@octoplane/kube/kube";
import { linkedAbort } from "@octoplane/shared/abort";
import { messageOf } from "@octoplane/shared/errors";

/** One bounded look at a cluster. */
export type Probe =
  | {
      readonly ok: true;
      readonly version: string;
      readonly nodes: readonly KubeObject[];
      /** Absent when this probe did not look. */
      readonly served?: readonly ServedKind[];
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

/** Asks for the version and the nodes and, with `discover`, for the kinds that are served. Never throws. */
export async function probe(
  connect: () => Promise<Kube>,
  options: { readonly timeoutMs: number; readonly discover: boolean; readonly signal: AbortSignal },
): Promise<Probe> {
  const { controller, release } = linkedAbort(options.signal, options.timeoutMs);
  try {
    const kube = await connect();
    const { signal } = controller;
    const [version, nodes, served] = await Promise.all([
      kube.version(signal),
      kube.list(nodeKind, {}, signal),
      options.discover ? kube.discover({ refresh: true, signal }) : undefined,
    ]);
    return {
      ok: true,
      version: version.gitVersion,
      nodes: nodes.items,
      ...(served === undefined ? {} : { served }),
    };
  } catch (error) {
    if (error instanceof KubeError) {
      const { reason, message, retry } = error;
      return { ok: false, reason, message, canPass: retry };
    }
    return { ok: false, reason: "Unreachable", message: messageOf(error), canPass: true };
  } finally {
    release();
  }
}
