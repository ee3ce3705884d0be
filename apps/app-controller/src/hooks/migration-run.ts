import type { Application, Copy } from "@octoplane/kinds/application";
import type { HookRun } from "@octoplane/kinds/application-copy";
import { factsOf } from "@octoplane/kinds/manifest-facts";
import { migrationSideOf } from "@octoplane/kinds/migration-hook";
import { digestOf } from "@octoplane/delivery/digest";
import type { Hook } from "@octoplane/delivery/helm-hooks";
import { sameRef } from "@octoplane/resources/record";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { Place } from "../place.ts";

/** What is written down of a migration whose Jobs run, with the copy that each of them runs beside. All pure. */

/** The copy that an application comes from, as long as Jobs have to run before that may go; only with a single place. */
export function migratingFrom(
  { spec, status }: Pick<Application, "spec" | "status">,
  places: readonly Pick<Place, "cluster">[],
  others: readonly Copy[],
): Copy | undefined {
  const { running_on: running, places: several } = status;
  const isSingle = several === undefined && places.length === 1;
  if (!isSingle || running === null || sameRef(running, places[0]!.cluster)) return undefined;
  if (spec.manifest.every((item) => migrationSideOf(item) === undefined)) return undefined;
  // What never stood in full has nothing to hand over.
  return others.find((copy) => copy.generation > 0 && sameRef(copy.cluster, running));
}

/** What tells one migration from another: its ends, and the Jobs as they are written. */
export function migrationDigest(
  { spec }: Pick<Application, "spec">,
  ends: { readonly from: string; readonly to: string },
): string {
  const jobs = spec.manifest.filter((item) => migrationSideOf(item) !== undefined);
  return digestOf([ends.from, ends.to, jobs]);
}

/** False for what is left of another migration, and for one that failed before somebody looked at it. */
export function isCurrent(
  run: HookRun | undefined,
  now: { readonly digest: string; readonly generation: number },
): run is HookRun {
  if (run?.digest !== now.digest) return false;
  return run.failed === undefined || run.generation === now.generation;
}

/** Of one side, from its beginning. What an earlier one has left is taken along, and goes with it. */
export function freshRun(
  before: HookRun | undefined,
  of: { readonly digest: string; readonly generation: number },
  time: { readonly now: number; readonly forMs: number },
): HookRun {
  return {
    event: "migrate",
    ...of,
    over: false,
    turns: {},
    until: isoTime(time.now + time.forMs),
    objects: before?.objects ?? [],
  };
}

/** How long the Jobs of one side have together: those of a deadline of their own until that has passed. */
export function patienceMs(hooks: readonly Hook[]): number {
  const needed = hooks.map(({ item }) => {
    const { activeDeadlineSeconds: seconds } = factsOf(item["spec"]);
    return typeof seconds === "number" ? seconds * 1_000 + limits.migrationHookLateMs : 0;
  });
  const most = Math.max(limits.migrationTimeoutMs, ...needed);
  return Math.min(most, limits.shutdownGraceMostMs);
}

/** A copy of which no Job of a migration is known any more: what they have made is among its objects, and goes as those do. */
export function withoutMigration(copy: Copy): Copy {
  const { migration, ...rest } = copy;
  if (migration === undefined) return copy;
  return { ...rest, objects: [...rest.objects, ...migration.objects] };
}
