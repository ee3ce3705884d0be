import { replaceAnnotation } from "@octoplane/kinds/wanted-manifest";
import type { ManifestIdentity, ManifestObject } from "@octoplane/kinds/manifest";

/** What an object itself says, by its annotations, about what may be done with it. All pure. */

/** `"true"`: the object stays on its cluster when it is no longer wanted. */
const keepAnnotation = "octoplane.io/keep";
/** Helm's word for the same: `keep`. */
const helmKeepAnnotation = "helm.sh/resource-policy";
/** `never`: an object that has gone has done its work; it is not made again. */
const recreateAnnotation = "octoplane.io/recreate";

export function annotationsOf(item: ManifestObject): Readonly<Record<string, unknown>> {
  const metadata = item["metadata"] as { readonly annotations?: unknown } | null | undefined;
  const { annotations } = metadata ?? {};
  return typeof annotations === "object" && annotations !== null
    ? (annotations as Readonly<Record<string, unknown>>)
    : {};
}

export function isKept(item: ManifestObject): boolean {
  const annotations = annotationsOf(item);
  return annotations[keepAnnotation] === "true" || annotations[helmKeepAnnotation] === "keep";
}

/** Whether the object may be deleted and made anew; `undefined` when it does not say. */
export function replaceWish(item: ManifestObject): "always" | "never" | undefined {
  const wish = annotationsOf(item)[replaceAnnotation];
  return wish === "true" ? "always" : wish === "never" ? "never" : undefined;
}

/**
 * True for what goes by itself when its work is done: a Job with a time to live, what is made under a new name each time, and
 * what says so. To make it again would be to run it again.
 */
export function removesItself(identity: ManifestIdentity, item: ManifestObject): boolean {
  if (identity.isPrefix || annotationsOf(item)[recreateAnnotation] === "never") return true;
  if (identity.group !== "batch" || identity.kind !== "Job") return false;
  const spec = item["spec"] as { readonly ttlSecondsAfterFinished?: unknown } | null | undefined;
  return typeof spec?.ttlSecondsAfterFinished === "number";
}
