import { quoted, tokens, type Parsed, type Token } from "./constraint-text.ts";
import { isLabelKey, isLabelValue } from "./metadata.ts";

/**
 * Label selectors in the syntax of Kubernetes: `a=b`, `a==b`, `a!=b`, `a in (b, c)`, `a notin (b)`, `a`, `!a`; a comma stands
 * for "and". Unlike a label constraint, a negative requirement holds for objects without the label.
 */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: "in" | "notin" | "exists" | "!exists";
  /** Empty for the two that ask for no value. */
  readonly values: readonly string[];
}

const symbols = ["==", "!=", "=", "!", "(", ")", ","];

/** The requirements of a selector, all of which must hold; an empty text has none. Pure. */
export function parseLabelSelector(text: string): Parsed<readonly LabelRequirement[]> {
  const list = tokens(text, symbols);
  const requirements: LabelRequirement[] = [];
  let index = 0;
  while (index < list.length || requirements.length > 0) {
    const read = readRequirement(list, index, text.length);
    if (!read.ok) return read;
    requirements.push(read.constraint.requirement);
    const separator = list[read.constraint.next];
    if (!separator) break;
    if (separator.text !== ",") {
      return wrong(separator.at, `expected "," or the end, found ${quoted(separator.text)}`);
    }
    index = read.constraint.next + 1;
  }
  return { ok: true, constraint: requirements };
}

/** True when the labels fulfil every requirement. */
export function labelsMatch(
  requirements: readonly LabelRequirement[],
  labels: Readonly<Record<string, string>>,
): boolean {
  return requirements.every(({ key, operator, values }) => {
    const isThere = Object.hasOwn(labels, key);
    if (operator === "exists") return isThere;
    if (operator === "!exists") return !isThere;
    const isListed = isThere && values.includes(labels[key]!);
    return operator === "in" ? isListed : !isListed;
  });
}

type Read = Parsed<{ readonly requirement: LabelRequirement; readonly next: number }>;

function readRequirement(list: readonly Token[], start: number, end: number): Read {
  const negated = list[start]?.text === "!";
  const at = negated ? start + 1 : start;
  const key = list[at];
  if (!key || symbols.includes(key.text) || !isLabelKey(key.text)) {
    return wrong(key?.at ?? end, `expected a label key${foundText(key)}`);
  }
  const operator = list[at + 1];
  if (negated || !operator || operator.text === ",") {
    const values: readonly string[] = [];
    return done({ key: key.text, operator: negated ? "!exists" : "exists", values }, at + 1);
  }
  switch (operator.text) {
    case "=":
    case "==":
      return readValue(list, at + 2, { key: key.text, operator: "in" });
    case "!=":
      return readValue(list, at + 2, { key: key.text, operator: "notin" });
    case "in":
    case "notin":
      return readSet(list, at + 2, { key: key.text, operator: operator.text, end });
    default:
  }
  return wrong(operator.at, `expected one of = == != in notin${foundText(operator)}`);
}

type Begun = Pick<LabelRequirement, "key" | "operator">;

/** Nothing after the sign is the empty value, as Kubernetes has it. */
function readValue(list: readonly Token[], at: number, begun: Begun): Read {
  const value = list[at];
  if (!value || value.text === ",") return done({ ...begun, values: [""] }, at);
  if (!isValue(value)) return wrong(value.at, `expected a label value${foundText(value)}`);
  return done({ ...begun, values: [value.text] }, at + 1);
}

function readSet(
  list: readonly Token[],
  start: number,
  { end, ...begun }: Begun & { readonly end: number },
): Read {
  const open = list[start];
  if (open?.text !== "(") return wrong(open?.at ?? end, `expected "("${foundText(open)}`);
  const values: string[] = [];
  for (let at = start + 1; ; at += 2) {
    const [value, separator] = [list[at], list[at + 1]];
    if (!value || !isValue(value)) {
      return wrong(value?.at ?? end, `expected a label value${foundText(value)}`);
    }
    values.push(value.text);
    if (separator?.text === ")") return done({ ...begun, values }, at + 2);
    if (separator?.text !== ",") {
      return wrong(separator?.at ?? end, `expected "," or ")"${foundText(separator)}`);
    }
  }
}

function isValue(token: Token): boolean {
  return !symbols.includes(token.text) && isLabelValue(token.text);
}

function foundText(token: Token | undefined): string {
  return token ? `, found ${quoted(token.text)}` : "";
}

function done(requirement: LabelRequirement, next: number): Read {
  return { ok: true, constraint: { requirement, next } };
}

function wrong(at: number, message: string): { ok: false; at: number; message: string } {
  return { ok: false, at, message };
}
