import { isFacts } from "./manifest-facts.ts";
import type { ManifestObject } from "./manifest.ts";
import { podSpecPath } from "./pod-spec.ts";

/**
 * The object with every image of its Pods taken from another registry. An image name begins with a registry when its first part
 * has a dot or a colon or is `localhost`; without one it means Docker Hub, where a name without a slash lies under `library`, and so it does when it is spelled out as `docker.io/nginx`
 * (distribution reference grammar). Pure.
 */
export function withRegistry(item: ManifestObject, registry: string): ManifestObject {
  const path = podSpecPath(item);
  return path === undefined
    ? item
    : (changedAt(item, path, withImages(registry)) as ManifestObject);
}

function changedAt(
  value: unknown,
  [step, ...rest]: readonly string[],
  change: (value: unknown) => unknown,
): unknown {
  if (step === undefined) return change(value);
  if (!isFacts(value) || !isFacts(value[step])) return value;
  return { ...value, [step]: changedAt(value[step], rest, change) };
}

function withImages(registry: string): (spec: unknown) => unknown {
  return (spec) => {
    if (!isFacts(spec)) return spec;
    const changed: Record<string, unknown> = { ...spec };
    for (const list of ["containers", "initContainers", "ephemeralContainers"]) {
      const containers = spec[list];
      if (!Array.isArray(containers)) continue;
      changed[list] = containers.map((container: unknown) =>
        isFacts(container) && typeof container["image"] === "string"
          ? { ...container, image: fromRegistry(container["image"], registry) }
          : container,
      );
    }
    return changed;
  };
}

/** `nginx:1.27` from `mirror.example.org/hub` is `mirror.example.org/hub/library/nginx:1.27`. */
export function fromRegistry(image: string, registry: string): string {
  const slash = image.indexOf("/");
  if (slash < 0) return image === "" ? image : `${registry}/library/${image}`;
  const first = image.slice(0, slash);
  const hasRegistry = /[.:]/.test(first) || first === "localhost";
  const path = hasRegistry ? image.slice(slash + 1) : image;
  const isOfHub = first === "docker.io" || first === "index.docker.io";
  return `${registry}/${isOfHub && !path.includes("/") ? `library/${path}` : path}`;
}
