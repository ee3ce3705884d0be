import type { Application, Copy } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import { setCondition, type Condition, type Finding } from "@octoplane/kinds/condition";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { Result } from "@octoplane/reconcile/controller";
import { sameRef } from "@octoplane/resources/record";
import { withCopies } from "@octoplane/resources/shutdown";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { AppWorld } from "./app-world.ts";
import { applyPlace, type PlaceOutcome } from "./apply-place.ts";
import {
  combinedHealth,
  combinedShown,
  combinedTroubles,
  runningOn,
  standIns,
} from "./combine-places.ts";
import type { WaitsFor } from "./apply-state.ts";
import { disown } from "./disown.ts";
import { dismantle } from "./dismantle.ts";
import { forgottenTokens, hookSecrets } from "./hooks/hook-tokens.ts";
import { migrate, type Migrated } from "./hooks/migrate.ts";
import { migratingFrom, withoutMigration } from "./hooks/migration-run.ts";
import { shutDown, type ShutDown } from "./hooks/shut-down.ts";
import { letGo } from "./let-go.ts";
import { unmetNeed, waitForNeed } from "./need.ts";
import { observedStatus } from "./observer/observed-status.ts";
import { placesOf, type Place } from "./place.ts";
import { removeCopies, type Remains } from "./remove-copy.ts";
import { withRoom } from "./room-for-copies.ts";
import { StatusWriter } from "./status-writer.ts";
import { takeDown } from "./take-down.ts";
import { translateApplication } from "./translation/translate-application.ts";
import { appliedFinding, type HealthSummary } from "./summary.ts";

/**
 * Brings what runs of one application to what it should be: the copies on the chosen clusters first, and only when they
 * serve, away with the others. On deletion, away with all of them.
 */
export async function reconcileApplication(
  world: AppWorld,
  key: string,
  signal: AbortSignal,
): Promise<Result> {
  const app = await world.read(key);
  const unrecorded = world.unrecorded.get(key);
  if (unrecorded) {
    const left = await disown(world, unrecorded, app, signal);
    if (left) {
      world.unrecorded.set(key, left);
      return { failed: true };
    }
    world.unrecorded.delete(key);
  }
  if (!app) return {};
  if (app.metadata.deleted !== null) return await dismantle(world, key, app, signal);
  const translating = await translateApplication(world, { key, app, signal });
  if (app.status.places?.length === 0) {
    return { ...(await letGo(world, key, app, signal)), ...translating };
  }
  if (translating) return translating;
  // Nothing is done for a specification that the scheduler has not seen; what stands is kept as it was wanted last.
  if (app.status.scheduled_generation < app.metadata.generation) return {};
  const isThere = (copy: Copy): boolean => world.clusterUid(copy.cluster) === copy.cluster_uid;
  const copies = app.status.copies.filter(isThere);
  if (app.spec.stopped === "removed") return await takeDown(world, { key, app, copies, signal });
  const wait = copies.some(({ generation }) => generation > 0) ? undefined : unmetNeed(world, app);
  if (wait !== undefined) return await waitForNeed(world, { key, app, wait });
  const places = placesOf(app, copies, (cluster) => world.clusterUid(cluster));
  if (places.length === 0) return {};
  const others = copies.filter((copy) => !places.some((place) => place.copy === copy));
  const status = new StatusWriter(world, key, app);
  const work = { key, app, places, others, isThere, status, signal };
  if (migratingFrom(app, places, others)) return await bringUp(world, work);
  // Nothing is handed over, or no more: what was made for that goes as everything that is not in the manifest.
  const settled = places.map(({ copy, ...place }) => ({
    ...place,
    copy: copy === undefined ? undefined : withoutMigration(copy),
  }));
  return await bringUp(world, { ...work, places: settled });
}

interface Work {
  readonly key: string;
  readonly app: Application;
  readonly places: readonly Place[];
  /** The copies on clusters where the application no longer belongs. */
  readonly others: readonly Copy[];
  /** False when the cluster of a copy has gone. */
  readonly isThere: (copy: Copy) => boolean;
  readonly status: StatusWriter;
  readonly signal: AbortSignal;
}

