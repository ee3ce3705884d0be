import type { ManifestObject } from "./manifest.ts";
import { withImages } from "./pod-spec.ts";

/**
 * The object with every image of its Pods taken from another registry. An image name begins with a registry when its first part
 * has a dot or a colon or is `localhost`; without one it means Docker Hub, where a name without a slash lies under `library`, and so it does when it is spelled out as `docker.io/nginx`
 * (distribution reference grammar). Pure.
 */
export function withRegistry(item: ManifestObject, registry: string): ManifestObject {
  return withImages(item, ({ image }) => fromRegistry(image, registry));
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
