import { factsOf, isFacts, listOf, type Facts } from "./manifest-facts.ts";
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

/** The object with what stands at a path changed; as it is, where nothing stands there. Pure. */
export function changedAt(
  item: ManifestObject,
  path: readonly string[],
  change: (value: Facts) => Facts,
): ManifestObject {
  const [step, ...rest] = path;
  if (step === undefined) return change(item);
  const inner = item[step];
  return isFacts(inner) ? { ...item, [step]: changedAt(inner, rest, change) } : item;
}

/** A container, as far as it says which image it runs. */
export interface ContainerImage {
  readonly name: string | undefined;
  readonly image: string;
}

const containerLists = ["initContainers", "containers", "ephemeralContainers"] as const;

/** All containers of an object's Pods, those of the start first. Pure. */
export function containersOf(item: ManifestObject): readonly Facts[] {
  const spec = podSpecOf(item);
  return containerLists.flatMap((list) => listOf(spec[list]));
}

/** The object with its containers, those of the start too, changed. Pure. */
export function withContainers(
  item: ManifestObject,
  change: (container: Facts) => Facts,
): ManifestObject {
  const path = podSpecPath(item);
  if (path === undefined) return item;
  return changedAt(item, path, (spec) => {
    const changed: Record<string, unknown> = { ...spec };
    for (const list of containerLists) {
      const containers = spec[list];
      if (!Array.isArray(containers)) continue;
      changed[list] = containers.map((container: unknown) =>
        isFacts(container) ? change(container) : container,
      );
    }
    return changed;
  });
}

/** The object with the images of its containers changed. Pure. */
export function withImages(
  item: ManifestObject,
  change: (container: ContainerImage) => string,
): ManifestObject {
  return withContainers(item, (container) => {
    const { name, image } = container;
    if (typeof image !== "string") return container;
    const named = typeof name === "string" ? name : undefined;
    return { ...container, image: change({ name: named, image }) };
  });
}
