import type { Adjustment } from "./adjustment.ts";
import { factsOf } from "./manifest-facts.ts";
import { identify, type ManifestIdentity, type ManifestObject } from "./manifest.ts";
import { isScalable, replicated } from "./override.ts";
import { changedAt, withImages } from "./pod-spec.ts";

/** What of a specification says which objects should stand; left out: as they are written. */
export interface Wanted {
  readonly manifest: readonly ManifestObject[];
  readonly adjustments?: readonly Adjustment[] | undefined;
  readonly stopped?: "scaled" | "removed" | undefined;
}

/** The annotation of a Pod template that `kubectl rollout restart` writes: a new value makes its Pods anew. */
export const restartedAnnotation = "kubectl.kubernetes.io/restartedAt";
/** Of a Job's Pod template, which cannot be changed: a new value makes the Job anew. */
export const rerunAnnotation = "octoplane.io/rerun";
/** Of an object whose fields cannot be changed: `"true"`, it may be deleted and made anew; `"never"`, it may not. */
export const replaceAnnotation = "octoplane.io/replace";

/**
 * The objects that should stand: those of the manifest, with what verbs have recorded of them, and without what would run where
 * nothing should. Without either it is the manifest itself. The same specification gives the same list. Pure.
 */
export function wantedManifest(spec: Wanted): readonly ManifestObject[] {
  const { manifest, adjustments = [], stopped } = spec;
  if (adjustments.length === 0 && stopped === undefined) return manifest;
  const before = known.get(manifest);
  if (before && before.adjustments === spec.adjustments && before.stopped === stopped) {
    return before.wanted;
  }
  const adjusted = manifest.map((item) => adjustedBy(item, adjustments));
  const wanted = stopped === undefined ? adjusted : stoppedObjects(adjusted, stopped);
  known.set(manifest, { adjustments: spec.adjustments, stopped, wanted });
  return wanted;
}

/** By manifest, because thousands of decisions ask the same of lists that never change. */
const known = new WeakMap<
  object,
  Pick<Wanted, "adjustments" | "stopped"> & { readonly wanted: readonly ManifestObject[] }
>();

/** True when an adjustment is about this object. */
export function isAdjusted(
  { kind, name, namespace }: ManifestIdentity,
  adjustment: Pick<Adjustment, "kind" | "name" | "namespace">,
): boolean {
  if (adjustment.kind !== kind || adjustment.name !== name) return false;
  return adjustment.namespace === undefined || adjustment.namespace === namespace;
}

function adjustedBy(item: ManifestObject, adjustments: readonly Adjustment[]): ManifestObject {
  const identity = identify(item);
  if ("problem" in identity) return item;
  return adjustments
    .filter((adjustment) => isAdjusted(identity, adjustment))
    .reduce(adjustedOnce, item);
}

function adjustedOnce(item: ManifestObject, adjustment: Adjustment): ManifestObject {
  const { replicas, images, suspended, restarted_at: restartedAt, rerun } = adjustment;
  let result = item;
  if (replicas !== undefined && isScalable(item)) result = replicated(result, replicas);
  if (suspended !== undefined && isSuspendable(item)) result = suspendedAs(result, suspended);
  if (images !== undefined) result = withOwnImages(result, images);
  if (restartedAt !== undefined) result = restarted(result, restartedAt);
  if (rerun !== undefined && item["kind"] === "Job") result = runAgain(result, rerun);
  return result;
}

/** True for the kinds that may be told to wait. */
export function isSuspendable(item: ManifestObject): boolean {
  return item["kind"] === "Job" || item["kind"] === "CronJob";
}

function suspendedAs(item: ManifestObject, suspend: boolean): ManifestObject {
  return { ...item, spec: { ...factsOf(item["spec"]), suspend } };
}

function withOwnImages(
  item: ManifestObject,
  images: Readonly<Record<string, string>>,
): ManifestObject {
  return withImages(item, ({ name, image }) =>
    name !== undefined && Object.hasOwn(images, name) ? images[name]! : image,
  );
}

/** The kinds whose controllers replace their Pods one after the other when the template changes. */
const rolling = new Set(["Deployment", "StatefulSet", "DaemonSet"]);

/** True for the kinds that can be restarted without an end of their service. */
export function isRolling(item: ManifestObject): boolean {
  return typeof item["kind"] === "string" && rolling.has(item["kind"]);
}

function restarted(item: ManifestObject, time: string): ManifestObject {
  return isRolling(item) ? withTemplateAnnotation(item, restartedAnnotation, time) : item;
}

function runAgain(item: ManifestObject, rerun: number): ManifestObject {
  const again = withTemplateAnnotation(item, rerunAnnotation, String(rerun));
  const metadata = factsOf(again["metadata"]);
  // Whoever asks for another run asks for this Job to be made anew, whatever holds for others.
  const annotations = { ...factsOf(metadata["annotations"]), [replaceAnnotation]: "true" };
  return { ...again, metadata: { ...metadata, annotations } };
}

function withTemplateAnnotation(item: ManifestObject, name: string, value: string): ManifestObject {
  return changedAt(item, ["spec", "template"], (template) => {
    const facts = factsOf(template);
    const metadata = factsOf(facts["metadata"]);
    const annotations = { ...factsOf(metadata["annotations"]), [name]: value };
    return { ...facts, metadata: { ...metadata, annotations } };
  });
}

/**
 * Without what runs: replicas become none, Jobs and CronJobs wait, and what has neither is left out, as is an autoscaler, which
 * would bring the replicas back. Services, volumes and configuration stay, so that ports and data do. Custom resources stay as
 * they are: nobody knows what they start.
 */
function stoppedObjects(
  manifest: readonly ManifestObject[],
  stopped: "scaled" | "removed",
): readonly ManifestObject[] {
  if (stopped === "removed") return [];
  return manifest.flatMap((item) => {
    if (isScalable(item)) return [replicated(item, 0)];
    if (isSuspendable(item)) return [suspendedAs(item, true)];
    return typeof item["kind"] === "string" && leftOut.has(item["kind"]) ? [] : [item];
  });
}

const leftOut = new Set(["Pod", "DaemonSet", "HorizontalPodAutoscaler"]);