async function bringUp(world: AppWorld, work: Work): Promise<Result> {
  const { key, app, places } = work;
  const { outcomes, others, waitMs } = await applyAndMigrate(world, work);
  const now = world.clock.now();
  // A place whose cluster has gone is to be filled again: it counts as one that does not serve.
  const bound = boundClusters(app.status).length;
  const missing = bound - outcomes.filter(({ isReady }) => isReady).length;
  // A failed attempt goes at once, a copy that serves only when another one does in its place.
  const staying = standIns(app, others, missing);
  const rest = await removeOthers(world, { ...work, others }, staying);
  const reached = outcomes.filter(({ result, isReady }) =>
    others.length === 0 ? result.isSettled : result.isComplete && isReady,
  );
  const standing = outcomes.filter(
    (outcome) =>
      outcome.copy.objects.length > 0 ||
      outcome.copy.hooks !== undefined ||
      outcome.copy.migration !== undefined ||
      reached.includes(outcome),
  );
  const copies = [...rest.copies, ...standing.map(({ copy }) => copy)];
  const running = runningOn(app, reached, copies);
  const isMoving = running !== null && !places.some(({ cluster }) => sameRef(cluster, running));
  const health = combinedHealth(outcomes);
  const isComplete = outcomes.length === bound && outcomes.every(({ result }) => result.isComplete);
  const applied = appliedFinding({
    isComplete,
    // What keeps an old copy from going is no trouble of those that serve; what does not pass by itself is told.
    troubles: missing === 0 ? [] : [...combinedTroubles(outcomes), ...rest.troubles],
    waitsFor:
      firstWait(outcomes) ??
      (isMoving && isComplete ? waitsFor(health, outcomes, running) : undefined),
    contested: outcomes.flatMap(({ result }) => result.contested),
    leftBehind: leftBehind(rest.copies),
    warnings: warningsOf(outcomes),
  });
  await work.status.write((status) => {
    const next = {
      ...status,
      ...(isComplete ? forgottenTokens(app) : {}),
      ...observedStatus(app, outcomes),
      copies,
      running_on: running,
      observed_generation: isComplete ? app.metadata.generation : status.observed_generation,
      // While a copy elsewhere still serves, its Pods and addresses are the ones that people see.
      ...(isMoving || running === null ? {} : combinedShown(outcomes, status)),
      conditions: conditionsAfter(status.conditions, app, {
        applied,
        // What was refused does not hide how the rest is doing.
        health: isComplete || isPartly(outcomes) ? health : undefined,
        now,
      }),
    };
    return withCopies(app, next, isoTime(now));
  });
  world.unrecorded.delete(key);
  return comeBack({ outcomes, health, rest, waitMs });
}

/** What was made at the places, and what runs while the application moves; until it is written down somebody has to know of it. */
async function applyAndMigrate(world: AppWorld, work: Work): Promise<Migrated> {
  const { key, app, others, status, signal } = work;
  const owner = app.metadata.uid;
  const outcomes = await applyPlaces(world, work);
  world.unrecorded.set(key, { owner, copies: outcomes.map(({ copy }) => copy) });
  const migrated = await migrate(world, { app, outcomes, others, status, signal });
  const made = migrated.outcomes.map(({ copy }) => copy);
  const besides = migrated.others.flatMap(({ hooks: _hooks, migration, ...copy }) =>
    migration === undefined ? [] : [{ ...copy, objects: migration.objects }],
  );
  world.unrecorded.set(key, { owner, copies: [...made, ...besides] });
  return migrated;
}

/** Away with the copies that nobody needs any more, those that want to be asked when they are ready for it. */
async function removeOthers(
  world: AppWorld,
  { app, others, status, signal }: Work,
  staying: ReadonlySet<Copy>,
): Promise<Remains & Pick<ShutDown, "waitMs">> {
  const kept = others.filter((copy) => staying.has(copy));
  const leaving = others.filter((copy) => !staying.has(copy));
  const { copies, mayGo, waitMs } = await shutDown(world, { app, copies: leaving, status, signal });
  const record = async (copy: Copy): Promise<void> => await status.writeCopy(copy);
  const going = { copies, stays: (copy: Copy) => !mayGo(copy), app, record };
  const rest = await removeCopies(world, app.metadata.uid, going, signal);
  return { ...rest, copies: [...kept, ...rest.copies], waitMs };
}

/** All places at once, so that a slow cluster delays no other; nothing is left under way when one of them fails. */
async function applyPlaces(world: AppWorld, work: Work): Promise<readonly PlaceOutcome[]> {
  const { key, app, places, others, isThere, status, signal } = work;
  const secrets = await hookSecrets(world, work);
  const intend = async (copy: Copy): Promise<void> =>
    await status.write((current) => {
      const rest = current.copies.filter(
        (one) => isThere(one) && !sameRef(one.cluster, copy.cluster),
      );
      return { ...current, copies: [...withRoom([...rest, copy])] };
    });
  const isReplacement = others.length > 0;
  const outcomes = await Promise.allSettled(
    places.map((place) =>
      applyPlace(world, { app, place, isReplacement, intend, secrets, signal }),
    ),
  );
  const failed = outcomes.find(({ status }) => status === "rejected");
  const made = outcomes.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  if (failed?.status !== "rejected") return made;
  // Somebody else keeps the books now, and may not know of what was made at the other places meanwhile.
  world.unrecorded.set(key, { owner: app.metadata.uid, copies: made.map(({ copy }) => copy) });
  throw failed.reason;
}

