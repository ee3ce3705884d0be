import { deflateRawSync, inflateRawSync } from "node:zlib";
import { limits } from "@octoplane/shared/limits";

/** A record as it was read, without the number of its form. */
export type PlainRecord = Readonly<Record<string, unknown>>;

/**
 * A record that is large, as manifests of hundreds of objects are, stands in the store deflated: still JSON, with one field in
 * base64. Manifests shrink to a tenth, so that one of several megabytes fits into a commit. Fast rather than small, because
 * it is done between two requests.
 */
export function deflatedIfLarge(record: object): PlainRecord {
  const text = JSON.stringify(record);
  if (text.length <= limits.plainRecordCharsMax) return record as PlainRecord;
  return { deflated: deflateRawSync(text, { level: 1 }).toString("base64") };
}

/** The way back; as it is, when it was not deflated. A text says why it cannot be read, without quoting it. */
export function inflated(record: PlainRecord): PlainRecord | string {
  const { deflated, ...rest } = record;
  if (deflated === undefined) return record;
  if (typeof deflated !== "string" || Object.keys(rest).length > 0)
    return "is not deflated as records are";
  try {
    const options = { maxOutputLength: limits.inflatedRecordBytesMax };
    const value: unknown = JSON.parse(
      inflateRawSync(Buffer.from(deflated, "base64"), options).toString("utf8"),
    );
    const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
    return isRecord ? (value as PlainRecord) : "is deflated, and no record";
  } catch {
    return "is deflated, and broken";
  }
}
