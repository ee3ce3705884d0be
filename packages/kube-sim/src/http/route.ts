/** What a path below a cluster's prefix means. */
export type Route =
  | { readonly type: "version" | "health" | "core-versions" | "groups" | "openapi" }
  | { readonly type: "group"; readonly group: string }
  | {
      readonly type: "resources" | "openapi-group";
      readonly group: string;
      readonly version: string;
    }
  | ResourceRoute
  | { readonly type: "unknown" };

export interface ResourceRoute {
  readonly type: "resource";
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

const health = new Set(["livez", "readyz", "healthz"]);

/** Reads a path such as `/apis/apps/v1/namespaces/default/deployments/web/status`. */
export function routeOf(path: string): Route {
  const parts = path.split("/").filter((part) => part !== "");
  const [first = "", second, third, ...rest] = parts.map(decodePart);
  if (health.has(first)) return { type: "health" };
  if (first === "version" && second === undefined) return { type: "version" };
  if (first === "openapi") return openapiRoute(second, third, rest);
  if (first === "api") {
    if (second === undefined) return { type: "core-versions" };
    if (third === undefined) return { type: "resources", group: "", version: second };
    return resourceRoute("", second, [third, ...rest]);
  }
  if (first !== "apis") return { type: "unknown" };
  if (second === undefined) return { type: "groups" };
  if (third === undefined) return { type: "group", group: second };
  if (rest.length === 0) return { type: "resources", group: second, version: third };
  return resourceRoute(second, third, rest);
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function openapiRoute(
  second: string | undefined,
  third: string | undefined,
  rest: readonly string[],
): Route {
  if (second !== "v3") return { type: "unknown" };
  if (third === undefined) return { type: "openapi" };
  if (third === "api") return { type: "openapi-group", group: "", version: rest[0] ?? "" };
  return { type: "openapi-group", group: rest[0] ?? "", version: rest[1] ?? "" };
}

/** Names that may follow a namespace and are no kind of it. */
const namespaceSubresources = new Set(["status", "finalize"]);

function resourceRoute(group: string, version: string, parts: readonly string[]): Route {
  const [first = "", second, third] = parts;
  const isInside =
    first === "namespaces" &&
    second !== undefined &&
    third !== undefined &&
    !(group === "" && namespaceSubresources.has(third));
  const [plural = "", name, subresource, extra] = isInside ? parts.slice(2) : parts;
  if (extra !== undefined) return { type: "unknown" };
  const namespace = isInside ? second : undefined;
  return { type: "resource", group, version, plural, namespace, name, subresource };
}
