import type { Delivery } from "@octoplane/kinds/delivery";
import { KubeError } from "@octoplane/kube/kube";
import type { DesiredObject } from "./desired.ts";

/** What becomes of an object that cannot be changed into what is wanted. All pure. */

/**
 * The fields that cannot be changed, when that is all that is wrong. The words are those of Kubernetes' validation
 * (`validation.go` of each group), which gives them no code of their own.
 */
export function immutableFields(error: unknown): readonly string[] {
  if (!(error instanceof KubeError) || error.status !== 422) return [];
  const isAll =
    error.causes.length > 0 && error.causes.every(({ message }) => immutable.test(message));
  return isAll ? [...new Set(error.causes.map(({ field }) => field))] : [];
}

const immutable =
  /immutable|may not change once set|may not be changed|cannot change |updates? to .* (?:is|are) forbidden|updates? may not change fields|^Forbidden: updates? /i;

/**
 * True when the object may be deleted and made anew. What it says of itself counts most; what holds data, other objects or
 * whole kinds never goes unless it says so itself.
 */
export function mayReplace(
  { replace, ref: { served } }: DesiredObject,
  policy: Delivery["replace"] = "jobs",
): boolean {
  if (replace !== undefined) return replace === "always";
  if (isPrecious(served)) return false;
  if (policy === "any") return true;
  return policy === "jobs" && served.group === "batch" && served.kind === "Job";
}

const precious = new Set([
  "/PersistentVolumeClaim",
  "/PersistentVolume",
  "/Namespace",
  "apiextensions.k8s.io/CustomResourceDefinition",
]);

/** What holds data, other objects or a whole kind. */
export function isPrecious({
  group,
  kind,
}: {
  readonly group: string;
  readonly kind: string;
}): boolean {
  return precious.has(`${group}/${kind}`);
}
