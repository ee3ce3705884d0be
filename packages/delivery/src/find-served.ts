import type { ServedKind } from "@octoplane/kube/kube";

/** The kind as a cluster serves it, in the wanted version; else, for people, what it serves instead. */
export function findServed(
  served: readonly ServedKind[],
  {
    group,
    version,
    kind,
  }: { readonly group: string; readonly version: string; readonly kind: string },
): ServedKind | string {
  const candidates = served.filter((entry) => entry.group === group && entry.kind === kind);
  const exact = candidates.find((entry) => entry.version === version);
  if (exact) return exact;
  const name = group === "" ? version : `${group}/${version}`;
  if (candidates.length === 0) return `the cluster does not serve ${kind} of ${name}`;
  const others = candidates.map((entry) =>
    group === "" ? entry.version : `${group}/${entry.version}`,
  );
  return `the cluster no longer serves ${kind} of ${name}; it serves ${others.join(", ")}`;
}
