import { Type, type Static } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { isLabelKey, isLabelValue } from "./metadata.ts";

/**
 * Taints keep applications away from a cluster, tolerations let some in; words and meaning are those of Kubernetes
 * ("Taints and Tolerations"), with clusters in the place of nodes.
 */

const closed = { additionalProperties: false } as const;
const EffectSchema = Type.Union([Type.Literal("NoSchedule"), Type.Literal("NoExecute")]);

export const TaintSchema = Type.Object(
  {
    key: Type.String(),
    value: Type.String({ default: "" }),
    effect: EffectSchema,
  },
  {
    ...closed,
    description: "NoSchedule keeps new applications out, NoExecute also moves those that run",
  },
);
export type Taint = Static<typeof TaintSchema>;

export const TolerationSchema = Type.Object(
  {
    key: Type.String({ default: "", description: "empty, with Exists: every taint" }),
    operator: Type.Union([Type.Literal("Exists"), Type.Literal("Equal")], { default: "Equal" }),
    value: Type.String({ default: "" }),
    effect: Type.Union([EffectSchema, Type.Null()], {
      default: null,
      description: "null: every effect",
    }),
    seconds: Type.Union([Type.Number({ minimum: 0, maximum: 31_536_000 }), Type.Null()], {
      default: null,
      description: "of NoExecute: how long what runs may stay, a year at most; null: for ever",
    }),
  },
  closed,
);
export type Toleration = Static<typeof TolerationSchema>;

export const taintsField = Type.Optional(
  Type.Array(TaintSchema, { maxItems: limits.taintsMax, description: "who is kept away" }),
);
export const tolerationsField = Type.Optional(
  Type.Array(TolerationSchema, {
    maxItems: limits.taintsMax,
    description: "taints of clusters that do not keep it away",
  }),
);

/** When each taint was first seen, by its text: what a toleration's seconds are counted from. */
export const taintsSinceField = Type.Optional(Type.Record(Type.String(), Type.String()));

/** As people write it: `gpu=yes:NoSchedule`, `maintenance:NoExecute`. */
export function taintText({ key, value, effect }: Taint): string {
  return `${key}${value === "" ? "" : `=${value}`}:${effect}`;
}

export function checkTaints(field: string, taints: readonly Taint[] = []): readonly FieldProblem[] {
  const seen = new Set<string>();
  return taints.flatMap(({ key, value, effect }, index) => {
    const at = `${field}[${index}]`;
    const isDouble = seen.has(`${key}:${effect}`);
    seen.add(`${key}:${effect}`);
    return [
      ...(isLabelKey(key) ? [] : [{ field: `${at}.key`, message: "expected a label key" }]),
      ...(value === "" || isLabelValue(value)
        ? []
        : [{ field: `${at}.value`, message: "expected a label value" }]),
      ...(isDouble
        ? [{ field: at, message: `expected one taint of the same key and effect (${key})` }]
        : []),
    ];
  });
}

export function checkTolerations(
  field: string,
  tolerations: readonly Toleration[] = [],
): readonly FieldProblem[] {
  return tolerations.flatMap(({ key, operator, value, effect, seconds }, index) => {
    const at = `${field}[${index}]`;
    const problems: FieldProblem[] = [];
    if (key === "" && operator === "Equal") {
      problems.push({ field: `${at}.key`, message: "expected a key, or the operator Exists" });
    }
    if (key !== "" && !isLabelKey(key)) {
      problems.push({ field: `${at}.key`, message: "expected a label key" });
    }
    if (operator === "Exists" && value !== "") {
      problems.push({ field: `${at}.value`, message: "expected no value with Exists" });
    }
    if (operator === "Equal" && value !== "" && !isLabelValue(value)) {
      problems.push({ field: `${at}.value`, message: "expected a label value" });
    }
    if (seconds !== null && effect === "NoSchedule") {
      problems.push({ field: `${at}.seconds`, message: "expected the effect NoExecute with it" });
    }
    return problems;
  });
}

/**
 * How long the tolerations bear a taint, in seconds: 0 not at all, `Infinity` for ever. Of several that fit the longest
 * counts, so that a toleration never makes an application less tolerant.
 */
export function toleratedSeconds(taint: Taint, tolerations: readonly Toleration[] = []): number {
  const fitting = tolerations.filter(
    ({ key, operator, value, effect }) =>
      (key === "" || key === taint.key) &&
      (operator === "Exists" || value === taint.value) &&
      (effect === null || effect === taint.effect),
  );
  const isTimed = taint.effect === "NoExecute";
  return Math.max(0, ...fitting.map(({ seconds }) => (isTimed ? (seconds ?? Infinity) : Infinity)));
}
