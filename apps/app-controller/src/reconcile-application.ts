import type {
  Application,
  ApplicationStatus,
  Copy,
  InventoryItem,
} from "@octoplane/kinds/application";
import { setCondition, type Condition, type Finding } from "@octoplane/kinds/condition";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { Result } from "@octoplane/reconcile/controller";
import { sameRef } from "@octoplane/resources/record";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { AppWorld } from "./app-world.ts";
import { applyCopy, type CopyResult } from "./apply-copy.ts";
import { disown } from "./disown.ts";
import { dismantle } from "./dismantle.ts";
import { outageOf, removeCopy } from "./remove-copy.ts";
import { servicesText } from "./service-addresses.ts";
import { StatusWriter } from "./status-writer.ts";
import { appliedFinding, podTotals, summarize, type HealthSummary } from "./summary.ts";
import { troubleOf, type Trouble } from "./trouble.ts";

/**
 * Brings what runs of one application to what it should be: the copy on the chosen cluster first, and only when that
 * serves, away with the others. On deletion, away with all of them.
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
  const target = app.status.scheduled_to;
  // Nothing is done for a specification that the scheduler has not seen; what stands is kept as it was wanted last.
  if (target === null || app.status.scheduled_generation < app.metadata.generation) return {};
  const uid = world.clusterUid(target);
  // Its cluster has gone: the scheduler will choose another.
  if (uid === undefined) return {};
  const copies = app.status.copies.filter(
    (copy) => world.clusterUid(copy.cluster) === copy.cluster_uid,
  );
  const current = copies.find((copy) => sameRef(copy.cluster, target));
  const others = copies.filter((copy) => copy !== current);
  const status = new StatusWriter(world, key, app);
  return await bringUp(world, { key, app, target, uid, current, others, status, signal });
}

interface Work {
  readonly key: string;
  readonly app: Application;
  readonly target: ResourceRef;
  /** Of the target. */
  readonly uid: string;
  /** The copy on the target, as far as there is one. */
  readonly current: Copy | undefined;
  readonly others: readonly Copy[];
  readonly status: StatusWriter;
  readonly signal: AbortSignal;
}

async function bringUp(world: AppWorld, work: Work): Promise<Result> {
  const { key, app, target, current, others } = work;
  const outcome = await applyTarget(world, work);
  const { result } = outcome;
  const now = world.clock.now();
  const health = summarize(result.observed, {
    status: app.status,
    now,
    graceMs: world.startGraceMs,
    isReplacement: others.length > 0,
  });
  const generation = result.isComplete ? app.metadata.generation : (current?.generation ?? 0);
  const copy = copyOf(work, { generation, objects: result.objects });
  world.unrecorded.set(key, { owner: app.metadata.uid, copy });
  const ready = result.isComplete && result.troubles.length === 0 && health.serves;
  const rest = await removeOthers(world, work, ready);
  const reached = result.isComplete && (others.length === 0 || ready);
  const copies = [...rest.copies, ...(copy.objects.length > 0 || reached ? [copy] : [])];
  const running = reached ? target : stillRunningOn(app, copies);
  const isMoving = running !== null && !sameRef(running, target);
  const applied = appliedFinding({
    isComplete: result.isComplete,
    // What keeps an old copy from going is no trouble of the one that serves.
    troubles: ready ? [] : [...result.troubles, ...rest.troubles],
    waitsFor: isMoving && running ? waitsFor(health, target, running) : undefined,
    contested: result.contested,
  });
  await work.status.write((status) => ({
    ...status,
    copies,
    running_on: running,
    observed_generation: result.isComplete ? app.metadata.generation : status.observed_generation,
    // While a copy elsewhere still serves, its Pods and addresses are the ones that people see.
    ...(isMoving || running === null ? {} : outcome.shown),
    conditions: conditionsAfter(status.conditions, app, {
      applied,
      health: result.isComplete ? health : undefined,
      now,
    }),
  }));
  world.unrecorded.delete(key);
  return comeBack({ result, health, rest });
}

function copyOf(
  { target, uid }: Work,
  made: { readonly generation: number; readonly objects: readonly InventoryItem[] },
): Copy {
  return {
    cluster: target,
    cluster_uid: uid,
    generation: made.generation,
    objects: [...made.objects],
  };
}

interface Outcome {
  readonly result: CopyResult;
  /** What people see of the copy; empty when nothing could be seen. */
  readonly shown: Partial<Pick<ApplicationStatus, "container_health" | "services">>;
}

