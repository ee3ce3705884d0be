import type { Application, Copy } from "@octoplane/kinds/application";
import type { HookRun } from "@octoplane/kinds/application-copy";
import { hookFailed } from "@octoplane/kinds/application-state";
import type { MigrationSide } from "@octoplane/kinds/migration-hook";
import { migrationHooks, type MigrationEnds } from "@octoplane/delivery/migration-hooks";
import { KubeError } from "@octoplane/kube/kube";
import { sameRef } from "@octoplane/resources/record";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { AppWorld } from "../app-world.ts";
import type { PlaceOutcome } from "../apply-place.ts";
import type { WaitsFor } from "../apply-state.ts";
import { outageOf } from "../remove-copy.ts";
import { removeObjects, type RemoveInput } from "../remove-objects.ts";
import { runHooks } from "../run-hooks.ts";
import type { StatusWriter } from "../status-writer.ts";
import { troubleOf, type Trouble } from "../trouble.ts";
import { hookState } from "./hook-state.ts";
import {
  freshRun,
  isCurrent,
  migratingFrom,
  migrationDigest,
  patienceMs,
  withoutMigration,
} from "./migration-run.ts";

/** What the Jobs of a migration make of a place that would be ready without them. */
export interface Migrated {
  readonly outcomes: readonly PlaceOutcome[];
  readonly others: readonly Copy[];
  /** When to look again; `undefined` when nothing is under way. */
  readonly waitMs: number | undefined;
}

export interface MigrationWork {
  readonly app: Application;
  readonly outcomes: readonly PlaceOutcome[];
  /** The copies on other clusters. */
  readonly others: readonly Copy[];
  readonly status: StatusWriter;
  readonly signal: AbortSignal;
}

/**
 * Runs the Jobs of a migration as soon as the new copy is healthy: those before it on the cluster that the application comes from,
 * then those behind it on the one that it comes to. Until all of them have ended well the new place counts as one that is not
 * ready, so that the old copy stays. How far they have come stands with the two copies; each runs once for each migration.
 */
export async function migrate(world: AppWorld, work: MigrationWork): Promise<Migrated> {
  const { app, outcomes, others } = work;
  const places = outcomes.map(({ place }) => place);
  const source = migratingFrom(app, places, others);
  const [outcome] = outcomes;
  if (source === undefined || !outcome?.isReady) return { outcomes, others, waitMs: undefined };
  const sides = begun(world, { app, source, target: outcome.copy });
  const before = await runSide(world, work, { ...sides, side: "pre", copy: sides.source });
  const handed = { ...sides, source: before.copy };
  if (!before.isThrough) return pending(world, { work, outcome, ...handed, step: before });
  const isNew = sides.source.migration?.over !== true;
  const moved = isNew ? { ...handed, target: fromNow(world, work, handed) } : handed;
  const after = await runSide(world, work, { ...moved, side: "post", copy: moved.target });
  const done = { ...moved, target: after.copy };
  if (!after.isThrough) return pending(world, { work, outcome, ...done, step: after });
  return await clearUp(world, work, { outcome, ...done });
}

/** Both ends of a migration, with how far each has come. */
interface Sides {
  readonly source: Copy;
  readonly target: Copy;
}

/** What was written down of this very migration; else its beginning. */
function begun(
  world: AppWorld,
  { app, source, target }: Sides & { readonly app: Application },
): Sides {
  const digest = migrationDigest(app, { from: source.cluster_uid, to: target.cluster_uid });
  const of = { digest, generation: app.metadata.generation };
  const isKnown = isCurrent(source.migration, of);
  if (isKnown && isCurrent(target.migration, of)) return { source, target };
  const fresh = (copy: Copy, side: MigrationSide): HookRun => {
    const hooks = migrationHooks(app.spec.manifest, side, endsOf({ source, target }));
    return freshRun(copy.migration, of, { now: world.clock.now(), forMs: patienceMs(hooks) });
  };
  // A cluster that does not answer any more has no say in it: what was kept elsewhere is all that there is.
  const isLost = outageOf(world, source.cluster) !== undefined;
  const pre = { ...fresh(source, "pre"), over: isLost };
  return {
    source: { ...source, migration: pre },
    target: { ...target, migration: fresh(target, "post") },
  };
}

/** The time of the Jobs on the new cluster begins when those on the old one have ended. */
function fromNow(world: AppWorld, { app }: MigrationWork, sides: Sides): Copy {
  const run = sides.target.migration!;
  const hooks = migrationHooks(app.spec.manifest, "post", endsOf(sides));
  const until = isoTime(world.clock.now() + patienceMs(hooks));
  return { ...sides.target, migration: { ...run, until } };
}

function endsOf({ source, target }: Sides): MigrationEnds {
  return { from: source.cluster.name, to: target.cluster.name };
}

interface Step {
  readonly copy: Copy;
  readonly isThrough: boolean;
  readonly troubles: readonly Trouble[];
  readonly waitsFor: WaitsFor | undefined;
}

type Side = Sides & { readonly side: MigrationSide; readonly copy: Copy };

