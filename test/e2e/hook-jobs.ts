import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import type { Json } from "../rest.ts";
import { meddle, peek } from "./field.ts";
import { job } from "./manifests.ts";

/** Jobs that wait until a test lets them run, and what becomes of them. */

/** A Job that waits until somebody lets it, and is tried once. */
export function waitingJob(name: string, annotations: Json, spec: Json = {}): Json {
  const made = job(name, { backoffLimit: 0, ...spec });
  made.metadata.annotations = annotations;
  made.spec.template.spec.containers[0].envFrom = [{ secretRef: { name: `may-${name}` } }];
  return made;
}

/** Lets a Job of this name run on a cluster. */
export async function permit(cluster: SimCluster, name: string): Promise<void> {
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: `may-${name}` } };
  await meddle(cluster, "/api/v1/namespaces/default/secrets", secret, { method: "POST" });
}

/** The uids that a Job of this name has from now on: one for each time it was made; what is only sent again is not made again. */
export function countMade(cluster: SimCluster, name: string): ReadonlySet<string> {
  const uids = new Set<string>();
  cluster.traffic.listen(() => {
    const uid = peek(cluster, "Job", name)?.metadata.uid;
    if (uid !== undefined) uids.add(uid);
  });
  return uids;
}

/**
 * As soon as a Job is made for the first time nothing else is answered, so that a controller that ends then has made it and has not
 * written down how far it is.
 */
export function holdUpBehind(cluster: SimCluster, name: string): void {
  let isHeld = false;
  cluster.traffic.listen(({ method, path }) => {
    if (isHeld || method !== "PATCH" || !path.endsWith(name)) return;
    isHeld = true;
    // This one goes through.
    setImmediate(() => (cluster.faults.latencyMs = 5_000));
  });
}
