import type { AnyKind, AnyResource, FieldPath } from "@octoplane/kinds/kind";
import type { Input } from "@octoplane/kinds/read-input";
import { isSummaryVersion, summaryVersion } from "@octoplane/resources/record";
import { invalid } from "@octoplane/shared/errors";

/** The resource with everything emptied that its kind declares to be bulky; its shape stays, its version says so. Pure. */
export function summaryOf(kind: AnyKind, resource: AnyResource): AnyResource {
  if (kind.bulky === undefined) return resource;
  let result: unknown = resource;
  for (const path of kind.bulky) result = emptiedAt(result, path);
  const { metadata } = resource;
  const resource_version = summaryVersion(metadata.resource_version);
  return { ...(result as AnyResource), metadata: { ...metadata, resource_version } };
}

/** `Invalid` for a body that was made of a summary: it would erase what the summary left out. */
export function refuseSummary({ metadata: { resource_version: version } }: Input): void {
  if (typeof version !== "string" || !isSummaryVersion(version)) return;
  const message =
    "expected a whole object, found one that was read as a summary: read it whole, or send a patch";
  throw invalid([{ field: "metadata.resource_version", message }]);
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
