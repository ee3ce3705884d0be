import type { Copies } from "@octoplane/kinds/copies";
import type { Override } from "@octoplane/kinds/override";
import type { PlacementChoice } from "@octoplane/kinds/placement-choice";
import { failure } from "@octoplane/shared/errors";

/** The flags about several copies, and what they make of an application. Pure. */

export interface CopyFlags {
  /** `false`: one place, as without copies. */
  readonly copies?: Copies["count"] | false;
  /** `false`: all replicas on each. */
  readonly divide?: Copies["divide_by"] | false;
  readonly copyWeight?: Copies["weights"];
  readonly copiesOver?: NonNullable<Copies["spread"]>;
  readonly overrides?: string | false;
}

/** The placement with what was named changed; `overrides` is what stood in the file that was named. */
export function changedCopies(
  before: PlacementChoice | undefined,
  flags: CopyFlags,
  overrides: readonly Readonly<Record<string, unknown>>[] | undefined,
): PlacementChoice | undefined {
  const { copies: _copies, overrides: _overrides, ...others } = before ?? {};
  const copies = copiesWith(before?.copies, flags);
  const wanted = flags.overrides === false ? undefined : (overrides ?? before?.overrides);
  const next = {
    ...others,
    ...(copies === undefined ? {} : { copies }),
    // What a file says is judged by the server, with the place of what is wrong.
    ...(wanted === undefined ? {} : { overrides: [...(wanted as readonly Override[])] }),
  };
  return before === undefined && Object.keys(next).length === 0 ? undefined : next;
}

function copiesWith(before: Copies | undefined, flags: CopyFlags): Copies | undefined {
  const { copies: count, divide, copyWeight, copiesOver } = flags;
  if (count === false) return undefined;
  const isNamed = [count, divide, copyWeight, copiesOver].some((one) => one !== undefined);
  if (!isNamed) return before;
  if (count === undefined && before === undefined) {
    throw failure("Invalid", "how many copies? expected --copies beside it");
  }
  const by = divide === false ? "even" : (divide ?? (copyWeight ? "weights" : before?.divide_by));
  const isDivided =
    divide === undefined
      ? copyWeight !== undefined || before?.replicas === "divided"
      : divide !== false;
  const weights = by === "weights" ? (copyWeight ?? before?.weights ?? []) : [];
  const spread = copiesOver ?? before?.spread;
  return {
    count: count ?? before?.count ?? 1,
    replicas: isDivided ? "divided" : "duplicated",
    divide_by: by ?? "even",
    weights: [...weights],
    ...(spread === undefined ? {} : { spread }),
  };
}
