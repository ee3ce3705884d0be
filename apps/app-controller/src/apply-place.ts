import type { Application, ApplicationStatus, Copy } from "@octoplane/kinds/application";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { AppWorld } from "./app-world.ts";
import { applyCopy } from "./apply-copy.ts";
import type { CopyResult, Made } from "./apply-state.ts";
import { hasCertificates, hookGrants, type HookSecrets } from "./hooks/hook-tokens.ts";
import { explainPlace } from "./health/explain-place.ts";
import type { Place } from "./place.ts";
import { namespaceFor } from "@octoplane/delivery/desired";
import { withHooks } from "@octoplane/delivery/hook-objects";
import { manifestFor } from "@octoplane/delivery/place-manifest";
import { outageOf } from "./remove-copy.ts";
import { servicesText } from "./service-addresses.ts";
import { podTotals, type HealthSummary } from "./summary.ts";
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
  /** When its Pods are to be asked why it is not healthy; `undefined` when nobody has to. */
  readonly lookInMs: number | undefined;
  /** When to see whether a certificate of its hooks is to be renewed. */
  readonly renewInMs: number | undefined;
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
    readonly secrets: HookSecrets;
    readonly signal: AbortSignal;
  },
): Promise<PlaceOutcome> {
  const { app, place, isReplacement } = work;
  const { result, shown, standing, identity } = await applyThere(world, work);
  const context = {
    status: app.status,
    now: world.clock.now(),
    graceMs: world.startGraceMs,
    isReplacement,
  };
  const looks = async () => (await world.view(place.cluster)).pods;
  const { health, lookInMs } = await explainPlace(result.observed, context, looks, work.signal);
  const generation = result.isComplete ? app.metadata.generation : (standing?.generation ?? 0);
  return {
    place,
    result,
    health,
    copy: copyAt(place, { generation, identity, ...result }),
    isReady: result.isComplete && result.troubles.length === 0 && health.serves,
    shown,
    lookInMs,
    renewInMs: hasCertificates(work.secrets) ? limits.certificateLookMs : undefined,
  };
}

interface There extends Pick<PlaceOutcome, "result" | "shown"> {
  /** The copy that was set out from; none on a cluster that was built anew. */
  readonly standing: Copy | undefined;
  readonly identity: string | undefined;
}

function copyAt(
  { cluster, uid, copy }: Place,
  made: Made & { readonly generation: number; readonly identity: string | undefined },
): Copy {
  const { generation, identity, objects, hooks } = made;
  const migration = standingOn(copy, identity)?.migration;
  return {
    cluster,
    cluster_uid: uid,
    ...(identity === undefined ? {} : { cluster_identity: identity }),
    generation,
    objects: [...objects],
    ...(hooks === undefined ? {} : { hooks }),
    ...(migration === undefined ? {} : { migration }),
  };
}

/** What stood on a cluster that has been built anew has gone with it: hooks run again there, and so does what runs once. */
function standingOn(copy: Copy | undefined, identity: string | undefined): Copy | undefined {
  const before = copy?.cluster_identity;
  return before === undefined || identity === undefined || before === identity ? copy : undefined;
}

async function applyThere(
  world: AppWorld,
  { app, place, intend, secrets, signal }: Parameters<typeof applyPlace>[1],
): Promise<There> {
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
    const identity = await view.identity(signal);
    const standing = standingOn(copy, identity);
    const generation = standing?.generation ?? 0;
    const { hooks: settings, apiEndpoint, hookSigners: signers } = world;
    const of = { clusterUid: place.uid, settings, apiEndpoint, signers };
    const grants = hookGrants(app, secrets, of);
    const result = await applyCopy({
      view,
      manifest: withHooks(manifest, grants, {
        application: name,
        namespaceOf: (named) =>
          namespaceFor(named, view.kube.defaultNamespace, app.spec.delivery ?? {}),
      }),
      source: app.spec.manifest,
      delivery: app.spec.delivery ?? {},
      schemas: app.spec.observer_schema,
      generation: app.metadata.generation,
      owner: { uid, name, namespace: namespace ?? "" },
      copy: standing,
      isLiving: (other) => world.isLiving(other),
      othersIn: (namespaceName) => world.othersIn(cluster, namespaceName, uid),
      intend: async (made) => await intend(copyAt(place, { generation, identity, ...made })),
      signal,
    });
    const views = result.observed
      .map(({ service }) => service)
      .filter((service) => service !== undefined);
    const shown = {
      container_health: podTotals(result.observed),
      services: { ...servicesText(views, view.kube.server) },
    };
    return { result, shown, standing, identity };
  } catch (error) {
    if (signal.aborted) throw error;
    if (isFailure(error, "TooLarge")) return unseen(copy, tooMany(error.message));
    return unseen(copy, troubleOf(error, `cluster ${cluster.name}`));
  }
}

/** Nothing was done, so what stands is what stood before. */
function unseen(copy: Copy | undefined, trouble: Trouble): There {
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
    pairs: [],
    repairInMs: undefined,
  };
  return { result, shown: undefined, standing: copy, identity: copy?.cluster_identity };
}

/** Nothing was made of what could not be written down. */
function tooMany(message: string): Trouble {
  return { code: "TOO_MANY_OBJECTS", message, canPass: false };
}

/** Each override fits the manifest; one after the other they may not. */
function unfit(message: string): Trouble {
  return { code: "INVALID_OVERRIDE", message, canPass: false };
}
