import { deflateRawSync, inflateRawSync } from "node:zlib";
import { limits } from "@octoplane/shared/limits";
import type { Part } from "./keys.ts";

/** A record as it was read, without the number of its form. */
export type PlainRecord = Readonly<Record<string, unknown>>;

/**
 * A record that is large, as manifests of hundreds of objects are, stands in the store with its bulk deflated: still JSON, with
 * one field in base64. Manifests shrink to a tenth, so that one of several megabytes fits into a commit.
 */

/** The field of a record that is deflated when it is large. */
export const bulkOf = { object: "fields", status: "status" } as const satisfies Record<
  Part,
  string
>;

/** Fast rather than small, because it is done between two requests. */
export function deflate(text: string): string {
  return deflateRawSync(text, { level: 1 }).toString("base64");
}

/** The way back. Throws when it is broken, or larger than a record may be. */
export function inflate(deflated: string): unknown {
  const options = { maxOutputLength: limits.inflatedRecordBytesMax };
  const text = inflateRawSync(Buffer.from(deflated, "base64"), options).toString("utf8");
  return JSON.parse(text);
}

/** About how many characters of JSON a value takes, without making them. */
export function charsOf(value: unknown): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 6;
  let chars = 2;
  for (const [name, part] of Object.entries(value)) chars += name.length + 4 + charsOf(part);
  return chars;
}

/** A record with its bulk where it belongs; a text says why it cannot be read, without quoting it. */
export function inflated(part: Part, record: PlainRecord): PlainRecord | string {
  const { deflated, ...rest } = record;
  if (deflated === undefined) return record;
  const bulk = bulkOf[part];
  if (typeof deflated !== "string" || rest[bulk] !== undefined)
    return "is not deflated as records are";
  try {
    const value = inflate(deflated);
    const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
    return isRecord ? { ...rest, [bulk]: value } : "is deflated, and no record";
  } catch {
    return "is deflated, and broken";
  }
}
