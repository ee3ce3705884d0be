import type { Copy, InventoryItem } from "@octoplane/kinds/application";
import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import { identify, type ManifestIdentity, type ManifestObject } from "@octoplane/kinds/manifest";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { FieldProblem } from "@octoplane/shared/errors";
import type { Resources } from "../resources.ts";
import { isPlain, type KrakeObject } from "./krake-object.ts";
import type { KrakePlace } from "./krake-status.ts";

/** What is found on a cluster of what is looked for. */
export interface Found {
  /** Each with its uid, as made by us and to be applied once more. */
  readonly objects: readonly InventoryItem[];
  readonly missing: readonly ManifestIdentity[];
}

/** Looks on a cluster; a text says why that was not possible. */
export type LookOnCluster = (
  cluster: Cluster,
  wanted: readonly ManifestIdentity[],
) => Promise<Found | string>;

export interface PlaceWorld {
  readonly resources: Resources;
  readonly look: LookOnCluster;
  /** Krake's clusters by key, and whether this import has taken them or found them here. */
  readonly clusters: ReadonlyMap<string, boolean>;
  readonly dryRun: boolean;
  /** Which application has an object of a cluster in its books, by `claimKey`. */
  readonly claims: Map<string, string>;
}

export interface Placed {
  readonly place: KrakePlace;
  readonly remarks: readonly string[];
}

/**
 * Where an application of Krake's stands here, with what it has on its cluster. It keeps its place as long as its cluster is
 * there; an application whose objects cannot be taken over is refused, because it would be started a second time elsewhere.
 */
export async function placeOf(
  world: PlaceWorld,
  app: KrakeObject,
): Promise<Placed | { readonly problems: readonly FieldProblem[] }> {
  const remarks: string[] = [];
  const there = new Map<string, ResourceRef | null>();
  for (const field of ["running_on", "scheduled_to"]) {
    const ref = refOf(app.status[field]);
    const found = ref && (await clusterOf(world, ref));
    if (typeof found === "string") {
      return { problems: [{ field: `status.${field}`, message: found }] };
    }
    if (ref && !found) {
      const remark = `its cluster ${ref.name} is gone, so it is placed anew`;
      if (!remarks.includes(remark)) remarks.push(remark);
    }
    there.set(field, ref && found ? ref : null);
  }
  const running = there.get("running_on") ?? null;
  const bound = there.get("scheduled_to") ?? running;
  const on = running ?? bound;
  const nowhere = { place: { bound, running, copy: undefined }, remarks };
  const wanted = wantedOf(app, running !== null);
  if (on === null || wanted.length === 0) return nowhere;
  const taken = await takeOver(world, { app, on, wanted });
  if (taken === undefined) return nowhere;
  if ("problems" in taken) return taken;
  const copy = taken.copy && { ...taken.copy, generation: running === null ? 0 : 1 };
  return { place: { bound, running, copy }, remarks: [...remarks, ...taken.remarks] };
}

/** True when it is there, false when it has gone; a text when it is neither. */
async function clusterOf(world: PlaceWorld, ref: ResourceRef): Promise<boolean | string> {
  const key = `/${ClusterKind.api}/${ClusterKind.plural}/${ref.namespace}/${ref.name}`;
  const taken = world.clusters.get(key);
  if (taken === false) {
    return `its cluster ${ref.name} was not taken over, and so is not what runs there`;
  }
  if (await storedCluster(world, ref)) return true;
  if (taken === undefined) return false;
  return world.dryRun ? true : `its cluster ${ref.name} is not here; import it first`;
}

async function storedCluster(
  { resources }: PlaceWorld,
  { namespace, name }: ResourceRef,
): Promise<Cluster | undefined> {
  return await resources.of(ClusterKind).get({ name, namespace: namespace ?? "" });
}

/** `undefined` in a dry run, as long as the cluster is not stored. */
async function takeOver(
  world: PlaceWorld,
  work: {
    readonly app: KrakeObject;
    readonly on: ResourceRef;
    readonly wanted: readonly Wanted[];
  },
): Promise<
  | { readonly copy: Copy | undefined; readonly remarks: readonly string[] }
  | { readonly problems: readonly FieldProblem[] }
  | undefined
