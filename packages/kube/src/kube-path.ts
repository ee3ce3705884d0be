import { assert } from "@octoplane/shared/assert";
import { KubeError, type ObjectRef, type ServedKind } from "./kube.ts";

/** The path of a kind's collection: in one namespace, or everywhere when none is named. */
export function collectionPath(served: ServedKind, namespace?: string): string {
  const root =
    served.group === ""
      ? `/api/${segment(served.version)}`
      : `/apis/${segment(served.group)}/${segment(served.version)}`;
  // A namespace on a cluster-scoped kind means nothing to Kubernetes, though manifests do carry
  // one.
  const scope =
    served.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace)}` : "";
  return `${root}${scope}/${segment(served.plural)}`;
}

/** The path of one object. */
export function objectPath({ served, namespace, name }: ObjectRef): string {
  assert(
    !served.namespaced || (namespace !== undefined && namespace !== ""),
    `${served.kind} "${name}" needs a namespace`,
  );
  return `${collectionPath(served, namespace)}/${segment(name)}`;
}

/** A name in a path; those that would lead to another place are refused, as Kubernetes does. */
function segment(name: string): string {
  if (name !== "" && name !== "." && name !== "..") return encodeURIComponent(name);
  throw new KubeError(`"${name}" is no name of an object`, {
    status: 0,
    reason: "Invalid",
    retry: false,
  });
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(served: ServedKind): string {
  return served.group === "" ? served.version : `${served.group}/${served.version}`;
}
