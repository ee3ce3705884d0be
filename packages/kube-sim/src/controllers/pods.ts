/** What the workload controllers have in common: the pods they own, and making more of them. */
import { kinds, nameSuffix, type Cluster } from "../cluster.ts";
import { canonicalJson, cloneJson, mapAt, textAt, textsAt, type JsonMap } from "../json.ts";
import { deleteObject, plainDeletion } from "../operations/delete.ts";
import { makeObject } from "../operations/internal-write.ts";
import { controllerOf, controllerReference, type SimObject } from "../sim-object.ts";
import { hasCondition } from "./condition.ts";

/** The objects of a kind that an owner controls. */
export function controlled(cluster: Cluster, owner: SimObject, key: string): readonly SimObject[] {
  return cluster.storage
    .ownedBy(owner.metadata.uid)
    .filter((place) => place.kindKey === key)
    .map((place) => cluster.storage.at(place))
    .filter((object) => object !== undefined)
    .filter((object) => controllerOf(object)?.uid === owner.metadata.uid);
}

/** The pods that count: neither finished nor on their way out. */
export function activePods(cluster: Cluster, owner: SimObject): readonly SimObject[] {
  return controlled(cluster, owner, "/pods").filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && !isFinished(pod),
  );
}

export function isFinished(pod: SimObject): boolean {
  const phase = textAt(pod, "status", "phase");
  return phase === "Succeeded" || phase === "Failed";
}

export function isReady(pod: SimObject): boolean {
  return hasCondition(pod, "Ready");
}

export interface PodPlan {
  readonly owner: SimObject;
  readonly template: unknown;
  /** Without it the pod gets the owner's name and a suffix. */
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly change?: (spec: JsonMap) => void;
}

/** Creates one pod from a template. */
export function makePod(cluster: Cluster, plan: PodPlan): SimObject | undefined {
  const { owner, template } = plan;
  const metadata = mapAt(template, "metadata");
  const spec = cloneJson(mapAt(template, "spec"));
  plan.change?.(spec);
  const annotations = { ...mapAt(metadata, "annotations"), ...plan.annotations };
  const finalizers = textsAt(metadata, "finalizers");
  const base = `${owner.metadata.name}-`;
  return makeObject(cluster, kinds.pod, {
    metadata: {
      name: plan.name ?? base.slice(0, 58) + nameSuffix(cluster),
      ...(plan.name === undefined ? { generateName: base } : {}),
      namespace: owner.metadata.namespace,
      labels: { ...mapAt(metadata, "labels"), ...plan.labels },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      ...(finalizers.length > 0 ? { finalizers } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    spec,
  });
}

export function removePod(cluster: Cluster, pod: SimObject): void {
  deleteObject(cluster, kinds.pod, { object: pod, deletion: plainDeletion });
}

/** A short hash of a template, as it stands in the names and labels of what is made from it. */
export function templateHash(template: unknown): string {
  const text = canonicalJson(template);
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  // The letters that Kubernetes uses for such hashes spell no words.
  const letters = "bcdfghjklmnpqrstvwxz2456789";
  return [...String(hash)].map((digit) => letters[Number(digit)]).join("");
}
