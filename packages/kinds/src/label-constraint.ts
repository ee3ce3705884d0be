import { isLabelKey, isLabelValue } from "./metadata.ts";
import { quoted, tokens, type Parsed, type Token } from "./constraint-text.ts";

/**
 * Label constraints: `location is DE`, `location != DE`, `location in (DE, SK)`, `location not in (DE)`.
 * A missing label makes every constraint false, the negative ones too (Krake's meaning).
 */
export interface LabelConstraint {
  readonly key: string;
  readonly operator: "in" | "not in";
  /** One value for `is` and `is not`. Never empty. */
  readonly values: readonly string[];
}

const symbols = ["==", "!=", "=", "!", "(", ")", ","];

export function parseLabelConstraint(text: string): Parsed<LabelConstraint> {
  const list = tokens(text, symbols);
  const end = text.length;
  const key = list[0];
  if (!key) return wrong(0, "expected a label key");
  if (symbols.includes(key.text) || !isLabelKey(key.text)) {
    return wrong(key.at, `expected a label key, found ${quoted(key.text)}`);
  }
  const operator = readOperator(list.slice(1));
  if (operator === undefined) {
    const at = list[1]?.at ?? end;
    return wrong(at, "expected one of: = == is, != is not, in, not in");
  }
  const rest = list.slice(1 + operator.length);
  const values = operator.set ? readSet(rest, end) : readValue(rest, end);
  if (!values.ok) return values;
  return {
    ok: true,
    constraint: {
      key: key.text,
      operator: operator.negative ? "not in" : "in",
      values: values.constraint,
    },
  };
}

/** True when the labels satisfy the constraint. */
export function labelsSatisfy(
  constraint: LabelConstraint,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (!Object.hasOwn(labels, constraint.key)) return false;
  const listed = constraint.values.includes(labels[constraint.key]!);
  return constraint.operator === "in" ? listed : !listed;
}

interface Operator {
  readonly negative: boolean;
  readonly set: boolean;
  /** How many tokens it takes. */
  readonly length: number;
}

function readOperator(list: readonly Token[]): Operator | undefined {
  const first = list[0]?.text;
  const second = list[1]?.text;
  if (first === "is" && second === "not") return { negative: true, set: false, length: 2 };
  if (first === "not" && second === "in") return { negative: true, set: true, length: 2 };
  if (first === "==" || first === "=" || first === "is") {
    return { negative: false, set: false, length: 1 };
  }
  if (first === "!=") return { negative: true, set: false, length: 1 };
  if (first === "in") return { negative: false, set: true, length: 1 };
  return undefined;
}

function readValue(list: readonly Token[], end: number): Parsed<readonly string[]> {
  const value = list[0];
  if (!value) return wrong(end, "expected a value");
  if (!isValue(value)) return wrong(value.at, notValue(value));
  const extra = list[1];
  if (extra) return wrong(extra.at, `expected the end, found ${quoted(extra.text)}`);
  return { ok: true, constraint: [value.text] };
}

function readSet(list: readonly Token[], end: number): Parsed<readonly string[]> {
  if (list[0]?.text !== "(") return wrong(list[0]?.at ?? end, 'expected "("');
  const values: string[] = [];
  let index = 1;
  for (;;) {
    const value = list[index];
    if (!value) return wrong(end, 'expected a value or ")"');
    if (value.text === ")" && values.length > 0) break;
    if (!isValue(value)) return wrong(value.at, notValue(value));
    values.push(value.text);
    index += 1;
    const separator = list[index];
    if (separator?.text !== "," && separator?.text !== ")") {
      return wrong(separator?.at ?? end, 'expected "," or ")"');
    }
    while (list[index]?.text === ",") index += 1;
  }
  const extra = list[index + 1];
  if (extra) return wrong(extra.at, `expected the end, found ${quoted(extra.text)}`);
  return { ok: true, constraint: values };
}

function isValue(token: Token): boolean {
  return !symbols.includes(token.text) && isLabelValue(token.text);
}

function notValue(token: Token): string {
  return `expected a label value, found ${quoted(token.text)}`;
}

function wrong(at: number, message: string): { ok: false; at: number; message: string } {
  return { ok: false, at, message };
}
