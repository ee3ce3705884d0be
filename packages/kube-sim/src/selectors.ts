/** Label and field selectors as they stand in a query string. */
import { textOf } from "@octoplane/shared/text-of";
import { badRequest } from "./api-error.ts";
import { isMap, textAt, textMapAt, textsAt, valueAt } from "./json.ts";
import type { SimObject } from "./sim-object.ts";

export type Matcher = (object: SimObject) => boolean;

type Labels = Readonly<Record<string, string>>;
type Requirement = (labels: Labels) => boolean;

/** Parses `a=b,c!=d,e in (f,g),h notin (i),j,!k`. A selector that cannot be read is 400. */
export function labelMatcher(selector: string): Matcher {
  const requirements = splitRequirements(selector).map(parseRequirement);
  return (object) => {
    const labels = object.metadata.labels ?? {};
    return requirements.every((requirement) => requirement(labels));
  };
}

/** Splits at commas outside of parentheses. */
function splitRequirements(selector: string): readonly string[] {
  return selector
    .split(/,(?![^(]*\))/u)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function parseRequirement(text: string): Requirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/u.exec(text);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    if (operator === "in")
      return (labels) => Object.hasOwn(labels, key) && values.includes(labels[key]!);
    return (labels) => !Object.hasOwn(labels, key) || !values.includes(labels[key]!);
  }
  const equality = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/u.exec(text);
  if (equality !== null) {
    const [, key = "", operator, value = ""] = equality;
    return operator === "!="
      ? (labels) => labels[key] !== value
      : (labels) => labels[key] === value;
  }
  const existence = /^(!?)\s*([^\s=!()]+)$/u.exec(text);
  if (existence === null) throw badRequest(`unable to parse requirement: ${text}`);
  const [, negation, key = ""] = existence;
  return negation === "!"
    ? (labels) => !Object.hasOwn(labels, key)
    : (labels) => Object.hasOwn(labels, key);
}

/**
 * Parses `metadata.name=x,status.phase!=Running`; any field of text, number or boolean may be
 * named.
 */
export function fieldMatcher(selector: string): Matcher {
  const requirements = selector
    .split(",")
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const match = /^\s*([^=!\s]+)\s*(==|=|!=)\s*(.*?)\s*$/u.exec(part);
      if (match === null)
        throw badRequest(`invalid selector: '${selector}'; can't understand '${part}'`);
      const [, path = "", operator, value = ""] = match;
      return { path: path.split("."), isNegated: operator === "!=", value };
    });
  return (object) =>
    requirements.every(({ path, isNegated, value }) => {
      const found = valueAt(object, ...path);
      const text = found === undefined || isMap(found) ? "" : textOf(found);
      return (text === value) !== isNegated;
    });
}

/** The matcher of a `metav1.LabelSelector` (matchLabels, matchExpressions) over plain labels. */
export function selectorMatches(selector: unknown, labels: Labels): boolean {
  if (!isMap(selector)) return false;
  const wanted = textMapAt(selector, "matchLabels");
  if (Object.entries(wanted).some(([key, value]) => labels[key] !== value)) return false;
  const expressions = valueAt(selector, "matchExpressions");
  if (!Array.isArray(expressions)) return true;
  return expressions.every((expression) => {
    const key = textAt(expression, "key") ?? "";
    const values = textsAt(expression, "values");
    const found = labels[key];
    switch (textAt(expression, "operator")) {
      case "In":
        return found !== undefined && values.includes(found);
      case "NotIn":
        return found === undefined || !values.includes(found);
      case "Exists":
        return found !== undefined;
      case "DoesNotExist":
        return found === undefined;
      default:
        return false;
    }
  });
}
