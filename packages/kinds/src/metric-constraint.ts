import {
  comparisonSymbols,
  mirrored,
  orderHolds,
  readComparison,
  readNumber,
  type Comparison,
} from "./constraint-comparison.ts";
import { quoted, tokens, wrong, type Parsed, type Token } from "./constraint-text.ts";
import { isName } from "./metadata.ts";

/**
 * Metric constraints: `load < 5`, `load is not 5`, `load greater than or equal 0.5`, `memory >= 16Gi`, and both sides of
 * a range, `0.2 < price <= 0.5`. The value of the metric itself is compared, as Krake's documents say.
 */
export interface MetricConstraint {
  readonly metric: string;
  readonly operator: Comparison;
  readonly value: number;
  /** The other side of a range. */
  readonly also?: { readonly operator: Comparison; readonly value: number };
}

const symbols = [...comparisonSymbols, "!", "(", ")", ","];

export function parseMetricConstraint(text: string): Parsed<MetricConstraint> {
  const list = tokens(text, symbols);
  const first = list[0];
  if (!first) return wrong(0, "expected the name of a metric");
  const mayBeRange = readNumber(first.text) !== undefined && isRange(list);
  if (!isName(first.text) && !mayBeRange) {
    return wrong(first.at, `expected the name of a metric, found ${quoted(first.text)}`);
  }
  // A metric may be called `5`: what can be read without a range is.
  const plain = readPlain(list, text.length);
  return plain.ok || !mayBeRange ? plain : readRange(list, text.length);
}

/** True when the value satisfies the constraint. */
export function metricSatisfies(constraint: MetricConstraint, value: number): boolean {
  const sides = constraint.also ? [constraint, constraint.also] : [constraint];
  return sides.every((side) => orderHolds(side.operator, orderOf(value, side.value)));
}

function orderOf(value: number, limit: number): number {
  if (value === limit) return 0;
  return value < limit ? -1 : 1;
}

function readPlain(list: readonly Token[], end: number): Parsed<MetricConstraint> {
  const read = readComparison(textsOf(list.slice(1)));
  if (!read) {
    const message =
      "expected one of: = == is, != is not, > gt greater than, >= gte, < lt less than, <= lte";
    return wrong(list[1]?.at ?? end, message);
  }
  const value = readValue(list[1 + read.length], end);
  if (!value.ok) return value;
  const extra = list[2 + read.length];
  if (extra) return wrong(extra.at, `expected the end, found ${quoted(extra.text)}`);
  const metric = list[0]!.text;
  return { ok: true, constraint: { metric, operator: read.meaning, value: value.constraint } };
}

/** A number, a comparison, and then the name of a metric rather than another number. */
function isRange(list: readonly Token[]): boolean {
  const read = readComparison(textsOf(list.slice(1)));
  if (!read || list[1 + read.length] === undefined) return false;
  return isName(list[1 + read.length]!.text) && list[2 + read.length] !== undefined;
}

function readRange(list: readonly Token[], end: number): Parsed<MetricConstraint> {
  const left = readComparison(textsOf(list.slice(1)))!;
  const metric = list[1 + left.length]!;
  const at = 2 + left.length;
  const right = readComparison(textsOf(list.slice(at)));
  const ascends = left.meaning === "<" || left.meaning === "<=";
  if (!ascends && left.meaning !== ">" && left.meaning !== ">=") {
    return wrong(list[1]!.at, "expected one of < <= > >= between a number and a metric");
  }
  const expected = ascends ? ["<", "<="] : [">", ">="];
  if (!right || !expected.includes(right.meaning)) {
    const message = `expected ${expected.join(" or ")}: both sides of a range point the same way`;
    return wrong(list[at]?.at ?? end, message);
  }
  const value = readValue(list[at + right.length], end);
  if (!value.ok) return value;
  const extra = list[at + right.length + 1];
  if (extra) return wrong(extra.at, `expected the end, found ${quoted(extra.text)}`);
  return {
    ok: true,
    constraint: {
      metric: metric.text,
      operator: mirrored(left.meaning),
      value: readNumber(list[0]!.text)!,
      also: { operator: right.meaning, value: value.constraint },
    },
  };
}

function readValue(token: Token | undefined, end: number): Parsed<number> {
  const number = token === undefined ? undefined : readNumber(token.text);
  if (number === undefined) return wrong(token?.at ?? end, "expected a number");
  return { ok: true, constraint: number };
}

function textsOf(list: readonly Token[]): readonly string[] {
  return list.map(({ text }) => text);
}