async function runSide(world: AppWorld, work: MigrationWork, side: Side): Promise<Step> {
  const { copy } = side;
  const known = copy.migration!;
  if (known.over) return { copy, isThrough: true, troubles: [], waitsFor: undefined };
  if (known.failed !== undefined) return failedStep(copy, known.failed);
  const step = await runJobs(world, work, side);
  const { failed, until } = step.copy.migration!;
  const isLate = until !== undefined && world.clock.now() >= Date.parse(until);
  if (step.isThrough || failed !== undefined || !isLate) return step;
  const told = step.troubles[0]?.message ?? step.waitsFor?.message ?? "";
  const message = `${side.side}-migrate hooks have not ended in time: ${told}`;
  return failedStep({ ...copy, migration: { ...step.copy.migration!, failed: message } }, message);
}

function failedStep(copy: Copy, message: string): Step {
  const troubles = [{ code: hookFailed, message, canPass: false }];
  return { copy, isThrough: false, troubles, waitsFor: undefined };
}

async function runJobs(world: AppWorld, work: MigrationWork, side: Side): Promise<Step> {
  const { app, status, signal } = work;
  const { copy } = side;
  const stuck = (trouble: Trouble): Step => ({
    copy,
    isThrough: false,
    troubles: [trouble],
    waitsFor: undefined,
  });
  const outage = outageOf(world, copy.cluster);
  if (outage !== undefined) return stuck(outage);
  try {
    const state = hookState(await placeOf(world, work, copy), {
      app,
      copy,
      labels: world.clusterLabels(copy.cluster),
      hooks: copy.migration,
      record: async (migration) =>
        await writeDown(status, [{ ...copy, migration }, side.source, side.target]),
    });
    const hooks = migrationHooks(state.input.manifest, side.side, endsOf(side));
    const isThrough = await runHooks(state, { hooks, side: side.side });
    const migration = { ...state.hooks!, over: isThrough };
    const { troubles, waitsFor } = state;
    return { copy: { ...copy, migration }, isThrough, troubles, waitsFor };
  } catch (error) {
    if (signal.aborted) throw error;
    return stuck(troubleOf(error, `cluster ${copy.cluster.name}`));
  }
}

async function placeOf(
  world: AppWorld,
  { app, signal }: MigrationWork,
  { cluster }: Copy,
): Promise<Omit<RemoveInput, "items">> {
  const { uid } = app.metadata;
  return {
    view: await world.view(cluster),
    owner: uid,
    isLiving: (other) => world.isLiving(other),
    othersIn: (namespace) => world.othersIn(cluster, namespace, uid),
    signal,
  };
}

/** Of a copy that is named twice, the first one counts. */
async function writeDown(status: StatusWriter, changed: readonly Copy[]): Promise<void> {
  await status.write((current) => {
    const copies = current.copies.map(
      (one) => changed.find(({ cluster }) => sameRef(cluster, one.cluster)) ?? one,
    );
    return { ...current, copies };
  });
}

/** The hand-over waits, or has failed: for everybody else the place is not ready yet. */
function pending(
  world: AppWorld,
  found: Sides & {
    readonly work: MigrationWork;
    readonly outcome: PlaceOutcome;
    readonly step: Step;
  },
): Migrated {
  const { work, outcome, source, target, step } = found;
  const { troubles, waitsFor } = step;
  const held: PlaceOutcome = {
    ...outcome,
    copy: target,
    isReady: false,
    result: { ...outcome.result, troubles, waitsFor },
  };
  const { failed, until } = step.copy.migration!;
  const leftMs = Date.parse(until ?? "") - world.clock.now();
  // Their end wakes us through the watch, where Jobs may be watched.
  const waitMs = Math.max(1, Math.min(leftMs, limits.progressPollMs));
  return {
    outcomes: [held],
    others: replaced(work.others, source),
    waitMs: failed === undefined ? waitMs : undefined,
  };
}

/** All have ended well: that is written down before they go, and the old copy may go behind them. */
async function clearUp(
  world: AppWorld,
  work: MigrationWork,
  { outcome, source, target }: Sides & { readonly outcome: PlaceOutcome },
): Promise<Migrated> {
  await writeDown(work.status, [source, target]);
  const [from, to] = await Promise.all([
    withoutJobs(world, work, source),
    withoutJobs(world, work, target),
  ]);
  const isLeaving = to.migration!.objects.length > 0;
  const copy = withoutMigration(to);
  return {
    outcomes: [{ ...outcome, copy }],
    others: replaced(work.others, from),
    waitMs: isLeaving ? limits.removalCheckMs : undefined,
  };
}

/** What cannot be removed now stays in the books, and goes with the copy or at the next look at it. */
async function withoutJobs(world: AppWorld, work: MigrationWork, copy: Copy): Promise<Copy> {
  const migration = copy.migration!;
  if (migration.objects.length === 0) return copy;
  if (outageOf(world, copy.cluster) !== undefined) return copy;
  try {
    const place = await placeOf(world, work, copy);
    const { remaining } = await removeObjects({ ...place, items: migration.objects });
    return { ...copy, migration: { ...migration, objects: [...remaining] } };
  } catch (error) {
    if (work.signal.aborted || !(error instanceof KubeError)) throw error;
    return copy;
  }
}

function replaced(others: readonly Copy[], copy: Copy): readonly Copy[] {
  return others.map((one) => (sameRef(one.cluster, copy.cluster) ? copy : one));
}
