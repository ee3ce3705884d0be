import { limits } from "@octoplane/shared/limits";
import {
  orderOf,
  parseLabelConstraint,
  termHolds,
  type LabelConstraint,
  type LabelTerm,
} from "./label-constraint.ts";
import {
  metricSatisfies,
  parseMetricConstraint,
  type MetricConstraint,
} from "./metric-constraint.ts";

/**
 * Constraints that no cluster can ever satisfy, so that people hear of it when they write them. What is found is
 * certain; what would take too long to find out is left alone.
 */

/** One text for every group of constraints that contradict each other, the smallest groups first. Pure. */
export function neverTrue(texts: {
  readonly labels: readonly string[] | null;
  readonly metrics: readonly string[] | null;
}): readonly string[] {
  return [
    ...contradictions(texts.labels ?? [], parseLabelConstraint, labelsNever),
    ...contradictions(texts.metrics ?? [], parseMetricConstraint, metricsNever),
  ];
}

/** The steps that are left; what is not found out with them is not found out. */
interface Budget {
  left: number;
}

function fullBudget(): Budget {
  return { left: limits.contradictionStepsMax };
}

function affords(budget: Budget, steps: number): boolean {
  budget.left -= steps;
  return budget.left >= 0;
}

/** Single constraints that are never true by themselves, else pairs, else all of them together. */
function contradictions<C>(
  texts: readonly string[],
  parse: (text: string) => { readonly ok: true; readonly constraint: C } | { readonly ok: false },
  isNever: (all: readonly C[], budget: Budget) => boolean,
): readonly string[] {
  const parsed = [...new Set(texts)].flatMap((text) => {
    const read = parse(text);
    return read.ok ? [{ text, constraint: read.constraint }] : [];
  });
  const budget = fullBudget();
  const never = (group: typeof parsed): boolean =>
    budget.left > 0 &&
    isNever(
      group.map(({ constraint }) => constraint),
      budget,
    );
  const singles = parsed.filter((one) => never([one]));
  const rest = parsed.filter((one) => !singles.includes(one));
  const pairs: (typeof parsed)[] = [];
  for (const [index, one] of rest.entries()) {
    if (budget.left <= 0) break;
    for (const other of rest.slice(index + 1)) if (never([one, other])) pairs.push([one, other]);
  }
  const isClean = singles.length === 0 && pairs.length === 0 && rest.length > 2;
  const whole = isClean && never(rest) ? [rest] : [];
  const groups = [...singles.map((one) => [one]), ...pairs, ...whole];
  return groups.map((group) => told(group.map(({ text }) => text)));
}

function told(texts: readonly string[]): string {
  const quotedTexts = texts.map((text) => `"${text}"`);
  return texts.length === 1
    ? `${quotedTexts[0]} is never true: nothing will ever fit`
    : `${quotedTexts.join(" and ")} are never true together: nothing will ever fit`;
}

/** True when no labels whatsoever satisfy all of them. */
export function labelsNever(all: readonly LabelConstraint[], budget = fullBudget()): boolean {
  const ways = waysOf(all.length === 1 ? all[0]! : { operator: "all", parts: all }, budget);
  return ways !== undefined && ways.every((way) => isImpossible(way, budget));
}

/** True when no number satisfies all that is asked of one and the same metric. */
export function metricsNever(all: readonly MetricConstraint[], budget = fullBudget()): boolean {
  const byMetric = Map.groupBy(all, ({ metric }) => metric);
  return [...byMetric.values()].some((constraints) => {
    const sides = constraints.flatMap((one) => (one.also ? [one, one.also] : [one]));
    return affords(budget, sides.length ** 2) && !hasNumber(sides);
  });
}

/** The ways of satisfying a constraint, each a list of terms; `undefined` when there are too many to look at. */
function waysOf(
  constraint: LabelConstraint,
  budget: Budget,
): readonly (readonly LabelTerm[])[] | undefined {
  if (!("parts" in constraint)) return [[constraint]];
  const isAny = constraint.operator === "any";
  let ways: readonly (readonly LabelTerm[])[] = isAny ? [] : [[]];
  for (const part of constraint.parts) {
    const more = waysOf(part, budget);
    if (!more) return undefined;
    const [before, after] = [sizeOf(ways), sizeOf(more)];
    const steps = isAny ? before + after : before * more.length + after * ways.length;
    if (!affords(budget, steps)) return undefined;
    ways = isAny
      ? [...ways, ...more]
      : ways.flatMap((way) => more.map((other) => [...way, ...other]));
  }
  return ways;
}

function sizeOf(ways: readonly (readonly LabelTerm[])[]): number {
  return ways.reduce((sum, way) => sum + way.length, 0);
}

function isImpossible(way: readonly LabelTerm[], budget: Budget): boolean {
  const byKey = Map.groupBy(way, ({ key }) => key);
  return [...byKey.values()].some((terms) => isImpossibleFor(terms, budget));
}

/** True when neither a value of the label nor its absence satisfies all terms about it. */
function isImpossibleFor(terms: readonly LabelTerm[], budget: Budget): boolean {
  const absent = terms.filter(({ operator }) => operator === "not exists");
  if (absent.length > 0) return absent.length < terms.length;
  const [listed] = terms.flatMap((term) => (term.operator === "in" ? [term] : []));
  if (!listed) {
    if (!affords(budget, terms.length ** 2)) return false;
    return (["number", "semver"] as const).some((operator) => isEmptyRange(operator, terms));
  }
  const size = terms.reduce((sum, term) => sum + ("values" in term ? term.values.length : 1), 0);
  if (!affords(budget, listed.values.length * size)) return false;
  return !listed.values.some((value) => terms.every((term) => termHolds(term, value)));
}

function isEmptyRange(operator: "number" | "semver", terms: readonly LabelTerm[]): boolean {
  const bounds = terms.flatMap((term) =>
    "limit" in term && term.operator === operator ? [term] : [],
  );
  const below = bounds.filter(({ comparison }) => comparison.startsWith(">"));
  const above = bounds.filter(({ comparison }) => comparison.startsWith("<"));
  return below.some((low) =>
    above.some((high) => {
      const order = orderOf(operator, low.limit, high.limit) ?? -1;
      const isOpen = low.comparison === ">" || high.comparison === "<";
      return order > 0 || (order === 0 && isOpen);
    }),
  );
}

type Side = Pick<MetricConstraint, "operator" | "value">;

function hasNumber(sides: readonly Side[]): boolean {
  const holds = (value: number): boolean =>
    sides.every(({ operator, value: limit }) =>
      metricSatisfies({ metric: "", operator, value: limit }, value),
    );
  // Between two neighbouring limits, and beyond the outermost, all numbers are alike: one of each is enough.
  const edges = [...new Set(sides.map(({ value }) => value))].toSorted((a, b) => a - b);
  const between = edges.slice(1).map((edge, index) => edges[index]! + (edge - edges[index]!) / 2);
  return [-Infinity, ...edges, ...between, Infinity].some(holds);
}
