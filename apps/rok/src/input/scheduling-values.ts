import { InvalidArgumentError } from "commander";
import type { Preference } from "@octoplane/kinds/constraints";
import type { NeighbourRule, SpreadRule } from "@octoplane/kinds/neighbour-rule";
import type { Taint, Toleration } from "@octoplane/kinds/taint";
import { usageError } from "../exit-status.ts";
import { readSeconds } from "./option-values.ts";

/**
 * Preferences, taints and tolerations as they stand on a command line; the server judges keys,
 * values and constraints.
 */

export function collectLabelPreference(
  text: string,
  previous: readonly Preference[] = [],
): readonly Preference[] {
  const { weight, constraint } = readPreference(text);
  return [...previous, { weight, labels: constraint }];
}

export function collectMetricPreference(
  text: string,
  previous: readonly Preference[] = [],
): readonly Preference[] {
  const { weight, constraint } = readPreference(text);
  return [...previous, { weight, metrics: constraint }];
}

export function collectExpressionPreference(
  text: string,
  previous: readonly Preference[] = [],
): readonly Preference[] {
  const { weight, constraint } = readPreference(text);
  return [...previous, { weight, expression: constraint }];
}

export function collectTogether(
  text: string,
  previous: readonly NeighbourRule[] = [],
): readonly NeighbourRule[] {
  const { selector, ...rest } = readNeighbours(text);
  return [...previous, { together: selector, ...rest }];
}

export function collectApart(
  text: string,
  previous: readonly NeighbourRule[] = [],
): readonly NeighbourRule[] {
  const { selector, ...rest } = readNeighbours(text);
  return [...previous, { apart: selector, ...rest }];
}

/** `SELECTOR`, `SELECTOR by LABEL`. */
function readNeighbours(text: string): { readonly selector: string; readonly by?: string } {
  const match = /^(.*?)(?:\s+by\s+(\S+))?$/s.exec(text.trim());
  const [, selector = "", by] = match ?? [];
  return by === undefined ? { selector } : { selector, by };
}

/** `LABEL`, `LABEL:SKEW`; `*` in the place of the label: over the clusters themselves. */
export function collectSpread(
  text: string,
  previous: readonly SpreadRule[] = [],
): readonly SpreadRule[] {
  const match = /^([^\s:]+)(?::(\d{1,4}))?$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError("Expected label[:skew], such as region:2, or *.");
  const [, label = "", skew = "1"] = match;
  const max_skew = Number(skew);
  return [...previous, label === "*" ? { max_skew } : { by: label, max_skew }];
}

/** `WEIGHT CONSTRAINT`, in one argument. */
function readPreference(text: string): { readonly weight: number; readonly constraint: string } {
  const match = /^\s*(\d{1,3})\s+(\S[^]*)$/.exec(text);
  const weight = Number(match?.[1] ?? 0);
  if (weight >= 1 && weight <= 100) return { weight, constraint: match![2]! };
  throw new InvalidArgumentError(
    'Expected a weight from 1 to 100 and a constraint, such as "10 a is b".',
  );
}

/**
 * `key`, `key=value`, either with `:effect`, and that with `:seconds` (`:5m`); `*` is every taint.
 */
export function collectToleration(
  text: string,
  previous: readonly Toleration[] = [],
): readonly Toleration[] {
  const [name = "", effect, time, ...rest] = text.split(":");
  const { key, value } = readPair(name);
  if (key === "" || rest.length > 0 || (key === "*" && value !== undefined)) {
    throw new InvalidArgumentError("Expected key[=value][:effect[:seconds]] or *.");
  }
  return [
    ...previous,
    {
      key: key === "*" ? "" : key,
      operator: value === undefined ? "Exists" : "Equal",
      value: value ?? "",
      effect: effect === undefined ? null : readEffect(effect),
      seconds: time === undefined ? null : readSeconds(time),
    },
  ];
}

/** A taint to put on a cluster, or, with a minus behind it, those to take away. */
export type TaintChange =
  | { readonly type: "put"; readonly taint: Taint }
  | {
      readonly type: "remove";
      readonly key: string;
      readonly effect: Taint["effect"] | undefined;
    };

/** `key[=value]:effect`, `key:effect-`, `key-`. Throws a usage error: it is no value of a flag. */
export function readTaintChange(text: string): TaintChange {
  const isRemoval = text.endsWith("-");
  const [name = "", effect, ...rest] = (isRemoval ? text.slice(0, -1) : text).split(":");
  const { key, value } = readPair(name);
  const read = effectOf(effect ?? "");
  const isWhole = read !== undefined || (isRemoval && effect === undefined);
  if (key === "" || rest.length > 0 || !isWhole) {
    const form = "key[=value]:NoSchedule or :NoExecute, or key[:effect]- to remove";
    throw usageError(`expected ${form}, found ${JSON.stringify(text)}`);
  }
  if (isRemoval || read === undefined) return { type: "remove", key, effect: read };
  return { type: "put", taint: { key, value: value ?? "", effect: read } };
}

function readPair(text: string): { readonly key: string; readonly value: string | undefined } {
  const equals = text.indexOf("=");
  if (equals < 0) return { key: text, value: undefined };
  return { key: text.slice(0, equals), value: text.slice(equals + 1) };
}

function readEffect(text: string): Taint["effect"] {
  const effect = effectOf(text);
  if (effect !== undefined) return effect;
  throw new InvalidArgumentError("Expected the effect NoSchedule or NoExecute.");
}

function effectOf(text: string): Taint["effect"] | undefined {
  return text === "NoSchedule" || text === "NoExecute" ? text : undefined;
}
