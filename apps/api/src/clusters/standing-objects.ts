import { Type, type Static } from "typebox";
import type { Application, Copy, InventoryItem } from "@octoplane/kinds/application";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { Desired, DesiredObject } from "@octoplane/delivery/desired";
import { healthOf } from "@octoplane/delivery/health/assess-health";
import { explainedHealth, isSick } from "@octoplane/delivery/health/explained-health";
import type { Health } from "@octoplane/delivery/health/health";
import { podTrouble, worstTrouble, type PodTrouble } from "@octoplane/delivery/health/pod-trouble";
import { objectId, titleOfId } from "@octoplane/delivery/object-id";
import { KubeError, type Kube, type KubeObject, type ServedKind } from "@octoplane/kube/kube";
import { podsOf, type OwnedPod } from "@octoplane/kube/owned";
import { remarksOfPods } from "@octoplane/kube/pod-remarks";
import { limits } from "@octoplane/shared/limits";
import { Semaphore } from "@octoplane/shared/semaphore";

const nullableText = Type.Union([Type.String(), Type.Null()]);

export const StandingObjectSchema = Type.Object({
  cluster: Type.String(),
  group: Type.String(),
  version: Type.String(),
  kind: Type.String(),
  namespace: nullableText,
  name: Type.String(),
  uid: nullableText,
  health: Type.String({
    description:
      "healthy, progressing, degraded, idle, completed, expired, missing, terminating, refused or unknown",
  }),
  reason: nullableText,
  message: nullableText,
  pods: Type.Union([
    Type.Object({
      desired: Type.Integer(),
      running: Type.Integer(),
      completed: Type.Integer(),
      failed: Type.Integer(),
    }),
    Type.Null(),
  ]),
});
export type StandingObject = Static<typeof StandingObjectSchema>;

/** What is looked at: what should stand there, and what the books say of it. */
export interface Standing {
  readonly kube: Kube;
  readonly cluster: ResourceRef;
  readonly copy: Copy | undefined;
  /** Absent where the application no longer belongs. */
  readonly desired: Desired | undefined;
}

/** Every object of an application at one place as it is now, with the reason of its Pods where it is not well. */
export async function standingObjects(
  { metadata }: Pick<Application, "metadata">,
  standing: Standing,
  signal: AbortSignal,
): Promise<readonly StandingObject[]> {
  const { kube, copy, desired, cluster } = standing;
  const { kinds } = await kube.discover({ signal });
  const parallel = new Semaphore(limits.applyParallelMax);
  const wanted = new Map(desired?.objects.map((object) => [object.id, object]));
  const books = new Map((copy?.objects ?? []).map((item) => [objectId(item), item]));
  const isApplied = copy?.generation === metadata.generation;
  const ids = [...wanted.keys(), ...[...books.keys()].filter((id) => !wanted.has(id))];
  const seen = await Promise.all(
    ids.map((id) =>
      parallel.run(async () => {
        const place = { id, item: books.get(id), desired: wanted.get(id) };
        return await lookAt(kube, { ...place, kinds, isApplied }, signal);
      }),
    ),
  );
  const troubles = await troublesOf(kube, seen, signal);
  const items = seen.map((one) => viewOf(cluster.name, withReason(one, troubles)));
  const refused = (desired?.unresolved ?? []).map(({ id, message }) => {
    const health = { status: "refused", reason: "UNSUPPORTED_RESOURCE", message } as const;
    return viewOf(cluster.name, { id, version: "", uid: undefined, health });
  });
  return [...items, ...refused];
}

/** What stands somewhere by the books, where nobody can look. Pure. */
export function unseenObjects(
  cluster: ResourceRef,
  copy: Copy | undefined,
  message: string,
): readonly StandingObject[] {
  const health = told("unknown", "CLUSTER_NOT_REACHABLE", message);
  return (copy?.objects ?? []).map((item) =>
    viewOf(cluster.name, {
      id: objectId(item),
      version: item.version,
      uid: item.uid || undefined,
      health,
    }),
  );
}

interface Seen {
  readonly id: string;
  readonly version: string;
  readonly uid: string | undefined;
  readonly health: Omit<Health, "status"> & { readonly status: string };
}

interface Look {
  readonly id: string;
  readonly item: InventoryItem | undefined;
  readonly desired: DesiredObject | undefined;
  readonly kinds: readonly ServedKind[];
  /** True when the specification, as it is now, has been applied in full. */
  readonly isApplied: boolean;
}

