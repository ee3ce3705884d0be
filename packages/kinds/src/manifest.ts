import type { FieldProblem } from "@octoplane/shared/errors";
import { lookAlike } from "./look-alike.ts";

/** One Kubernetes object of an application, as the user wrote it. */
export type ManifestObject = Readonly<Record<string, unknown>>;

export interface ManifestIdentity {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** As written; whether the kind has a namespace is known to the cluster only. */
  readonly namespace: string | undefined;
  /** With `isPrefix` what its name begins with (`generateName`). */
  readonly name: string;
  readonly isPrefix?: true;
}

/** Who an object is, or why it cannot be told. Identity is group, kind, namespace and name, never the version. */
export function identify(item: ManifestObject): ManifestIdentity | { readonly problem: string } {
  const { apiVersion, kind, metadata } = item;
  if (typeof apiVersion !== "string" || apiVersion === "") {
    return { problem: "expected apiVersion, such as apps/v1" };
  }
  if (typeof kind !== "string" || kind === "")
    return { problem: "expected kind, such as Deployment" };
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
    return { problem: `expected metadata in this ${kind}` };
  }
  const { name: given, namespace, generateName: prefix } = metadata as Record<string, unknown>;
  const isPrefix = (given === undefined || given === "") && typeof prefix === "string";
  const name = isPrefix ? prefix : given;
  if (typeof name !== "string" || name === "") {
    return { problem: `expected metadata.name in this ${kind}` };
  }
  if (isPrefix && !onceOnly.has(`${apiVersion}/${kind}`)) {
    const hint =
      "generateName is for Jobs and Pods, which run once; another name each time would leave the old one behind";
    return { problem: `expected metadata.name in this ${kind} (${hint})` };
  }
  if (namespace !== undefined && namespace !== null && typeof namespace !== "string") {
    return { problem: `expected metadata.namespace of ${kind} ${name} to be text` };
  }
  const slash = apiVersion.indexOf("/");
  return {
    group: slash < 0 ? "" : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    kind,
    namespace: namespace === "" || typeof namespace !== "string" ? undefined : namespace,
    name,
    ...(isPrefix ? { isPrefix } : {}),
  };
}

const onceOnly = new Set(["batch/v1/Job", "v1/Pod"]);

/** Every item must be an object of its own. */
export function checkManifest(manifest: readonly ManifestObject[]): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const seen = new Map<string, number>();
  for (const [index, item] of manifest.entries()) {
    const field = `spec.manifest[${index}]`;
    const other = lookAlike(item);
    if (other) {
      problems.push({
        field,
        message: `this is ${other.what}, not an object for a cluster; ${other.instead}`,
      });
      continue;
    }
    const identity = identify(item);
    if ("problem" in identity) {
      problems.push({ field, message: identity.problem });
      continue;
    }
    const { group, kind, namespace, name, isPrefix } = identity;
    if (isPrefix) continue;
    const key = JSON.stringify([group, kind, namespace ?? "", name]);
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else {
      const place = namespace === undefined ? "" : ` in namespace ${namespace}`;
      const message = `${kind} ${name}${place} stands here twice, also at spec.manifest[${first}]`;
      problems.push({ field, message });
    }
  }
  return problems;
}
