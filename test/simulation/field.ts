import type { Application, Copy } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import { setCondition, type Condition } from "@octoplane/kinds/condition";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { requestsOf, type Requests } from "@octoplane/kinds/workload-requests";
import type { PlaceOutcome } from "@octoplane/app-controller/apply-place";
import {
  combinedHealth,
  combinedTroubles,
  runningOn,
  standIns,
} from "@octoplane/app-controller/combine-places";
import { placesOf, type Place } from "@octoplane/app-controller/place";
import { manifestFor } from "@octoplane/delivery/place-manifest";
import { appliedFinding } from "@octoplane/app-controller/summary";
import { requestsOfApplication, requestsOfPlace } from "@octoplane/placement/promises";
import { sameRef } from "@octoplane/resources/record";
import { isoTime } from "@octoplane/shared/clock";
import { dayStart } from "./fleet-plan.ts";
import type { AppPlan } from "./workload.ts";

const minuteMs = 60_000;
/** What is placed at first becomes healthy wherever it is: from a place that it never had it could not go back. */
const misfitsFrom = dayStart + 60 * minuteMs;
/** From when objects are sent until all of them stand. */
const applyMs = 30_000;

/** What stands of one application on one cluster. */
interface Standing {
  readonly since: number;
  /** What its Pods there request. */
  requests: Requests;
  /** Whether it was ever healthy there. */
  wasHealthy: boolean;
  /** When its Pods were started last: they start anew when their cluster has been dead. */
  startedAt: number;
}

/** Who reaches what at this moment. */
export interface Ground {
  readonly now: number;
  /** Another one when somebody is reached, or alive, who was not. */
  readonly version: string;
  isReachable(cluster: string): boolean;
  isAlive(cluster: string): boolean;
}

/**
 * What really runs on the clusters, and what is written down of it: the application controller's own rules of what stands in for what,
 * over clusters that do as they are told after some time, unless they are dead or out of reach.
 */
export class Field {
  readonly #standings = new Map<string, Map<string, Standing>>();
  /** Those of which nothing is to be done until somebody changes something. */
  readonly #settled = new Map<string, { readonly app: Application; readonly version: string }>();

  /** One look of the application controller at one application: its next status, or the same. */
  reconcile(plan: AppPlan, app: Application, ground: Ground): Application {
    const { status, metadata } = app;
    if (status.scheduled_generation < metadata.generation) return app;
    const key = metadata.name;
    const settled = this.#settled.get(key);
    if (settled?.app === app && settled.version === ground.version) return app;
    const stands = this.#standings.get(key) ?? new Map<string, Standing>();
    this.#standings.set(key, stands);
    const places = placesOf(app, status.copies, (cluster) => uidOf(cluster));
    if (places.length === 0) return app;
    for (const [cluster, standing] of stands) settle(plan, standing, { cluster, ground });
    const outcomes = places.map((place) => this.#look(plan, app, { place, stands, ground }));
    const others = status.copies.filter(
      ({ cluster }) => !places.some((place) => sameRef(place.cluster, cluster)),
    );
    const bound = boundClusters(status).length;
    const missing = bound - outcomes.filter(({ isReady }) => isReady).length;
    const staying = standIns(app, others, missing);
    const rest = others.filter((copy) => {
      const { name } = copy.cluster;
      if (staying.has(copy) || !ground.isReachable(name)) return true;
      stands.delete(name);
      return false;
    });
    const next = statusOf(app, { outcomes, others, rest, missing, now: ground.now });
    const after = isSame(app.status, next) ? app : { ...app, status: next };
    const isSettled = after === app && missing === 0 && rest.length === 0;
    if (isSettled) this.#settled.set(key, { app, version: ground.version });
    return after;
  }

  /** It was deleted, and everything of it goes. */
  remove(app: Application): void {
    this.#standings.delete(app.metadata.name);
    this.#settled.delete(app.metadata.name);
  }

  /** On how many clusters it does its work. */
  serving(plan: AppPlan, ground: Ground): number {
    const stands = this.#standings.get(plan.app.metadata.name) ?? new Map<string, Standing>();
    return [...stands].filter(([cluster, standing]) => {
      return ground.isAlive(cluster) && isHealthy(plan, standing, { cluster, now: ground.now });
    }).length;
  }

  /**
   * What our Pods request on each cluster; `came`: what of it they requested when they came. Copies that stay take over the replicas
   * of one that is lost, whether there is room for them or not.
   */
  requested(
    apps: ReadonlyMap<string, Application>,
    which: "all" | "came" = "all",
  ): ReadonlyMap<string, Requests> {
    const sums = new Map<string, Requests>();
    for (const app of apps.values()) {
      for (const [cluster, { requests }] of this.#standings.get(app.metadata.name) ?? []) {
        const part = which === "all" ? requests : least(requests, requestsOfPlace(app));
        sums.set(cluster, plus(sums.get(cluster) ?? nothing, part));
      }
    }
    return sums;
  }

  #look(
    plan: AppPlan,
    app: Application,
    at: { readonly place: Place; readonly stands: Map<string, Standing>; readonly ground: Ground },
  ): PlaceOutcome {
    const { place, stands, ground } = at;
    const { name } = place.cluster;
    const { now } = ground;
    const isReachable = ground.isReachable(name);
    let standing = stands.get(name);
    const badness = badnessOf(plan, name, standing?.since ?? now);
    if (!standing && isReachable && badness !== "refused") {
      standing = { since: now, requests: nothing, wasHealthy: false, startedAt: now };
      stands.set(name, standing);
    }
    if (standing && isReachable) standing.requests = requestsAt(app, place);
    const isComplete = isReachable && standing !== undefined && now >= standing.since + applyMs;
    const serves = isComplete && isHealthy(plan, standing!, { cluster: name, now });
    const troubles = isReachable
      ? badness === "refused" && !standing
        ? [{ code: "KUBERNETES_ERROR", message: `${name} refuses it`, canPass: false }]
        : []
      : [{ code: "CLUSTER_NOT_REACHABLE", message: `${name} does not answer`, canPass: true }];
    const objects = standing ? [inventoryItem(app)] : [];
    const generation = isComplete ? app.metadata.generation : (place.copy?.generation ?? 0);
    const finding = serves
      ? ({ type: "Healthy", status: "True", reason: "Healthy", message: "" } as const)
      : ({
          type: "Healthy",
          status: "False",
          reason: "Starting",
          message: "no Pod is ready",
        } as const);
    return {
      place,
      result: {
        objects,
        observed: [],
        hooks: undefined,
        isComplete,
        isSettled: isComplete,
        waitsFor: undefined,
        troubles,
        isWatched: true,
        contested: [],
        repairInMs: undefined,
        pairs: [],
      },
      health: { finding, serves, graceLeftMs: undefined },
      copy: { cluster: place.cluster, cluster_uid: place.uid, generation, objects },
      isReady: isComplete && serves,
      shown: undefined,
      lookInMs: undefined,
      renewInMs: undefined,
    };
  }
}

