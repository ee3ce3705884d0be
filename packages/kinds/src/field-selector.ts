import { quoted, tokens, type Parsed, type Token } from "./constraint-text.ts";
import type { AnyKind, AnyResource } from "./kind.ts";

/** Field selectors: `metadata.name=a,status.state!=RUNNING`. A comma stands for "and"; these three fields, and no others. */
export interface FieldRequirement {
  readonly field: "metadata.name" | "metadata.namespace" | "status.state";
  readonly isEqual: boolean;
  readonly value: string;
}

const symbols = ["==", "!=", "=", "!", ","];

/** The requirements of a selector for objects of the kind, all of which must hold; an empty text has none. Pure. */
export function parseFieldSelector(
  kind: Pick<AnyKind, "kind" | "namespaced" | "derive">,
  text: string,
): Parsed<readonly FieldRequirement[]> {
  const list = tokens(text, symbols);
  const fields: readonly FieldRequirement["field"][] = [
    "metadata.name",
    ...(kind.namespaced ? (["metadata.namespace"] as const) : []),
    ...(kind.derive === undefined ? [] : (["status.state"] as const)),
  ];
  const requirements: FieldRequirement[] = [];
  let index = 0;
  while (index < list.length || requirements.length > 0) {
    const [name, sign, value] = list.slice(index, index + 3);
    const field = fields.find((one) => one === name?.text);
    if (field === undefined) {
      return wrong(name, text, `expected a field of ${kind.kind} (${fields.join(", ")})`);
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
  { metadata, status }: AnyResource,
): boolean {
  const values = {
    "metadata.name": metadata.name,
    "metadata.namespace": metadata.namespace,
    "status.state": status?.["state"],
  };
  return requirements.every(({ field, isEqual, value }) => (values[field] === value) === isEqual);
}

function wrong(
  token: Token | undefined,
  text: string,
  expected: string,
): { ok: false; at: number; message: string } {
  const message = token ? `${expected}, found ${quoted(token.text)}` : expected;
  return { ok: false, at: token?.at ?? text.length, message };
}
