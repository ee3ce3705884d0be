import { quoted, tokens, type Parsed, type Token } from "./constraint-text.ts";
import type { AnyKind, AnyResource, FieldPath } from "./kind.ts";

/** Field selectors: `metadata.name=a,status.state!=RUNNING`. A comma stands for "and"; the fields are those of the kind. */
export interface FieldRequirement {
  readonly field: FieldPath;
  readonly isEqual: boolean;
  readonly value: string;
}

const symbols = ["==", "!=", "=", "!", ","];

/** The fields that objects of a kind can be chosen by: its names, its state, and what it declares itself. */
export function selectableFields(
  kind: Pick<AnyKind, "namespaced" | "derive" | "selectable">,
): readonly FieldPath[] {
  return [
    ["metadata", "name"],
    ...(kind.namespaced ? [["metadata", "namespace"]] : []),
    ...(kind.derive === undefined ? [] : [["status", "state"]]),
    ...(kind.selectable ?? []),
  ];
}

/** The requirements of a selector for objects of the kind, all of which must hold; an empty text has none. Pure. */
export function parseFieldSelector(
  kind: Pick<AnyKind, "kind" | "namespaced" | "derive" | "selectable">,
  text: string,
): Parsed<readonly FieldRequirement[]> {
  const list = tokens(text, symbols);
  const fields = new Map(selectableFields(kind).map((path) => [path.join("."), path]));
  const requirements: FieldRequirement[] = [];
  let index = 0;
  while (index < list.length || requirements.length > 0) {
    const [name, sign, value] = list.slice(index, index + 3);
    const field = fields.get(name?.text ?? "");
    if (field === undefined) {
      const known = [...fields.keys()].join(", ");
      return wrong(name, text, `expected a field of ${kind.kind} (${known})`);
    }
    if (!sign || !["=", "==", "!="].includes(sign.text)) {
      return wrong(sign, text, "expected one of = == !=");
    }
    if (!value || symbols.includes(value.text)) return wrong(value, text, "expected a value");
    requirements.push({ field, isEqual: sign.text !== "!=", value: value.text });
    const separator = list[index + 3];
    if (!separator) break;
    if (separator.text !== ",") return wrong(separator, text, 'expected "," or the end');
    index += 4;
  }
  return { ok: true, constraint: requirements };
}

/** True when the object fulfils every requirement. */
export function fieldsMatch(
  requirements: readonly FieldRequirement[],
  object: AnyResource,
): boolean {
  return requirements.every(
    ({ field, isEqual, value }) => (textAt(object, field) === value) === isEqual,
  );
}

/** What stands at a path, as a selector writes it; `undefined` where there is nothing. */
function textAt(object: AnyResource, path: FieldPath): string | undefined {
  let value: unknown = object;
  for (const name of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

function wrong(
  token: Token | undefined,
  text: string,
  expected: string,
): { ok: false; at: number; message: string } {
  const message = token ? `${expected}, found ${quoted(token.text)}` : expected;
  return { ok: false, at: token?.at ?? text.length, message };
}