/** What was dead starts anew; what has been healthy once stays so. */
function settle(
  plan: AppPlan,
  standing: Standing,
  { cluster, ground }: { readonly cluster: string; readonly ground: Ground },
): void {
  if (!ground.isAlive(cluster)) {
    standing.wasHealthy = false;
    standing.startedAt = ground.now;
  } else if (isHealthy(plan, standing, { cluster, now: ground.now })) standing.wasHealthy = true;
}

function isHealthy(
  plan: AppPlan,
  { wasHealthy, since, startedAt }: Standing,
  { cluster, now }: { readonly cluster: string; readonly now: number },
): boolean {
  if (wasHealthy) return true;
  const isBad = badnessOf(plan, cluster, since) !== undefined;
  return !isBad && now >= startedAt + applyMs + plan.startMinutes * minuteMs;
}

function badnessOf(plan: AppPlan, cluster: string, since: number): "sick" | "refused" | undefined {
  return since < misfitsFrom ? undefined : plan.bad.get(cluster);
}

function statusOf(
  { metadata, status }: Application,
  found: {
    readonly outcomes: readonly PlaceOutcome[];
    readonly others: readonly Copy[];
    readonly rest: readonly Copy[];
    readonly missing: number;
    readonly now: number;
  },
): Application["status"] {
  const { outcomes, others, rest, missing } = found;
  const now = isoTime(found.now);
  const reached = outcomes.filter(
    ({ result, isReady }) => result.isComplete && (others.length === 0 || isReady),
  );
  const standing = outcomes.filter(
    (outcome) => outcome.copy.objects.length > 0 || reached.includes(outcome),
  );
  const copies = [...rest, ...standing.map(({ copy }) => copy)];
  const running = runningOn({ status }, reached, copies);
  const isMoving =
    running !== null && !outcomes.some(({ place }) => sameRef(place.cluster, running));
  const isComplete = outcomes.every(({ result }) => result.isComplete);
  const applied = appliedFinding({
    isComplete,
    troubles: missing === 0 ? [] : combinedTroubles(outcomes),
    waitsFor: isMoving ? { reason: "Starting", message: "not yet healthy" } : undefined,
  });
  const observed = { observed_generation: metadata.generation };
  let conditions: readonly Condition[] = setCondition(
    status.conditions,
    { ...applied, ...observed },
    now,
  );
  if (isComplete) {
    const { finding } = combinedHealth(outcomes);
    conditions = setCondition(conditions, { ...finding, ...observed }, now);
  }
  return {
    ...status,
    copies,
    running_on: running,
    observed_generation: isComplete ? metadata.generation : status.observed_generation,
    conditions: [...conditions],
  };
}

/** Without what makes no difference: an inventory is the same object of the same digest. */
function isSame(a: Application["status"], b: Application["status"]): boolean {
  const text = ({ copies, conditions, running_on, observed_generation }: typeof a): string =>
    JSON.stringify([
      copies.map(({ cluster, generation, objects }) => [cluster.name, generation, objects.length]),
      conditions,
      running_on?.name,
      observed_generation,
    ]);
  return text(a) === text(b);
}

const nothing: Requests = { cpuCores: 0, memoryBytes: 0, pods: 0 };

export function plus(a: Requests, b: Requests): Requests {
  return {
    cpuCores: a.cpuCores + b.cpuCores,
    memoryBytes: a.memoryBytes + b.memoryBytes,
    pods: a.pods + b.pods,
  };
}

function least(a: Requests, b: Requests): Requests {
  return {
    cpuCores: Math.min(a.cpuCores, b.cpuCores),
    memoryBytes: Math.min(a.memoryBytes, b.memoryBytes),
    pods: Math.min(a.pods, b.pods),
  };
}

/** By the manifest that is applied there: of divided replicas only some. */
function requestsAt(app: Application, { cluster, index }: Place): Requests {
  if (app.status.places === undefined) return requestsOfApplication(app);
  return requestsOf(manifestFor(app, index, { name: cluster.name, labels: {} }).manifest);
}

function uidOf({ name }: ResourceRef): string {
  return `uid-${name}`;
}

function inventoryItem({ metadata: { name } }: Application): Copy["objects"][number] {
  return {
    group: "apps",
    version: "v1",
    kind: "Deployment",
    namespace: "default",
    name,
    uid: `uid-${name}`,
    digest: "",
    fields_digest: "",
    created: true,
  };
}
