import type { Application, ApplicationStatus, Copy } from "@octoplane/kinds/application";
import { isFailure } from "@octoplane/shared/errors";
import type { AppWorld } from "./app-world.ts";
import { applyCopy } from "./apply-copy.ts";
import type { CopyResult, Made } from "./apply-state.ts";
import type { Place } from "./place.ts";
import { manifestFor } from "@octoplane/delivery/place-manifest";
import { outageOf } from "./remove-copy.ts";
import { servicesText } from "./service-addresses.ts";
import { podTotals, summarize, type HealthSummary } from "./summary.ts";
import { troubleOf, type Trouble } from "./trouble.ts";

/** What came of one place. */
export interface PlaceOutcome {
  readonly place: Place;
  readonly result: CopyResult;
  readonly health: HealthSummary;
  /** As it is written down; without objects when nothing stands there. */
  readonly copy: Copy;
  /** True when the copy does its work, so that one elsewhere may go. */
  readonly isReady: boolean;
  /** What people see of the copy; absent when nothing could be seen. */
  readonly shown: Pick<ApplicationStatus, "container_health" | "services"> | undefined;
}

/** Brings the copy at one place to what it should be. Whatever stands in the way is told, and stops nobody else. */
export async function applyPlace(
  world: AppWorld,
  work: {
    readonly app: Application;
    readonly place: Place;
    /** True when a copy elsewhere serves until this one does. */
    readonly isReplacement: boolean;
    /** Writes a copy down before it is made. */
    readonly intend: (copy: Copy) => Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<PlaceOutcome> {
  const { app, place, isReplacement } = work;
  const { result, shown } = await applyThere(world, work);
  const health = summarize(result.observed, {
    status: app.status,
    now: world.clock.now(),
    graceMs: world.startGraceMs,
    isReplacement,
  });
  const generation = result.isComplete ? app.metadata.generation : (place.copy?.generation ?? 0);
  return {
    place,
    result,
    health,
    copy: copyAt(place, generation, result),
    isReady: result.isComplete && result.troubles.length === 0 && health.serves,
    shown,
  };
}

function copyAt({ cluster, uid }: Place, generation: number, { objects, hooks }: Made): Copy {
  const copy = { cluster, cluster_uid: uid, generation, objects: [...objects] };
  return hooks === undefined ? copy : { ...copy, hooks };
}

async function applyThere(
  world: AppWorld,
  { app, place, intend, signal }: Parameters<typeof applyPlace>[1],
): Promise<Pick<PlaceOutcome, "result" | "shown">> {
  const { cluster, copy } = place;
  const outage = outageOf(world, cluster);
  if (outage) return unseen(copy, outage);
  const labels = world.clusterLabels(cluster);
  const { manifest, problems } = manifestFor(app, place.index, { name: cluster.name, labels });
  const [problem] = problems;
  if (problem) return unseen(copy, unfit(`${problem.field}: ${problem.message}`));
  const { uid, name, namespace } = app.metadata;
  try {
    const view = await world.view(cluster);
    const result = await applyCopy({
      view,
      manifest,
      source: app.spec.manifest,
      delivery: app.spec.delivery ?? {},
      generation: app.metadata.generation,
      owner: { uid, name, namespace: namespace ?? "" },
      copy,
      isLiving: (other) => world.isLiving(other),
      othersIn: (namespaceName) => world.othersIn(cluster, namespaceName, uid),
      intend: async (made) => await intend(copyAt(place, copy?.generation ?? 0, made)),
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
    if (isFailure(error, "TooLarge")) return unseen(copy, tooMany(error.message));
    return unseen(copy, troubleOf(error, `cluster ${cluster.name}`));
  }
}

/** Nothing was done, so what stands is what stood before. */
function unseen(copy: Copy | undefined, trouble: Trouble): Pick<PlaceOutcome, "result" | "shown"> {
  const result: CopyResult = {
    objects: copy?.objects ?? [],
    hooks: copy?.hooks,
    observed: [],
    isComplete: false,
    isSettled: false,
    waitsFor: undefined,
    troubles: [trouble],
    isWatched: true,
    contested: [],
    repairInMs: undefined,
  };
  return { result, shown: undefined };
}

/** Nothing was made of what could not be written down. */
function tooMany(message: string): Trouble {
  return { code: "TOO_MANY_OBJECTS", message, canPass: false };
}

/** Each override fits the manifest; one after the other they may not. */
function unfit(message: string): Trouble {
  return { code: "INVALID_OVERRIDE", message, canPass: false };
}