> {
  const { app, on, wanted } = work;
  if (!(await storedCluster(world, on))) return undefined;
  const ref = { name: on.name, namespace: on.namespace ?? "" };
  const cluster = await world.resources.of(ClusterKind).reveal(ref);
  const found =
    // What stands on a cluster that counts as lost would be moved away in the moment of the import.
    cluster.status.state === "OFFLINE"
      ? "it is OFFLINE here"
      : await world.look(
          cluster,
          wanted.map(({ identity }) => identity),
        );
  if (typeof found === "string") {
    const message = `what runs on cluster ${on.name} cannot be taken over: ${found}`;
    return { problems: [{ field: "status.running_on", message }] };
  }
  const lost = found.missing.map(titleOf);
  const rerun = found.missing.find((identity) => endedByItself(wanted, identity));
  if (rerun && app.metadata.deleted === null) {
    const message = `${titleOf(rerun)} has done its work and is gone from ${on.name}; here it would run once more`;
    return { problems: [{ field: "status.last_applied_manifest", message }] };
  }
  const remarks = lost.length === 0 ? [] : [`not on ${on.name} any more: ${lost.join(", ")}`];
  const owner = `${app.metadata.namespace}/${app.metadata.name}`;
  const objects = found.objects.filter((item) => {
    const other = world.claims.get(claimKey(cluster.metadata.uid, item.uid));
    if (other !== undefined && other !== owner) {
      remarks.push(`${titleOf(item)} on ${on.name} belongs to application ${other} already`);
      return false;
    }
    world.claims.set(claimKey(cluster.metadata.uid, item.uid), owner);
    return true;
  });
  const copy = { cluster: on, cluster_uid: cluster.metadata.uid, generation: 1, objects };
  return { copy: objects.length === 0 ? undefined : copy, remarks };
}

export function claimKey(clusterUid: string, uid: string): string {
  return `${clusterUid}|${uid}`;
}

interface Wanted {
  readonly identity: ManifestIdentity;
  readonly item: ManifestObject;
}

/**
 * What Krake has put on the cluster: what it applied last, and what it saw last. The Secrets of its hooks stay as they are:
 * Pods that run refer to them.
 */
function wantedOf({ metadata, input, status }: KrakeObject, runs: boolean): readonly Wanted[] {
  const lists = [status["last_applied_manifest"], status["last_observed_manifest"]].map(listOf);
  const known = lists.flat();
  const spec = input["spec"] as { readonly manifest: readonly ManifestObject[] };
  const all = new Map<string, Wanted>();
  for (const item of known.length === 0 && runs ? spec.manifest : known) {
    const identity = identify(item);
    if ("problem" in identity) continue;
    const { group, kind, namespace, name } = identity;
    if (kind === "Secret" && isOfHook(name, metadata.name)) continue;
    const key = [group, kind, namespace ?? "", name].join("|");
    if (!all.has(key)) all.set(key, { identity, item });
  }
  return [...all.values()];
}

/** Contract section 6.7: `<app>-krake-<hook>-secret-token` and `-certs`. */
function isOfHook(secret: string, app: string): boolean {
  if (!secret.startsWith(`${app}-krake-`)) return false;
  return /^(?:complete|shutdown)-secret-(?:token|certs)$/.test(secret.slice(app.length + 7));
}

function listOf(value: unknown): readonly ManifestObject[] {
  return Array.isArray(value) ? value.filter(isPlain) : [];
}

function endedByItself(wanted: readonly Wanted[], identity: ManifestIdentity): boolean {
  if (identity.group !== "batch" || identity.kind !== "Job") return false;
  const item = wanted.find((one) => one.identity === identity)?.item;
  const spec = isPlain(item?.["spec"]) ? item["spec"] : {};
  return typeof spec["ttlSecondsAfterFinished"] === "number";
}

function refOf(value: unknown): ResourceRef | null {
  if (!isPlain(value)) return null;
  const { name, namespace } = value;
  if (typeof name !== "string" || typeof namespace !== "string") return null;
  return { api: ClusterKind.api, kind: ClusterKind.kind, namespace, name };
}

function titleOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind} ${name}`;
}
