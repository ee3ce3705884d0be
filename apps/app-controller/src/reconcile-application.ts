import { isDeepStrictEqual } from "node:util";
import type { Application, ApplicationStatus, Copy } from "@octoplane/kinds/application";
import { setCondition, type Condition, type Finding } from "@octoplane/kinds/condition";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { Result } from "@octoplane/reconcile/controller";
import { parseRef } from "@octoplane/resources/keys";
import { sameRef } from "@octoplane/resources/record";
import type { Repository } from "@octoplane/resources/repository";
import { isoTime, type Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { applyCopy, type CopyResult } from "./apply-copy.ts";
import type { ClusterView } from "./cluster-view.ts";
import { removeObjects } from "./remove-objects.ts";
import { servicesText } from "./service-addresses.ts";
import { appliedFinding, podTotals, summarize, type HealthSummary } from "./summary.ts";
import { troubleOf, type Trouble } from "./trouble.ts";

/** What the reconcile needs of the world; each of them may fail, none of them is remembered here. */
export interface AppWorld {
  readonly repository: Repository<Application>;
  readonly clock: Clock;
  readonly startGraceMs: number;
  find(key: string): Application | undefined;
  /** `undefined` when there is no such cluster any more. */
  clusterUid(ref: ResourceRef): string | undefined;
  /** The cluster as we see it; a KubeError when it cannot be connected to. */
  view(ref: ResourceRef): Promise<ClusterView>;
  isLiving(uid: string): boolean;
}

export const resourcesFinalizer = "kubernetes_resources_deletion";

/**
 * Brings what runs of one application to what it should be: the copy on the chosen cluster first, and only when that
 * serves, away with the others. On deletion, away with all of them.
 */
export async function reconcileApplication(
  world: AppWorld,
  key: string,
  signal: AbortSignal,
): Promise<Result> {
  const app = world.find(key);
  if (!app) return {};
  if (app.metadata.deleted !== null) return await dismantle(world, key, app, signal);
  const target = app.status.scheduled_to;
  // Nothing is done for a specification that the scheduler has not seen; what stands is kept as it was wanted last.
  if (target === null || app.status.scheduled_generation < app.metadata.generation) return {};
  return await bringUp(world, { key, app, target, signal });
}

interface Work {
  readonly key: string;
  readonly app: Application;
  readonly target: ResourceRef;
  readonly signal: AbortSignal;
}

async function bringUp(world: AppWorld, work: Work): Promise<Result> {
  const { app, target, signal } = work;
  const uid = world.clusterUid(target);
  // Its cluster has gone: the scheduler will choose another.
  if (uid === undefined) return {};
  const copies = app.status.copies.filter(
    (copy) => world.clusterUid(copy.cluster) === copy.cluster_uid,
  );
  const current = copies.find((copy) => sameRef(copy.cluster, target));
  const others = copies.filter((copy) => copy !== current);
  const outcome = await applyTarget(world, work, current);
  const now = world.clock.now();
  const health = summarize(outcome.result.observed, {
    status: app.status,
    now,
    graceMs: world.startGraceMs,
    isReplacement: others.length > 0,
  });
  const ready = outcome.result.isComplete && outcome.result.troubles.length === 0 && health.serves;
  const rest = await removeOthers(world, { app, others, ready, signal });
  const copy: Copy = {
    cluster: target,
    cluster_uid: uid,
    generation: outcome.result.isComplete ? app.metadata.generation : (current?.generation ?? 0),
    objects: [...outcome.result.objects],
  };
  const reached = outcome.result.isComplete && (others.length === 0 || ready);
  const running = reached ? target : runningOn(app, rest.copies);
  const serves = sameRefOrNull(running, target);
  await writeStatus(world, work, (status) => ({
    ...status,
    copies: [...rest.copies, ...(copy.objects.length > 0 || reached ? [copy] : [])],
    running_on: running,
    observed_generation: outcome.result.isComplete
      ? app.metadata.generation
      : status.observed_generation,
    // While a copy elsewhere still serves, its Pods and addresses are the ones that people see.
    ...(serves
      ? { container_health: podTotals(outcome.result.observed), services: outcome.services }
      : {}),
    conditions: conditionsAfter(status.conditions, app, {
      applied: appliedFinding({
        isComplete: outcome.result.isComplete,
        // What keeps an old copy from going is no trouble of the one that serves.
        troubles: ready ? [] : [...outcome.result.troubles, ...rest.troubles],
      }),
      health: outcome.result.isComplete ? health : undefined,
      now,
    }),
  }));
  return comeBack({ outcome, health, rest, graceMs: world.startGraceMs });
}

interface Outcome {
  readonly result: CopyResult;
  readonly services: Record<string, string>;
}

async function applyTarget(world: AppWorld, work: Work, copy: Copy | undefined): Promise<Outcome> {
  const { app, target, signal } = work;
  const { uid, name, namespace } = app.metadata;
  try {
    const view = await world.view(target);
    const result = await applyCopy({
      view,
      manifest: app.spec.manifest,
      owner: { uid, name, namespace: namespace ?? "" },
      copy,
      isLiving: (other) => world.isLiving(other),
      signal,
    });
    const views = result.observed
      .map(({ service }) => service)
      .filter((service) => service !== undefined);
    return {
      result: app.spec.manifest.length === 0 ? withoutManifest(result) : result,
      services: { ...servicesText(views, view.kube.server) },
    };
  } catch (error) {
    if (signal.aborted) throw error;
    const result: CopyResult = {
      objects: copy?.objects ?? [],
      observed: [],
      isComplete: false,
      troubles: [troubleOf(error, `cluster ${target.name}`)],
      isWatched: false,
      writes: 0,
    };
    return { result, services: { ...app.status.services } };
  }
}

/** Templates are stored; this version applies manifests only, and says so rather than running nothing in silence. */
function withoutManifest(result: CopyResult): CopyResult {
  const message =
    "the application has no manifest; TOSCA templates are stored but not translated by this version";
  return {
    ...result,
    isComplete: false,
    troubles: [{ code: "INVALID_TOSCA_MANIFEST", message, canPass: false }],
  };
}

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
async function removeOthers(
  world: AppWorld,
  input: {
    readonly app: Application;
    readonly others: readonly Copy[];
    readonly ready: boolean;
    readonly signal: AbortSignal;
  },
): Promise<Rest> {
  const { app, others, ready, signal } = input;
  const copies: Copy[] = [];
  const troubles: Trouble[] = [];
  let isLeaving = false;
  for (const copy of others) {
    const isServing =
      app.status.running_on !== null && sameRef(copy.cluster, app.status.running_on);
    if (isServing && !ready) {
      copies.push(copy);
      continue;
    }
    const removal = await removeCopy(world, copy, signal);
    if (removal.remaining.length === 0) continue;
    isLeaving = true;
    copies.push({ ...copy, objects: [...removal.remaining] });
    troubles.push(...removal.troubles);
  }
  return { copies, troubles, isLeaving };
}

async function removeCopy(world: AppWorld, copy: Copy, signal: AbortSignal) {
  // The cluster was taken away for good, or another one bears its name: there is nothing of ours to reach.
  if (world.clusterUid(copy.cluster) !== copy.cluster_uid) return { remaining: [], troubles: [] };
  try {
    return await removeObjects(await world.view(copy.cluster), copy.objects, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return {
      remaining: copy.objects,
      troubles: [troubleOf(error, `cluster ${copy.cluster.name}`)],
    };
  }
}

/** Deletion: every copy goes, and with the last of them our finalizer. */
async function dismantle(
  world: AppWorld,
  key: string,
  app: Application,
  signal: AbortSignal,
): Promise<Result> {
  const { finalizers, generation, uid } = app.metadata;
  if (finalizers.at(-1) !== resourcesFinalizer) return {};
  const work = { key, app };
  const deleting = (
    status: ApplicationStatus,
    finding: Pick<Finding, "status" | "reason" | "message">,
  ) => [
    ...setCondition(
      status.conditions,
      { type: "Deleting", observed_generation: generation, ...finding },
      isoTime(world.clock.now()),
    ),
  ];
  if (app.status.copies.length > 0) {
    await writeStatus(world, work, (status) => ({
      ...status,
      conditions: deleting(status, { status: "True", reason: "Removing", message: "" }),
    }));
  }
  const remaining: Copy[] = [];
  const troubles: Trouble[] = [];
  for (const copy of app.status.copies) {
    const removal = await removeCopy(world, copy, signal);
    troubles.push(...removal.troubles);
    if (removal.remaining.length > 0) remaining.push({ ...copy, objects: [...removal.remaining] });
  }
  if (remaining.length === 0) {
    await world.repository.removeFinalizer(parseRef(key), uid, resourcesFinalizer);
    return {};
  }
  const first = troubles[0];
  await writeStatus(world, work, (status) => ({
    ...status,
    copies: remaining,
    conditions: deleting(
      status,
      first
        ? { status: "False", reason: first.code, message: first.message }
        : { status: "True", reason: "Removing", message: "" },
    ),
  }));
  return first ? { failed: true } : { requeueAfterMs: limits.removalCheckMs };
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

function comeBack(found: {
  readonly outcome: Outcome;
  readonly health: HealthSummary;
  readonly rest: Rest;
  readonly graceMs: number;
}): Result {
  const { result } = found.outcome;
  const { rest, health } = found;
  if ([...result.troubles, ...rest.troubles].some(({ canPass }) => canPass))
    return { failed: true };
  const delays = [
    ...(result.troubles.length > 0 ? [limits.refusedRetryMs] : []),
    ...(rest.isLeaving ? [limits.removalCheckMs] : []),
    ...(health.isStarting ? [found.graceMs] : []),
    ...(result.isWatched ? [] : [limits.driftPollMs]),
  ];
  return delays.length === 0 ? {} : { requeueAfterMs: Math.min(...delays) };
}

function runningOn(app: Application, copies: readonly Copy[]): ResourceRef | null {
  const { running_on: running } = app.status;
  if (running === null) return null;
  return copies.some((copy) => sameRef(copy.cluster, running)) ? running : null;
}

function sameRefOrNull(a: ResourceRef | null, b: ResourceRef | null): boolean {
  return a !== null && b !== null ? sameRef(a, b) : a === b;
}

async function writeStatus(
  world: AppWorld,
  { key, app }: { readonly key: string; readonly app: Application },
  change: (status: ApplicationStatus) => ApplicationStatus,
): Promise<void> {
  await world.repository.updateStatus(
    parseRef(key),
    app.metadata.uid,
    (current) => {
      const status = change(current.status);
      return isDeepStrictEqual(status, current.status) ? undefined : { status };
    },
    app,
  );
}
