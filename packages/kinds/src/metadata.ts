import { Type, type Static } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";

/** Metadata, owner references and conditions: what every kind has in common. */

export const dateTime = Type.String({ format: "date-time", description: "ISO 8601" });

/** Texts of the form of a moment that no calendar has (a leap second) are none that could be compared. */
export function checkMoment(field: string, text: string | null): readonly FieldProblem[] {
  if (text === null || !Number.isNaN(Date.parse(text))) return [];
  return [{ field, message: "expected a moment that there is" }];
}

/** A field that may be null, and is null when it is left out. */
export function nullable<T extends Type.TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()], { default: null });
}

export const ResourceRefSchema = Type.Object(
  {
    api: Type.String(),
    namespace: nullable(Type.String()),
    kind: Type.String(),
    name: Type.String(),
  },
  { additionalProperties: false, $id: "ResourceRef" },
);
export type ResourceRef = Static<typeof ResourceRefSchema>;

export const MetadataSchema = Type.Object(
  {
    name: Type.String({ description: "1 to 255 characters; fixed once created" }),
    namespace: nullable(Type.String()),
    labels: Type.Record(Type.String(), Type.String(), { default: {} }),
    inherit_labels: Type.Boolean({ default: false }),
    finalizers: Type.Array(Type.String(), { default: [] }),
    owners: Type.Array(ResourceRefSchema, { default: [] }),
    uid: Type.String({ description: "server" }),
    created: dateTime,
    modified: dateTime,
    deleted: nullable(dateTime),
    generation: Type.Integer({ description: "server: grows when the specification changes" }),
    resource_version: Type.String({ description: "server: opaque; send it back to guard a write" }),
  },
  { additionalProperties: false, $id: "Metadata" },
);
export type Metadata = Static<typeof MetadataSchema>;

/** What a client may send: the server's own fields are optional and, but for the guards, ignored. */
export const MetadataInputSchema = Type.Object(
  {
    ...MetadataSchema.properties,
    uid: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    created: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    modified: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    deleted: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    generation: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
    resource_version: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  },
  { additionalProperties: false },
);
export type MetadataInput = Static<typeof MetadataInputSchema>;

export const ReasonSchema = Type.Object(
  { code: Type.String(), message: Type.String() },
  { additionalProperties: false },
);
export type Reason = Static<typeof ReasonSchema>;

const namePattern = /^[A-Za-z0-9_](?:[A-Za-z0-9_.:-]{0,253}[A-Za-z0-9_])?$/;
const labelPartPattern = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/;

export function isName(text: string): boolean {
  return namePattern.test(text);
}

/** Krake's rule for names and namespaces, told in words. */
export function checkName(field: string, name: string): readonly FieldProblem[] {
  if (isName(name)) return [];
  const message =
    `${JSON.stringify(clip(name))} is not a name: 1 to 255 letters, digits, "_", "-", "." or ":", ` +
    `beginning and ending with a letter, a digit or "_"`;
  return [{ field, message }];
}

/** True for a label's value, and for the value of a label constraint. */
export function isLabelValue(text: string): boolean {
  return text.length <= 63 && labelPartPattern.test(text);
}

/** True for a label's key: an optional prefix of up to 253 characters, a slash, and a name of up to 63. */
export function isLabelKey(text: string): boolean {
  const slash = text.indexOf("/");
  const prefix = slash < 0 ? undefined : text.slice(0, slash);
  const name = text.slice(slash + 1);
  const prefixFits =
    prefix === undefined || (prefix.length <= 253 && labelPartPattern.test(prefix));
  return prefixFits && name.length <= 63 && labelPartPattern.test(name);
}

/** All wrong labels at once, each with the offending text. */
export function checkLabels(
  field: string,
  labels: Readonly<Record<string, string>>,
): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const [key, value] of Object.entries(labels)) {
    if (!isLabelKey(key)) {
      const message =
        `${JSON.stringify(clip(key))} is not a label key: [prefix/]name of letters, digits, "_", "-" or ".", ` +
        `beginning and ending with a letter, a digit or "_" (prefix up to 253, name up to 63)`;
      problems.push({ field, message });
    }
    if (!isLabelValue(value)) {
      const message =
        `${JSON.stringify(clip(value))} is not a label value: 1 to 63 letters, digits, "_", "-" or ".", ` +
        `beginning and ending with a letter, a digit or "_"`;
      problems.push({ field: `${field}.${clip(key)}`, message });
    }
  }
  return problems;
}

/** Everything about metadata that the schema cannot say. */
export function checkMetadata(metadata: {
  readonly name: string;
  readonly namespace: string | null;
  readonly labels: Readonly<Record<string, string>>;
}): readonly FieldProblem[] {
  return [
    ...checkName("metadata.name", metadata.name),
    ...(metadata.namespace === null ? [] : checkName("metadata.namespace", metadata.namespace)),
    ...checkLabels("metadata.labels", metadata.labels),
  ];
}

function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
