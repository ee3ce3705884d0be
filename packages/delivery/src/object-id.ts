/** Identity on a cluster: group, kind, namespace and name, never the version. */
export function objectId(item: {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | null | undefined;
  readonly name: string;
}): string {
  return [item.group, item.kind, item.namespace ?? "", item.name].join("|");
}

/** The namespace in an identity; "" for what has none. */
export function namespaceOf(id: string): string {
  return id.split("|")[2] ?? "";
}

/** `Deployment web in namespace shop`: what people are told of an identity. */
export function titleOfId(id: string): string {
  const [, kind = "", namespace = "", name = ""] = id.split("|");
  return `${kind} ${name}${namespace === "" ? "" : ` in namespace ${namespace}`}`;
}
