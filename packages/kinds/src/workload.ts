import { nearNames } from "@octoplane/shared/near-names";
import { identify, type ManifestIdentity, type ManifestObject } from "./manifest.ts";

/** A workload as people name it: its name, and its kind and namespace where the name alone does not tell. */
export interface WorkloadName {
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface Workload extends ManifestIdentity {
  readonly item: ManifestObject;
}

/** The objects of a manifest of which something holds, in their order. Pure. */
export function workloadsIn(
  manifest: readonly ManifestObject[],
  isMeant: (item: ManifestObject) => boolean,
): readonly Workload[] {
  return manifest.filter(isMeant).flatMap((item) => {
    const identity = identify(item);
    return "problem" in identity ? [] : [{ ...identity, item }];
  });
}

/** The one that is named, or why it cannot be told. `what` says in words which workloads there are to choose from. Pure. */
export function findWorkload(
  workloads: readonly Workload[],
  wanted: WorkloadName,
  what: string,
): Workload | { readonly problem: string } {
  const found = workloads.filter(
    ({ kind, name, namespace }) =>
      name === wanted.name &&
      (wanted.kind === undefined || isKind(kind, wanted.kind)) &&
      (wanted.namespace === undefined || wanted.namespace === namespace),
  );
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  if (first !== undefined) {
    return { problem: `expected one ${what}, found ${found.map(workloadText).join(", ")}` };
  }
  const names = workloads.map(({ name }) => name);
  const near = nearNames(wanted.name, names)[0];
  const hint =
    near === undefined || near === wanted.name
      ? workloads.length === 0
        ? "the manifest has none"
        : `there are ${workloads.map(workloadText).join(", ")}`
      : `did you mean ${near}?`;
  const named = wanted.kind === undefined ? wanted.name : `${wanted.kind}/${wanted.name}`;
  return { problem: `expected a ${what}, found no ${named} (${hint})` };
}

/** `Deployment/web`, with its namespace where it names one: `Deployment/web in shop`. */
export function workloadText({ kind, name, namespace }: ManifestIdentity): string {
  return namespace === undefined ? `${kind}/${name}` : `${kind}/${name} in ${namespace}`;
}

/** The short names that kubectl knows of the kinds that start Pods. */
const shortNames: Readonly<Record<string, string>> = {
  deploy: "deployment",
  sts: "statefulset",
  ds: "daemonset",
  rs: "replicaset",
  rc: "replicationcontroller",
  cj: "cronjob",
  po: "pod",
};

/** As kubectl takes kinds: in any case, short, and in the plural. */
export function isKind(kind: string, wanted: string): boolean {
  const asked = wanted.toLowerCase();
  const known = kind.toLowerCase();
  return asked === known || asked === `${known}s` || shortNames[asked] === known;
}
