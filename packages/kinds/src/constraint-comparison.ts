import { parseQuantity } from "./quantity.ts";

/** What label and metric constraints share of comparing: the operators with their spellings, and numbers with units. */

export type Comparison = "==" | "!=" | ">" | ">=" | "<" | "<=";

/** The symbols that compare, the longest first, as the tokens are cut. */
export const comparisonSymbols = ["==", "!=", ">=", "=>", "<=", "=<", "=", ">", "<"] as const;

const symbolMeaning: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
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
const wordMeaning: readonly (readonly [words: string, meaning: Comparison])[] = [
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

export interface ReadComparison {
  readonly meaning: Comparison;
  /** How many tokens it takes. */
  readonly length: number;
}

/** The comparison that the words begin with, or `undefined`. Pure. */
export function readComparison(words: readonly string[]): ReadComparison | undefined {
  const symbol = symbolMeaning.get(words[0] ?? "");
  if (symbol) return { meaning: symbol, length: 1 };
  const is = words[0] === "is" ? 1 : 0;
  for (const [spelling, meaning] of wordMeaning) {
    const parts = spelling.split(" ");
    if (parts.every((part, index) => words[is + index] === part)) {
      return { meaning, length: is + parts.length };
    }
  }
  return is === 1 ? { meaning: "==", length: 1 } : undefined;
}

/** True when `order` (of a value and the limit: negative, zero or positive) is what the comparison asks for. */
export function orderHolds(comparison: Comparison, order: number): boolean {
  switch (comparison) {
    case "==":
      return order === 0;
    case "!=":
      return order !== 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
  }
}

/** The same comparison with its sides exchanged: `0.2 < price` is `price > 0.2`. */
export function mirrored(comparison: Comparison): Comparison {
  return mirrors[comparison];
}

const mirrors: Readonly<Record<Comparison, Comparison>> = {
  "==": "==",
  "!=": "!=",
  ">": "<",
  ">=": "<=",
  "<": ">",
  "<=": ">=",
};

/**
 * A number: `-1.5`, `1e3`, or a Kubernetes quantity (`16Gi`, `500m`, `2k`). A lone `E` could be an exponent that was not
 * finished, and `n` and `u` are units that no label and no metric of a cluster is counted in; these are refused.
 */
export function readNumber(text: string): number | undefined {
  if (/[Enu]$/.test(text) || /\s/.test(text)) return undefined;
  const number = parseQuantity(text);
  return number !== undefined && Number.isFinite(number) ? number : undefined;
}
