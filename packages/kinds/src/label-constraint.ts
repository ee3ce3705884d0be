import { limits } from "@octoplane/shared/limits";
import {
  comparisonSymbols,
  orderHolds,
  readComparison,
  readNumber,
  type Comparison,
} from "./constraint-comparison.ts";
import { quoted, tokens, wrong, type Parsed, type Token } from "./constraint-text.ts";
import { isLabelKey, isLabelValue } from "./metadata.ts";
import { compareVersions, parseVersion } from "./semver.ts";

/**
 * Label constraints. Krake's: `location is DE`, `location != DE`, `location in (DE, SK)`, `location not in (DE)`. Beside
 * these: `location`, `!location`, `location exists`, `location not exists`; `gpus >= 2`; `k8s-version >= semver 1.29`;
 * and terms joined by `and` and `or`, with parentheses.
 *
 * A missing label makes every term false, the negative ones too (Krake's meaning), save for the two that ask for just that.
 */
export type LabelConstraint = LabelTerm | LabelGroup;

export type LabelTerm = ListTerm | ExistenceTerm | OrderTerm;

interface ListTerm {
  readonly key: string;
  readonly operator: "in" | "not in";
  /** One value for `is` and `is not`. Never empty. */
  readonly values: readonly string[];
}

interface ExistenceTerm {
  readonly key: string;
  readonly operator: "exists" | "not exists";
}

interface OrderTerm {
  readonly key: string;
  readonly operator: "number" | "semver";
  readonly comparison: Exclude<Comparison, "==" | "!=">;
  /** As it is written: a number, with a unit perhaps, or a version. */
  readonly limit: string;
}

export interface LabelGroup {
  readonly operator: "all" | "any";
  /** Two at least. */
  readonly parts: readonly LabelConstraint[];
}

type Labels = Readonly<Record<string, string>>;

const symbols = [...comparisonSymbols, "!", "(", ")", ","];

export function parseLabelConstraint(text: string): Parsed<LabelConstraint> {
  const source = { list: tokens(text, symbols), end: text.length };
  if (source.list.length === 0) return wrong(0, "expected a label key");
  const read = readJoined(source, 0, { level: "any", depth: 0 });
  if (!read.ok) return read;
  const { constraint, next } = read.constraint;
  const extra = source.list[next];
  if (!extra) return { ok: true, constraint };
  return wrong(extra.at, `expected the end, "and" or "or", found ${quoted(extra.text)}`);
}

/** True when the labels satisfy the constraint. */
export function labelsSatisfy(constraint: LabelConstraint, labels: Labels): boolean {
  if ("parts" in constraint) {
    return constraint.operator === "all"
      ? constraint.parts.every((part) => labelsSatisfy(part, labels))
      : constraint.parts.some((part) => labelsSatisfy(part, labels));
  }
  const isThere = Object.hasOwn(labels, constraint.key);
  if (constraint.operator === "not exists") return !isThere;
  return isThere && termHolds(constraint, labels[constraint.key]!);
}

/** True when a label with this value satisfies the term. */
export function termHolds(term: LabelTerm, value: string): boolean {
  switch (term.operator) {
    case "in":
      return term.values.includes(value);
    case "not in":
      return !term.values.includes(value);
    case "exists":
      return true;
    case "not exists":
      return false;
    case "number":
    case "semver": {
      const order = orderOf(term.operator, value, term.limit);
      return order !== undefined && orderHolds(term.comparison, order);
    }
  }
}

/** Of two numbers or two versions; `undefined` when one of them is none. */
export function orderOf(
  operator: "number" | "semver",
  value: string,
  limit: string,
): number | undefined {
  if (operator === "semver") {
    const [version, other] = [parseVersion(value), parseVersion(limit)];
    return version && other && compareVersions(version, other);
  }
  const [number, other] = [readNumber(value), readNumber(limit)];
  if (number === undefined || other === undefined) return undefined;
  return number < other ? -1 : Number(number > other);
}

/** The terms of a constraint, in the order in which they are written. */
export function termsOf(constraint: LabelConstraint): readonly LabelTerm[] {
  return "parts" in constraint ? constraint.parts.flatMap(termsOf) : [constraint];
}

interface Source {
  readonly list: readonly Token[];
  /** The length of the text. */
  readonly end: number;
}

type Read = Parsed<{ readonly constraint: LabelConstraint; readonly next: number }>;

/** Terms joined by `or`, or, a level below, by `and`, which binds more tightly. */
function readJoined(
  source: Source,
  start: number,
  { level, depth }: { readonly level: "all" | "any"; readonly depth: number },
): Read {
  const word = level === "any" ? "or" : "and";
  const parts: LabelConstraint[] = [];
  let next = start;
  for (;;) {
    const read =
      level === "any"
        ? readJoined(source, next, { level: "all", depth })
        : readPart(source, next, depth);
    if (!read.ok) return read;
    parts.push(read.constraint.constraint);
    next = read.constraint.next;
    if (source.list[next]?.text !== word) break;
    next += 1;
  }
  const constraint = parts.length === 1 ? parts[0]! : { operator: level, parts };
  return { ok: true, constraint: { constraint, next } };
}