async function applyTarget(world: AppWorld, work: Work): Promise<Outcome> {
  const { app, target, current, others, signal } = work;
  const { uid, name, namespace } = app.metadata;
  if (app.spec.manifest.length === 0) return unseen(current, noManifest);
  const outage = outageOf(world, target);
  if (outage) return unseen(current, outage);
  try {
    const view = await world.view(target);
    const result = await applyCopy({
      view,
      manifest: app.spec.manifest,
      owner: { uid, name, namespace: namespace ?? "" },
      copy: current,
      isLiving: (other) => world.isLiving(other),
      intend: async (objects) => {
        const copy = copyOf(work, { generation: current?.generation ?? 0, objects });
        await work.status.write((status) => ({ ...status, copies: [...others, copy] }));
      },
      signal,
    });
    const views = result.observed
      .map(({ service }) => service)
      .filter((service) => service !== undefined);
    const shown = {
      container_health: podTotals(result.observed),
      services: { ...servicesText(views, view.kube.server) },
    };
    return { result, shown };
  } catch (error) {
    if (signal.aborted) throw error;
    return unseen(current, troubleOf(error, `cluster ${target.name}`));
  }
}

/** Nothing was done, so what stands is what stood before. */
function unseen(current: Copy | undefined, trouble: Trouble): Outcome {
  const result: CopyResult = {
    objects: current?.objects ?? [],
    observed: [],
    isComplete: false,
    troubles: [trouble],
    isWatched: true,
    contested: [],
    repairInMs: undefined,
  };
  return { result, shown: {} };
}

/** Templates are stored; this version applies manifests only, and says so rather than running nothing in silence. */
const noManifest: Trouble = {
  code: "INVALID_TOSCA_MANIFEST",
  message:
    "the application has no manifest; TOSCA templates are stored but not translated by this version",
  canPass: false,
};

interface Rest {
  readonly copies: readonly Copy[];
  readonly troubles: readonly Trouble[];
  /** True while something is on its way out. */
  readonly isLeaving: boolean;
}

/**
 * Removes the copies elsewhere: a failed attempt at once, the one that serves only when the new one does. A cluster that
 * does not answer keeps its copy in the books until it does.
 */
async function removeOthers(world: AppWorld, work: Work, ready: boolean): Promise<Rest> {
  const { app, others, signal } = work;
  const copies: Copy[] = [];
  const troubles: Trouble[] = [];
  let isLeaving = false;
  for (const copy of others) {
    const running = app.status.running_on;
    if (running !== null && sameRef(copy.cluster, running) && !ready) {
      copies.push(copy);
      continue;
    }
    const removal = await removeCopy(world, app.metadata.uid, copy, signal);
    if (removal.remaining.length === 0) continue;
    isLeaving ||= removal.troubles.length === 0;
    copies.push({ ...copy, objects: [...removal.remaining] });
    troubles.push(...removal.troubles);
  }
  return { copies, troubles, isLeaving };
}

/** An attempt that fails takes nothing away: where it ran, it runs, as long as that copy is in the books. */
function stillRunningOn(app: Application, copies: readonly Copy[]): ResourceRef | null {
  const { running_on: running } = app.status;
  if (running === null) return null;
  return copies.some((copy) => sameRef(copy.cluster, running)) ? running : null;
}

function waitsFor(
  { finding }: HealthSummary,
  target: ResourceRef,
  running: ResourceRef,
): { readonly reason: string; readonly message: string } {
  const message = `not yet healthy on ${target.name}, so it stays on ${running.name}: ${finding.message}`;
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
  readonly result: CopyResult;
  readonly health: HealthSummary;
  readonly rest: Rest;
}): Result {
  const { result, health, rest } = found;
  const isSettled = result.isComplete && health.graceLeftMs === undefined;
  const delays = [
    rest.isLeaving ? limits.removalCheckMs : undefined,
    result.isComplete ? health.graceLeftMs : undefined,
    result.repairInMs,
    result.isWatched ? undefined : isSettled ? limits.driftPollMs : limits.progressPollMs,
  ].filter((delay) => delay !== undefined);
  const requeue = delays.length === 0 ? {} : { requeueAfterMs: Math.min(...delays) };
  const troubles = [...result.troubles, ...rest.troubles];
  if (troubles.length === 0) return requeue;
  const notBeforeMs = Math.max(...troubles.map(({ retryAfterMs }) => retryAfterMs ?? 0));
  // What a cluster refuses, somebody must change; it is tried again all the same, but ever more seldom.
  const mostMs = troubles.some(({ canPass }) => canPass)
    ? limits.retryMostMs
    : limits.refusedRetryMs;
  return { ...requeue, failed: true, notBeforeMs, mostMs };
}