function firstWait(outcomes: readonly PlaceOutcome[]): WaitsFor | undefined {
  return outcomes.map(({ result }) => result.waitsFor).find((wait) => wait !== undefined);
}

/** True when something runs although something else was refused. */
function isPartly(outcomes: readonly PlaceOutcome[]): boolean {
  return outcomes.every(
    ({ result: { isSettled, observed } }) =>
      isSettled && observed.some(({ health }) => health.pods !== undefined),
  );
}

/** Why copies still stand that were to go: a hook before that has failed, and it may be what saves the data. */
function leftBehind(copies: readonly Copy[]): readonly string[] {
  return copies.flatMap(({ cluster, hooks }) =>
    hooks?.event === "delete" && hooks.failed !== undefined
      ? [`the copy on cluster ${cluster.name} stays: ${hooks.failed}`]
      : [],
  );
}

/** What clusters remarked of our objects, each remark once. */
function warningsOf(outcomes: readonly PlaceOutcome[]): readonly string[] {
  const told = outcomes.flatMap(({ result }) =>
    result.objects.flatMap((item) =>
      (item.warnings ?? []).map((text) => `${item.kind} ${item.name}: ${text}`),
    ),
  );
  return [...new Set(told)];
}

function waitsFor(
  { finding }: HealthSummary,
  outcomes: readonly PlaceOutcome[],
  running: ResourceRef,
): WaitsFor {
  const late = outcomes.find(({ isReady }) => !isReady) ?? outcomes[0]!;
  const target = late.place.cluster.name;
  const message = `not yet healthy on ${target}, so it stays on ${running.name}: ${finding.message}`;
  return { reason: finding.reason, message: message.slice(0, limits.messageCharsMax) };
}

function conditionsAfter(
  conditions: readonly Condition[],
  app: Application,
  found: {
    readonly applied: Omit<Finding, "observed_generation">;
    readonly health: HealthSummary | undefined;
    readonly now: number;
  },
): Condition[] {
  const observed = { observed_generation: app.metadata.generation };
  const now = isoTime(found.now);
  let next = setCondition(conditions, { ...found.applied, ...observed }, now);
  if (found.health) next = setCondition(next, { ...found.health.finding, ...observed }, now);
  return [...next];
}

/** When to look again although nobody says that anything has changed. */
function comeBack(found: {
  readonly outcomes: readonly PlaceOutcome[];
  readonly health: HealthSummary;
  readonly rest: Remains & Pick<ShutDown, "waitMs">;
  readonly waitMs: number | undefined;
}): Result {
  const { health, rest } = found;
  const results = found.outcomes.map(({ result }) => result);
  const isComplete = results.every((result) => result.isComplete);
  const isSettled = isComplete && health.graceLeftMs === undefined;
  const delays = [
    rest.isLeaving ? limits.removalCheckMs : undefined,
    rest.waitMs,
    found.waitMs,
    isComplete ? health.graceLeftMs : undefined,
    ...found.outcomes.flatMap(({ lookInMs, renewInMs }) => [lookInMs, renewInMs]),
    ...results.map(({ repairInMs }) => repairInMs),
    ...results.map(({ isWatched }) =>
      isWatched ? undefined : isSettled ? limits.driftPollMs : limits.progressPollMs,
    ),
  ].filter((delay) => delay !== undefined);
  const requeue = delays.length === 0 ? {} : { requeueAfterMs: Math.min(...delays) };
  const troubles = [...results.flatMap((result) => result.troubles), ...rest.troubles];
  if (troubles.length === 0) return requeue;
  const notBeforeMs = Math.max(...troubles.map(({ retryAfterMs }) => retryAfterMs ?? 0));
  // What a cluster refuses, somebody must change; it is tried again all the same, but ever more seldom.
  const mostMs = troubles.some(({ canPass }) => canPass)
    ? limits.retryMostMs
    : limits.refusedRetryMs;
  return { ...requeue, failed: true, notBeforeMs, mostMs };
}
