import { Type, type Static } from "typebox";
import { dateTime } from "./metadata.ts";

/**
 * A condition: one thing that one controller has found out about an object. Each type has one owner; the
 * `status.state` that Krake's clients read is derived from all of them.
 */
export const ConditionSchema = Type.Object(
  {
    type: Type.String(),
    status: Type.Union([Type.Literal("True"), Type.Literal("False"), Type.Literal("Unknown")]),
    reason: Type.String({ description: "a constant, for programs" }),
    message: Type.String({ description: "for people" }),
    observed_generation: Type.Integer(),
    last_transition_time: dateTime,
  },
  { additionalProperties: false, $id: "Condition" },
);
export type Condition = Static<typeof ConditionSchema>;

export type Finding = Omit<Condition, "last_transition_time">;

export function conditionOf(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/**
 * The conditions with one set. The transition time moves only when the status changed; a finding that says
 * nothing new gives back the very same list, so that callers can tell that there is nothing to write.
 */
export function setCondition(
  conditions: readonly Condition[],
  finding: Finding,
  now: string,
): readonly Condition[] {
  const previous = conditionOf(conditions, finding.type);
  if (previous && sameFinding(previous, finding)) return conditions;
  const moved = previous?.status !== finding.status;
  const next: Condition = {
    ...finding,
    last_transition_time: moved ? now : previous.last_transition_time,
  };
  const others = conditions.filter((condition) => condition.type !== finding.type);
  return [...others, next].toSorted((a, b) => (a.type < b.type ? -1 : 1));
}

export function dropCondition(
  conditions: readonly Condition[],
  type: string,
): readonly Condition[] {
  return conditionOf(conditions, type) === undefined
    ? conditions
    : conditions.filter((condition) => condition.type !== type);
}

function sameFinding(previous: Condition, finding: Finding): boolean {
  return (
    previous.status === finding.status &&
    previous.reason === finding.reason &&
    previous.message === finding.message &&
    previous.observed_generation === finding.observed_generation
  );
}
