import type { AnyKind, AnyResource, FieldPath } from "@octoplane/kinds/kind";

/** The resource with everything emptied that its kind declares to be bulky; its shape stays. Pure. */
export function summaryOf(kind: AnyKind, resource: AnyResource): AnyResource {
  let result: unknown = resource;
  for (const path of kind.bulky ?? []) result = emptiedAt(result, path);
  return result as AnyResource;
}

function emptiedAt(value: unknown, [head, ...rest]: FieldPath): unknown {
  if (head === undefined) return emptied(value);
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, head)) return value;
  const record = value as Readonly<Record<string, unknown>>;
  return { ...record, [head]: emptiedAt(record[head], rest) };
}

function emptied(value: unknown): unknown {
  if (typeof value === "string") return "";
  if (Array.isArray(value)) return [];
  return typeof value === "object" && value !== null ? {} : value;
}
