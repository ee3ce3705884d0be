import { isName } from "./metadata.ts";
import { quoted, tokens, type Parsed, type Token } from "./constraint-text.ts";

/**
 * Metric constraints: `load < 5`, `load is not 5`, `load greater than or equal 0.5`.
 * The value of the metric itself is compared, as Krake's documents say.
 */
export interface MetricConstraint {
  readonly metric: string;
  readonly operator: "==" | "!=" | ">" | ">=" | "<" | "<=";
  readonly value: number;
}

type Operator = MetricConstraint["operator"];

const symbols = ["==", "!=", ">=", "=>", "<=", "=<", "=", ">", "<", "!", "(", ")", ","];

const symbolMeaning: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["==", "=="],
  ["=", "=="],
  ["!=", "!="],
  [">", ">"],
  [">=", ">="],
  ["=>", ">="],
  ["<", "<"],
  ["<=", "<="],
  ["=<", "<="],
]);

/** Spellings in words, each also with a leading `is`; the longest that fits is taken. */
const wordMeaning: readonly (readonly [words: string, operator: Operator])[] = [
  ["greater than or equal to", ">="],
  ["greater than or equal", ">="],
  ["lesser than or equal to", "<="],
  ["lesser than or equal", "<="],
  ["less than or equal to", "<="],
  ["less than or equal", "<="],
  ["greater than", ">"],
  ["lesser than", "<"],
  ["less than", "<"],
  ["not equal to", "!="],
  ["equal to", "=="],
  ["equals", "=="],
  ["equal", "=="],
  ["gte", ">="],
  ["gt", ">"],
  ["lte", "<="],
  ["lt", "<"],
  ["not", "!="],
];

export function parseMetricConstraint(text: string): Parsed<MetricConstraint> {
  const list = tokens(text, symbols);
  const metric = list[0];
  if (!metric) return { ok: false, at: 0, message: "expected the name of a metric" };
  if (!isName(metric.text)) {
    const message = `expected the name of a metric, found ${quoted(metric.text)}`;
    return { ok: false, at: metric.at, message };
  }
  const operator = readOperator(list.slice(1));
  if (!operator) {
    const message =
      "expected one of: = == is, != is not, > gt greater than, >= gte, < lt less than, <= lte";
    return { ok: false, at: list[1]?.at ?? text.length, message };
  }
  const value = list[1 + operator.length];
  const number = value === undefined ? undefined : readNumber(value.text);
  if (!value || number === undefined) {
    return { ok: false, at: value?.at ?? text.length, message: "expected a number" };
  }
  const extra = list[2 + operator.length];
  if (extra) {
    const message = `expected the end, found ${quoted(extra.text)}`;
    return { ok: false, at: extra.at, message };
  }
  return {
    ok: true,
    constraint: { metric: metric.text, operator: operator.meaning, value: number },
  };
}

/** True when the value satisfies the constraint. */
export function metricSatisfies(constraint: MetricConstraint, value: number): boolean {
  switch (constraint.operator) {
    case "==":
      return value === constraint.value;
    case "!=":
      return value !== constraint.value;
    case ">":
      return value > constraint.value;
    case ">=":
      return value >= constraint.value;
    case "<":
      return value < constraint.value;
    case "<=":
      return value <= constraint.value;
  }
}

function readOperator(
  list: readonly Token[],
): { readonly meaning: Operator; readonly length: number } | undefined {
  const symbol = symbolMeaning.get(list[0]?.text ?? "");
  if (symbol) return { meaning: symbol, length: 1 };
  const is = list[0]?.text === "is" ? 1 : 0;
  for (const [words, meaning] of wordMeaning) {
    const parts = words.split(" ");
    if (parts.every((part, index) => list[is + index]?.text === part)) {
      return { meaning, length: is + parts.length };
    }
  }
  return is === 1 ? { meaning: "==", length: 1 } : undefined;
}

function readNumber(text: string): number | undefined {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}
