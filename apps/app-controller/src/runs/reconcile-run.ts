import type { Application } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import { conditionOf, setCondition, type Finding } from "@octoplane/kinds/condition";
import { formatRef } from "@octoplane/kinds/cells";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { Run, RunStatus } from "@octoplane/kinds/run";
import { manifestFor } from "@octoplane/delivery/place-manifest";
import { runJob, runLabel } from "@octoplane/delivery/run-job";
import { KubeError, type Kube, type KubeObject, type ObjectRef } from "@octoplane/kube/kube";
import type { Result } from "@octoplane/reconcile/controller";
import { refOf } from "@octoplane/resources/keys";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { troubleOf } from "../trouble.ts";
import { readEnd } from "./read-end.ts";
import { outcomeOf, startOf } from "./run-outcome.ts";
import type { RunWorld } from "./run-world.ts";

export const runFinalizer = "run_deletion";

/** Brings one run from what is asked for to its end, a step at each look; what was begun is found again after a crash. */
export async function reconcileRun(
  world: RunWorld,
  run: Run,
  signal: AbortSignal,
): Promise<Result> {
  if (run.metadata.deleted !== null) return await removeRun(world, run, signal);
  const { conditions } = run.status;
  const isOver =
    conditionOf(conditions, "Finished") !== undefined ||
    conditionOf(conditions, "Started")?.status === "False";
  if (isOver) return {};
  try {
    return run.status.job === null
      ? await begin(world, run, signal)
      : await follow(world, run, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    const trouble = troubleOf(error, `run ${run.metadata.name}`);
    if (!isMade(run)) {
      const tell = trouble.canPass ? wait : refuse;
      await tell(world, run, trouble.code, trouble.message);
      if (!trouble.canPass) return {};
    }
    return { failed: true, notBeforeMs: trouble.retryAfterMs ?? 0 };
  }
}

/** Whether its Job was seen to stand; where it is to stand is written down before. */
function isMade({ status: { job } }: Run): boolean {
  return (job?.uid ?? "") !== "";
}

/** Writes down where the Job will stand before it does, so that a crash in between leaves none that nobody knows of. */
async function begin(world: RunWorld, run: Run, signal: AbortSignal): Promise<Result> {
  const { namespace } = run.metadata;
  const app = world.application({ namespace, name: run.spec.application });
  if (app === undefined) {
    const message = `there is no application ${run.spec.application} in namespace ${namespace}`;
    await refuse(world, run, "ApplicationNotFound", message);
    return {};
  }
  if (app.spec.stopped === "removed") {
    const message = `application ${run.spec.application} is stopped, and its objects are removed`;
    await wait(world, run, "Stopped", message);
    return {};
  }
  const cluster = clusterOf(app);
  const uid = cluster === undefined ? undefined : world.clusterUid(cluster);
  if (cluster === undefined || uid === undefined) {
    await wait(world, run, "NotRunning", `application ${run.spec.application} runs nowhere yet`);
    return {};
  }
  const outage = world.outage(cluster);
  if (outage !== undefined) {
    await wait(world, run, "CLUSTER_NOT_REACHABLE", `cluster ${cluster.name}: ${outage}`);
    return { requeueAfterMs: limits.progressPollMs };
  }
  const kube = await world.kube(cluster);
  const made = jobOf(app, run, { cluster, kube });
  if ("problem" in made) {
    await refuse(world, run, "NoSuchWorkload", made.problem);
    return {};
  }
  const { namespace: jobNamespace, container, object } = made;
  const job = { namespace: jobNamespace, name: object.metadata.name ?? "", uid: "", container };
  const intended = await change(world, run, (status) => ({
    ...status,
    cluster,
    cluster_uid: uid,
    job,
  }));
  return await follow(world, intended, signal);
}

/** Where the application runs; of several copies, the first. */
function clusterOf({ status }: Application): ResourceRef | undefined {
  return status.running_on ?? boundClusters(status)[0];
}

/** From what is wanted on that cluster now, with its overrides, whether the workload itself is suspended or not. */
function jobOf(
  app: Application,
  run: Run,
  { cluster, kube }: { readonly cluster: ResourceRef; readonly kube: Kube },
) {
  const places = boundClusters(app.status);
  const index = Math.max(
    0,
    places.findIndex((place) => formatRef(place) === formatRef(cluster)),
  );
  const { stopped: _stopped, ...spec } = app.spec;
  const place = { name: cluster.name, labels: {} };
  const { manifest } = manifestFor({ ...app, spec }, index, place);
  const namespace = app.spec.delivery?.namespace ?? kube.defaultNamespace;
  return runJob(run, manifest, namespace);
}

/** Makes the Job if it is not there, and writes down how far it has come. */
async function follow(world: RunWorld, run: Run, signal: AbortSignal): Promise<Result> {
  const { cluster, cluster_uid: uid, job } = run.status;
  if (cluster === null || job === null) return {};
  if (world.clusterUid(cluster) !== uid) {
    await finish(world, run, { reason: "Failed", message: `cluster ${cluster.name} is gone` });
    return {};
  }
  const kube = await world.kube(cluster);
  const ref = await jobRef(kube, job, signal);
  const existing = await kube.get(ref, signal);
  if (job.uid === "") return await make(world, run, { kube, ref, existing }, signal);
  if (existing?.metadata.uid !== job.uid) {
    const message = `Job ${job.namespace}/${job.name} was removed on cluster ${cluster.name}`;
    await finish(world, run, { reason: "Failed", message });
    return {};
  }
  const outcome = outcomeOf(existing);
  if (outcome === undefined) return { requeueAfterMs: limits.runLookMs };
  const end = await readEnd(kube, { ...job, run: run.metadata.uid }, signal);
  await finish(world, run, { ...outcome, end, started: startOf(existing) });
  return {};
}

/** One of this name that bears the run's mark was made by us, and not written down. */
async function make(
  world: RunWorld,
  run: Run,
  place: {
    readonly kube: Kube;
    readonly ref: ObjectRef;
    readonly existing: KubeObject | undefined;
  },
  signal: AbortSignal,
): Promise<Result> {
  const { kube, ref, existing } = place;
  let job = existing;
  if (job === undefined) {
    const { namespace } = run.metadata;
    const app = world.application({ namespace, name: run.spec.application });
    const { cluster } = run.status;
    const made = app && cluster && jobOf(app, run, { cluster, kube });
    if (!made || "problem" in made) {
      await refuse(world, run, "NoSuchWorkload", made ? made.problem : "the application is gone");
      return {};
    }
    job = await kube.create(ref.served, made.object, signal);
  } else if (!isOfRun(job, run)) {
    await refuse(world, run, "OWNED_BY_OTHER", `there is another Job ${ref.namespace}/${ref.name}`);
    return {};
  }
  const uid = job.metadata.uid ?? "";
  const now = isoTime(world.clock.now());
  const found = { type: "Started", status: "True", reason: "Started", message: "" } as const;
  await change(world, run, (status) => ({
    ...status,
    job: status.job && { ...status.job, uid },
    started: now,
    conditions: [...setCondition(status.conditions, finding(run, found), now)],
  }));
  return { requeueAfterMs: limits.runLookMs };
}

function isOfRun({ metadata }: KubeObject, run: Run): boolean {
  return metadata.labels?.[runLabel] === run.metadata.uid;
}

async function jobRef(
  kube: Kube,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<ObjectRef> {
  const { kinds } = await kube.discover({ signal });
  const served = kinds.find(({ group, kind }) => group === "batch" && kind === "Job");
  if (served) return { served, namespace, name };
  const message = "the cluster does not serve Job of batch/v1";
  throw new KubeError(message, { status: 404, reason: "KindNotServed", retry: false });
}

async function removeRun(world: RunWorld, run: Run, signal: AbortSignal): Promise<Result> {
  const { cluster, cluster_uid: uid, job } = run.status;
  if (cluster !== null && job !== null && world.clusterUid(cluster) === uid) {
    try {
      const kube = await world.kube(cluster);
      const ref = await jobRef(kube, job, signal);
      const existing = await kube.get(ref, signal);
      if (existing && isOfRun(existing, run)) {
        const { uid = "" } = existing.metadata;
        await kube.delete(ref, { propagation: "Background", uid }, signal);
      }
    } catch (error) {
      if (signal.aborted) throw error;
      const { retryAfterMs } = troubleOf(error, `run ${run.metadata.name}`);
      // Where Jobs are not served any more, none is left.
      const isGone = error instanceof KubeError && error.reason === "KindNotServed";
      if (!isGone) return { failed: true, notBeforeMs: retryAfterMs ?? 0 };
    }
  }
  await world.repository.removeFinalizer(refOf(run), run.metadata.uid, runFinalizer);
  return {};
}

async function finish(
  world: RunWorld,
  run: Run,
  outcome: {
    readonly reason: "Completed" | "Failed";
    readonly message: string;
    readonly ended?: string | undefined;
    readonly started?: string | undefined;
    readonly end?: Awaited<ReturnType<typeof readEnd>>;
  },
): Promise<void> {
  const now = isoTime(world.clock.now());
  const { reason, message, end, ended = now, started } = outcome;
  await change(world, run, (status) => ({
    ...status,
    started: started ?? status.started,
    ended,
    exit_code: end?.exitCode ?? null,
    last_lines: [...(end?.lines ?? [])],
    conditions: [
      ...setCondition(
        status.conditions,
        finding(run, { type: "Finished", status: "True", reason, message }),
        now,
      ),
    ],
  }));
}

type Found = Omit<Finding, "observed_generation">;

async function wait(world: RunWorld, run: Run, reason: string, message: string): Promise<void> {
  await find(world, run, { type: "Started", status: "Unknown", reason, message });
}

async function refuse(world: RunWorld, run: Run, reason: string, message: string): Promise<void> {
  await find(world, run, { type: "Started", status: "False", reason, message });
}

async function find(world: RunWorld, run: Run, found: Found): Promise<void> {
  const now = isoTime(world.clock.now());
  await change(world, run, (status) => ({
    ...status,
    conditions: [...setCondition(status.conditions, finding(run, found), now)],
  }));
}

function finding(run: Run, found: Found): Finding {
  const message = found.message.slice(0, limits.messageCharsMax);
  return { ...found, message, observed_generation: run.metadata.generation };
}

async function change(
  world: RunWorld,
  run: Run,
  next: (status: RunStatus) => RunStatus,
): Promise<Run> {
  return await world.repository.updateStatus(
    refOf(run),
    run.metadata.uid,
    (current) => {
      const status = next(current.status);
      return JSON.stringify(status) === JSON.stringify(current.status) ? undefined : { status };
    },
    run,
  );
}
