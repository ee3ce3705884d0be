import type { FieldProblem } from "@octoplane/shared/errors";

/** One Kubernetes object of an application, as the user wrote it. */
export type ManifestObject = Readonly<Record<string, unknown>>;

export interface ManifestIdentity {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** As written; whether the kind has a namespace is known to the cluster only. */
  readonly namespace: string | undefined;
  readonly name: string;
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
  const { name, namespace, generateName } = metadata as Record<string, unknown>;
  if (typeof name !== "string" || name === "") {
    const hint =
      typeof generateName === "string"
        ? " (generateName gives no lasting identity; write a name)"
        : "";
    return { problem: `expected metadata.name in this ${kind}${hint}` };
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
  };
}

/** Every item must be an object of its own. */
export function checkManifest(manifest: readonly ManifestObject[]): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const seen = new Map<string, number>();
  for (const [index, item] of manifest.entries()) {
    const field = `spec.manifest[${index}]`;
    const identity = identify(item);
    if ("problem" in identity) {
      problems.push({ field, message: identity.problem });
      continue;
    }
    const lookalike = notForClusters(identity);
    if (lookalike) problems.push({ field, message: lookalike });
    const { group, kind, namespace, name } = identity;
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

/** Files that look like manifests but are read by tools, not by clusters. */
function notForClusters({ group, kind }: ManifestIdentity): string | undefined {
  const what = toolFiles.get(group);
  return what === undefined
    ? undefined
    : `${group} ${kind} is ${what}, not an object for a cluster`;
}

const toolFiles: ReadonlyMap<string, string> = new Map([
  ["k3d.io", "a cluster file of k3d"],
  ["kind.x-k8s.io", "a cluster file of kind"],
  ["kustomize.config.k8s.io", "a kustomization (render it first)"],
]);