async function lookAt(kube: Kube, look: Look, signal: AbortSignal): Promise<Seen> {
  const { id, item, desired } = look;
  const served = desired?.ref.served ?? servedFor(item, look.kinds);
  const place = { id, version: served?.version ?? item?.version ?? "" };
  if (!served) return { ...place, uid: undefined, health: told("missing", "NotServed") };
  const namespace = desired ? desired.ref.namespace : (item?.namespace ?? undefined);
  const name = desired?.ref.name ?? item?.name ?? "";
  const ref = { served, name, ...(namespace === undefined ? {} : { namespace }) };
  try {
    const object = await kube.get(ref, signal);
    return { ...place, uid: object?.metadata.uid, health: healthAt(look, object) };
  } catch (error) {
    // What our credentials may not see is not known; a cluster that does not answer is no answer.
    if (!(error instanceof KubeError) || error.status !== 403) throw error;
    return { ...place, uid: undefined, health: told("unknown", "Forbidden", error.message) };
  }
}

function servedFor(
  item: InventoryItem | undefined,
  kinds: readonly ServedKind[],
): ServedKind | undefined {
  const same = kinds.filter(({ group, kind }) => group === item?.group && kind === item.kind);
  return same.find(({ version }) => version === item?.version) ?? same[0];
}

function told(status: string, reason: string, message = ""): Seen["health"] {
  return { status, reason, message };
}

function healthAt(
  { id, item, desired, isApplied }: Look,
  object: KubeObject | undefined,
): Seen["health"] {
  const title = titleOfId(id);
  const wasMade = item !== undefined && item.uid !== "";
  if (object === undefined) {
    if (desired?.removesItself && wasMade && isApplied) {
      return id.startsWith("batch|Job|")
        ? told("completed", "Completed")
        : told("expired", "Expired", `${title} has removed itself`);
    }
    const why = wasMade ? `${title} has gone` : `${title} has not been made`;
    return told("missing", "Missing", why);
  }
  if (object.metadata.deletionTimestamp !== undefined) {
    return told("terminating", "Terminating", `${title} is on its way out`);
  }
  if (!wasMade && !item?.joined) {
    return told("refused", "OWNED_BY_OTHER", `${title} is there, and not this application's`);
  }
  const slash = object.apiVersion.indexOf("/");
  return healthOf(slash < 0 ? "" : object.apiVersion.slice(0, slash), object);
}

/** What Pods say of the workloads that are not well, by their uids; nothing is asked while all of them are. */
async function troublesOf(
  kube: Kube,
  seen: readonly Seen[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, PodTrouble>> {
  const roots = seen.flatMap(({ id, uid, health }) => {
    if (uid === undefined || !isSick(health as Health)) return [];
    const [group = "", kind = "", namespace = "", name = ""] = id.split("|");
    return [{ group, kind, namespace, name, uid }];
  });
  const found = new Map<string, PodTrouble>();
  if (roots.length === 0) return found;
  const { pods } = await podsOf(kube, roots, signal);
  const alive = pods.filter(({ pod }) => pod.metadata.deletionTimestamp === undefined);
  for (const [namespace, owned] of Map.groupBy(alive, ({ pod }) => pod.metadata.namespace ?? "")) {
    const isVague = owned.some(({ pod }) => podTrouble(pod)?.certainty === "vague");
    const remarks = isVague ? await remarksOfPods(kube, namespace, signal) : new Map();
    for (const { root, trouble } of troubled(owned, remarks)) {
      const before = found.get(root.uid);
      found.set(root.uid, worstTrouble(before ? [before, trouble] : [trouble])!);
    }
  }
  return found;
}

function troubled(pods: readonly OwnedPod[], remarks: Awaited<ReturnType<typeof remarksOfPods>>) {
  return pods.flatMap(({ pod, root }) => {
    const trouble = podTrouble(pod, remarks.get(pod.metadata.uid ?? ""));
    return trouble ? [{ root, trouble }] : [];
  });
}

function withReason(seen: Seen, troubles: ReadonlyMap<string, PodTrouble>): Seen {
  const trouble = troubles.get(seen.uid ?? "");
  return trouble ? { ...seen, health: explainedHealth(seen.health as Health, trouble) } : seen;
}

function viewOf(cluster: string, { id, version, uid, health }: Seen): StandingObject {
  const [group = "", kind = "", namespace = "", name = ""] = id.split("|");
  const { status, reason, message, pods } = health;
  return {
    cluster,
    group,
    version,
    kind,
    namespace: namespace === "" ? null : namespace,
    name,
    uid: uid ?? null,
    health: status,
    reason: reason === "" ? null : reason,
    message: message === "" ? null : message.slice(0, limits.messageCharsMax),
    pods: pods ?? null,
  };
}
