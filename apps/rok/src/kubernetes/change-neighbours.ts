import type { Preference } from "@octoplane/kinds/constraints";
import type { NeighbourRule, SpreadRule } from "@octoplane/kinds/neighbour-rule";
import type { PlacementChoice } from "@octoplane/kinds/placement-choice";

/** The flags about expressions, other applications, capacity and the pin, and what they make of an application. Pure. */

export interface NeighbourFlags {
  readonly clusterExpression?: readonly string[];
  readonly clusterExpressionPreference?: readonly Preference[];
  readonly together?: readonly NeighbourRule[];
  readonly apart?: readonly NeighbourRule[];
  readonly spread?: readonly SpreadRule[];
  readonly removeExistingExpressions?: boolean;
  readonly removeExistingNeighbours?: boolean;
  readonly ignoreCapacity?: boolean;
  /** `false`: none. */
  readonly pin?: string | false;
  readonly localData?: "stay" | "abandon";
}

interface ClusterConstraints {
  readonly expressions?: readonly string[];
  readonly applications?: readonly NeighbourRule[];
  readonly spread?: readonly SpreadRule[];
  readonly ignore_capacity?: boolean;
}

/** The fields that change; those that are not named stay as they are. */
export function changedConstraints(
  before: ClusterConstraints | undefined,
  flags: NeighbourFlags,
): ClusterConstraints {
  const { clusterExpression, together, apart, spread, ignoreCapacity } = flags;
  const clearsTexts = flags.removeExistingExpressions === true;
  const clearsRules = flags.removeExistingNeighbours === true;
  const rules = together || apart ? [...(together ?? []), ...(apart ?? [])] : undefined;
  return {
    ...field("expressions", clearsTexts ? [] : before?.expressions, clusterExpression, clearsTexts),
    ...field("applications", clearsRules ? [] : before?.applications, rules, clearsRules),
    ...field("spread", clearsRules ? [] : before?.spread, spread, clearsRules),
    ...(ignoreCapacity === undefined ? {} : { ignore_capacity: ignoreCapacity }),
  };
}

/** What is there and what is new, each once. */
function field<T>(
  name: string,
  before: readonly T[] | undefined,
  more: readonly T[] | undefined,
  isCleared: boolean,
): object {
  if (more === undefined && !isCleared) return {};
  const all = [...(before ?? []), ...(more ?? [])];
  return { [name]: [...new Map(all.map((one) => [JSON.stringify(one), one])).values()] };
}

/** The placement with another pin, or none. */
export function changedPin(
  before: PlacementChoice | undefined,
  { pin, localData }: NeighbourFlags,
): PlacementChoice | undefined {
  if (pin === undefined && localData === undefined) return before;
  const { cluster, ...others } = before ?? {};
  const chosen = pin === undefined ? cluster : pin === false ? undefined : pin;
  return {
    ...others,
    ...(chosen === undefined ? {} : { cluster: chosen }),
    ...(localData === undefined ? {} : { local_data: localData }),
  };
}
