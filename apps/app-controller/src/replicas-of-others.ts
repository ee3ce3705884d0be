import { Readable } from "node:stream";
import type { DesiredObject } from "@octoplane/delivery/desired";
import { fieldManager, KubeError, type KubeObject } from "@octoplane/kube/kube";
import { objectPath } from "@octoplane/kube/kube-path";
import type { ClusterView } from "./cluster-view.ts";

/**
 * Replicas that are somebody else's business still begin somewhere: with the number of the manifest, and, when they were ours until
 * now, with the number that runs. A field that its last manager lets go falls back to its default, which is one; so another
 * manager takes it, from whom an autoscaler or a person takes it as soon as they change it (Kubernetes documentation,
 * "Server-Side Apply", transferring ownership).
 */
const replicasManager = `${fieldManager}-replicas`;

/** Before an apply that leaves the replicas out: keeps the number that runs. */
export async function keepReplicas(
  view: Pick<ClusterView, "kube">,
  desired: DesiredObject,
  signal: AbortSignal,
): Promise<void> {
  if (!desired.leavesReplicas) return;
  const live = await view.kube.get(desired.ref, signal);
  const replicas = live && replicasOf(live);
  if (live && replicas !== undefined && areOurs(live)) {
    await setReplicas(view, desired, { replicas, signal });
  }
}

/** After an object was made: begins with the number of the manifest, if it has one. */
export async function beginReplicas(
  view: Pick<ClusterView, "kube">,
  desired: DesiredObject,
  signal: AbortSignal,
): Promise<void> {
  const { replicas } = desired;
  if (desired.leavesReplicas && replicas !== undefined) {
    await setReplicas(view, desired, { replicas, signal });
  }
}

function replicasOf(object: KubeObject): number | undefined {
  const { replicas } = (object["spec"] ?? {}) as { readonly replicas?: unknown };
  return typeof replicas === "number" ? replicas : undefined;
}

function areOurs({ metadata }: KubeObject): boolean {
  const entries = (metadata["managedFields"] ?? []) as readonly {
    readonly manager?: string;
    readonly fieldsV1?: { readonly "f:spec"?: object };
  }[];
  return entries.some(
    ({ manager, fieldsV1 }) =>
      manager === fieldManager && "f:replicas" in (fieldsV1?.["f:spec"] ?? {}),
  );
}

async function setReplicas(
  { kube }: Pick<ClusterView, "kube">,
  { ref, object }: DesiredObject,
  { replicas, signal }: { readonly replicas: number; readonly signal: AbortSignal },
): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = metadata;
  const patch = { apiVersion, kind, metadata: { name, namespace }, spec: { replicas } };
  const answer = await kube.proxy(
    {
      method: "PATCH",
      path: objectPath(ref),
      search: `?fieldManager=${replicasManager}`,
      headers: { "content-type": "application/apply-patch+yaml" },
      body: Readable.from([Buffer.from(JSON.stringify(patch))]),
    },
    signal,
  );
  answer.body.resume();
  // Without force: whoever has set another number meanwhile has taken them over already, which is what we want.
  if (answer.status < 300 || answer.status === 409) return;
  throw new KubeError(`the replicas of ${kind} ${name} could not be handed over`, {
    status: answer.status,
    reason: "HandOver",
    retry: answer.status >= 500 || answer.status === 429,
  });
}