function readPart(source: Source, start: number, depth: number): Read {
  const open = source.list[start];
  if (open?.text !== "(") return readTerm(source, start);
  if (depth >= limits.constraintDepthMax) {
    return wrong(open.at, `expected at most ${limits.constraintDepthMax} open parentheses`);
  }
  const inner = readJoined(source, start + 1, { level: "any", depth: depth + 1 });
  if (!inner.ok) return inner;
  const { constraint, next } = inner.constraint;
  const close = source.list[next];
  if (close?.text === ")") return { ok: true, constraint: { constraint, next: next + 1 } };
  return wrong(close?.at ?? source.end, 'expected ")", "and" or "or"');
}

function readTerm(source: Source, start: number): Read {
  const { list, end } = source;
  const negated = list[start]?.text === "!";
  const at = negated ? start + 1 : start;
  const key = list[at];
  if (!key) return wrong(end, "expected a label key");
  if (!isWord(key) || !isLabelKey(key.text)) {
    return wrong(key.at, `expected a label key, found ${quoted(key.text)}`);
  }
  const begun = { key: key.text };
  if (negated) return done({ ...begun, operator: "not exists" }, at + 1);
  const [first, second] = [list[at + 1]?.text, list[at + 2]?.text];
  if (first === undefined || isEnd(first)) return done({ ...begun, operator: "exists" }, at + 1);
  if (first === "exists") return done({ ...begun, operator: "exists" }, at + 2);
  if (first === "not" && second === "exists") {
    return done({ ...begun, operator: "not exists" }, at + 3);
  }
  if (first === "in") return readSet(source, at + 2, { ...begun, operator: "in" });
  if (first === "not" && second === "in") {
    return readSet(source, at + 3, { ...begun, operator: "not in" });
  }
  return readCompared(source, at + 1, key.text);
}

const operators = "= == is, != is not, in, not in, exists, not exists, > >= < <=";

/** `is`, `is not` and the comparisons. */
function readCompared({ list, end }: Source, start: number, key: string): Read {
  const read = readEquality(list, start) ?? readOrder(list, start);
  if (!read) return wrong(list[start]?.at ?? end, `expected one of: ${operators}`);
  const { meaning } = read;
  const value = list[start + read.length];
  const next = start + read.length + 1;
  if (meaning === "==" || meaning === "!=") {
    if (!value) return wrong(end, "expected a value");
    if (!isValue(value)) return wrong(value.at, notValue(value));
    return done({ key, operator: meaning === "==" ? "in" : "not in", values: [value.text] }, next);
  }
  if (value?.text === "semver") {
    const version = list[next];
    if (version && parseVersion(version.text)) {
      const limit = version.text;
      return done({ key, operator: "semver", comparison: meaning, limit }, next + 1);
    }
    return wrong(version?.at ?? end, "expected a version such as 1.29 or v1.29.3");
  }
  if (value && readNumber(value.text) !== undefined) {
    return done({ key, operator: "number", comparison: meaning, limit: value.text }, next);
  }
  const found = value ? `, found ${quoted(value.text)}` : "";
  return wrong(value?.at ?? end, `expected a number, or "semver" and a version${found}`);
}

interface Operator {
  readonly meaning: Comparison;
  readonly length: number;
}

/** Krake's spellings of being equal, and no more: `equals` is a value that somebody may look for. */
function readEquality(list: readonly Token[], at: number): Operator | undefined {
  const [first, second, third] = list.slice(at, at + 3).map(({ text }) => text);
  if (first === "is" && second === "not") return { meaning: "!=", length: 2 };
  // `size is less` looks for a value, `size is less than 5` compares.
  if (first === "is" && third !== undefined && !isEnd(third)) {
    return readOrder(list, at) ?? { meaning: "==", length: 1 };
  }
  if (first === "==" || first === "=" || first === "is") return { meaning: "==", length: 1 };
  return first === "!=" ? { meaning: "!=", length: 1 } : undefined;
}

function readOrder(list: readonly Token[], at: number): Operator | undefined {
  // No spelling has more words than six.
  const read = readComparison(list.slice(at, at + 6).map(({ text }) => text));
  return read && read.meaning !== "==" && read.meaning !== "!=" ? read : undefined;
}

function readSet(
  { list, end }: Source,
  start: number,
  begun: { readonly key: string; readonly operator: "in" | "not in" },
): Read {
  if (list[start]?.text !== "(") return wrong(list[start]?.at ?? end, 'expected "("');
  const values: string[] = [];
  let index = start + 1;
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
  return done({ ...begun, values }, index + 1);
}

function isEnd(text: string): boolean {
  return text === "and" || text === "or" || text === ")";
}

function isWord(token: Token): boolean {
  return !symbols.includes(token.text);
}

function isValue(token: Token): boolean {
  return isWord(token) && isLabelValue(token.text);
}

function notValue(token: Token): string {
  return `expected a label value, found ${quoted(token.text)}`;
}

function done(constraint: LabelConstraint, next: number): Read {
  return { ok: true, constraint: { constraint, next } };
}
