import { factsOf, type Facts } from "./manifest-facts.ts";
import type { ManifestObject } from "./manifest.ts";

/**
 * Where the specification of the Pods stands, for the kinds that Kubernetes brings along; `undefined` for every other kind. The
 * API group is not looked at. Pure.
 */
export function podSpecPath({ kind }: ManifestObject): readonly string[] | undefined {
  switch (kind) {
    case "Pod":
      return ["spec"];
    case "PodTemplate":
      return ["template", "spec"];
    case "CronJob":
      return ["spec", "jobTemplate", "spec", "template", "spec"];
    case "Deployment":
    case "StatefulSet":
    case "DaemonSet":
    case "ReplicaSet":
    case "ReplicationController":
    case "Job":
      return ["spec", "template", "spec"];
    default:
      return undefined;
  }
}

/** What is written there: nothing, of a kind without Pods. Pure. */
export function podSpecOf(item: ManifestObject): Facts {
  const path = podSpecPath(item);
  if (path === undefined) return {};
  let spec: Facts = item;
  for (const step of path) spec = factsOf(spec[step]);
  return spec;
}
