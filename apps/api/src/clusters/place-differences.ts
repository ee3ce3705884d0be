import { Type, type Static } from "typebox";
import type { Application, InventoryItem } from "@octoplane/kinds/application";
import { isFacts, listOf, type Facts } from "@octoplane/kinds/manifest-facts";
import { manifestDifference } from "@octoplane/kinds/manifest-difference";
import { changedAt, podSpecPath } from "@octoplane/kinds/pod-spec";
import type { Desired, DesiredObject } from "@octoplane/delivery/desired";
import { hookSecretNames, isOfHook } from "@octoplane/delivery/hook-objects";
import { ownerNameOf, ownerOf } from "@octoplane/delivery/mark";
import { objectId, titleOfId } from "@octoplane/delivery/object-id";
import { immutableFields, mayReplace } from "@octoplane/delivery/replacement";
import { fieldManager, KubeError, type Kube, type KubeObject } from "@octoplane/kube/kube";
import { limits } from "@octoplane/shared/limits";
import { Semaphore } from "@octoplane/shared/semaphore";
import type { WantedPlace } from "./wanted-places.ts";

export const PlaceDifferenceSchema = Type.Object({
  cluster: Type.String(),
  object: Type.String({ description: "`Deployment/web in shop`" }),
  change: Type.Union([
    Type.Literal("added"),
    Type.Literal("changed"),
    Type.Literal("replaced", { description: "deleted, and made anew" }),
    Type.Literal("removed"),
    Type.Literal("refused", { description: "by the cluster, or left to whose it is" }),
  ]),
  fields: Type.Array(
    Type.Object({
      path: Type.String(),
      before: Type.Optional(Type.Unknown()),
      after: Type.Optional(Type.Unknown()),
    }),
  ),
  message: Type.Optional(Type.String({ description: "what the cluster said" })),
});
export type PlaceDifference = Static<typeof PlaceDifferenceSchema>;

type Difference = Omit<PlaceDifference, "cluster">;

export interface Comparison {
  readonly app: Application;
  readonly kube: Kube;
  readonly place: WantedPlace;
  readonly desired: Desired;
  /** True for the uid of an application that is there. */
  readonly isLiving: (uid: string) => boolean;
}

/**
 * What applying would change at one place: each object is applied as a dry run, so that the cluster's own defaults, webhooks and
 * checks count, and compared with what stands there. Nothing is written.
 */
export async function placeDifferences(
  comparison: Comparison,
  signal: AbortSignal,
): Promise<readonly PlaceDifference[]> {
  const { app, place, desired } = comparison;
  const parallel = new Semaphore(limits.applyParallelMax);
  const books = new Map((place.copy?.objects ?? []).map((item) => [objectId(item), item]));
  const made = new Set(
    desired.objects.filter(({ phase }) => phase === "namespaces").map(({ ref }) => ref.name),
  );
  const tried = await Promise.all(
    desired.objects.map((object) =>
      parallel.run(() =>
        differenceOf(comparison, { object, made, item: books.get(object.id) }, signal),
      ),
    ),
  );
  const unresolved = desired.unresolved.map(({ title, message, canPass }): Difference => {
    const object = title.replace(" ", "/");
    return canPass
      ? { object, change: "added", fields: [] }
      : { object, change: "refused", fields: [], message };
  });
  const wanted = new Set([...desired.objects, ...desired.unresolved].map(({ id }) => id));
  const ofHooks = app.spec.stopped === "removed" ? [] : hookSecretNames(app.metadata.name);
  const removed = [...books].flatMap(([id, item]): readonly Difference[] =>
    wanted.has(id) || isLeft(item) || ofHooks.includes(item.name)
      ? []
      : [{ object: nameOf(item), change: "removed", fields: [] }],
  );
  const cluster = place.cluster.name;
  return [...tried.flat(), ...unresolved, ...removed].map((one) => ({ cluster, ...one }));
}

/** What stays on the cluster, or was never made. */
function isLeft({ keep, joined, uid, yielded }: InventoryItem): boolean {
  return keep === true || joined === true || uid === "" || yielded !== undefined;
}

interface Attempt {
  readonly object: DesiredObject;
  readonly item: InventoryItem | undefined;
  /** Namespaces that are made along. */
  readonly made: ReadonlySet<string>;
}

async function differenceOf(
  { app, kube, isLiving }: Comparison,
  { object, item, made }: Attempt,
  signal: AbortSignal,
): Promise<readonly Difference[]> {
  const { ref } = object;
  const title = nameOf({ ...ref.served, namespace: ref.namespace ?? null, name: ref.name });
  if (item?.joined === true) return [];
  let live: KubeObject | undefined;
  try {
    live = await kube.get(ref, signal);
    if (live === undefined && item?.uid && object.removesItself && item.digest === object.digest)
      return [];
    const other = live && foreignOwner(live, { item, isLiving, uid: app.metadata.uid });
    if (other !== undefined && app.spec.delivery?.adopt !== true) {
      // A namespace is shared.
      if (object.phase === "namespaces") return [];
      return [
        {
          object: title,
          change: "refused",
          fields: [],
          message: `${titleOfId(object.id)} ${other}`,
        },
      ];
    }
    const { object: after } = await kube.apply(
      ref,
      object.object,
      { force: true, dryRun: true },
      signal,
    );
    if (live === undefined) return [{ object: title, change: "added", fields: [] }];
    const [before, then] = [live, after].map((one) => comparable(one, app.metadata.name));
    const [difference] = manifestDifference([before!], [then!]);
    const fields = (difference?.fields ?? []).filter(
      ({ path }) => !(object.leavesReplicas && path === "spec.replicas"),
    );
    return fields.length > 0 ? [{ object: title, change: "changed", fields }] : [];
  } catch (error) {
    if (signal.aborted || !(error instanceof KubeError) || isNoAnswer(error)) throw error;
    return [{ object: title, fields: [], ...refusal(error, { app, object, live, made }) }];
  }
}

function isNoAnswer({ status }: KubeError): boolean {
  return status === 0 || status === 401;
}

function refusal(
  error: KubeError,
  found: Pick<Attempt, "object" | "made"> &
    Pick<Comparison, "app"> & { readonly live: KubeObject | undefined },
): Pick<Difference, "change" | "message"> {
  const { app, object, live, made } = found;
  const { namespace } = object.ref;
  const isEarly = live === undefined && error.status === 404 && namespace !== undefined;
  if (isEarly && made.has(namespace)) return { change: "added" };
  const message = error.message.slice(0, limits.messageCharsMax);
  const fields = immutableFields(error);
  const isReplaced = fields.length > 0 && mayReplace(object, app.spec.delivery?.replace);
  return isReplaced
    ? { change: "replaced", message: `${fields.join(", ")} cannot be changed` }
    : { change: "refused", message };
}

/** Whose an object is that stands where one of ours should; `undefined` when it is ours, or nobody's. */
function foreignOwner(
  live: KubeObject,
  our: {
    readonly uid: string;
    readonly item: InventoryItem | undefined;
    readonly isLiving: (uid: string) => boolean;
  },
): string | undefined {
  const owner = ownerOf(live);
  if (owner !== undefined) {
    const isTheirs = owner !== our.uid && our.isLiving(owner);
    return isTheirs ? `belongs to application ${ownerNameOf(live) ?? owner}` : undefined;
  }
  const managers = (live.metadata["managedFields"] ?? []) as readonly {
    readonly manager?: string;
  }[];
  const isOurs =
    our.item?.uid === live.metadata.uid || managers.some(({ manager }) => manager === fieldManager);
  return isOurs
    ? undefined
    : "was made by somebody else; spec.delivery.adopt (--adopt) takes it over";
}

function nameOf(item: {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
}): string {
  const { group, kind, namespace, name } = item;
  const where = namespace === null ? "" : ` in ${namespace}`;
  return `${kind}/${name}${where}${group === "" ? "" : ` (${group})`}`;
}

/** What only a server writes, and at each write. */
const servers = [
  "managedFields",
  "resourceVersion",
  "uid",
  "creationTimestamp",
  "generation",
  "selfLink",
];

/** The object without what differs by itself, our own marks, and what hooks that call back are given. */
function comparable({ status: _status, ...object }: KubeObject, application: string): Facts {
  const metadata = Object.entries(object.metadata)
    .filter(([field]) => !servers.includes(field))
    .map(([field, value]) => [field, isFacts(value) ? withoutMarks(value) : value] as const)
    .filter(([, value]) => !isFacts(value) || Object.keys(value).length > 0);
  const path = podSpecPath(object);
  const bare = path === undefined ? object : changedAt(object, path, withoutHooks(application));
  return { ...bare, metadata: Object.fromEntries(metadata) };
}

function withoutMarks(values: Facts): Facts {
  return Object.fromEntries(
    Object.entries(values).filter(([key]) => !key.startsWith("octoplane.io/")),
  );
}

function withoutHooks(application: string): (spec: Facts) => Facts {
  const names = hookSecretNames(application);
  const isOurs = (element: unknown): boolean => isOfHook(element, (name) => names.includes(name));
  return (spec) => {
    const changed: Record<string, unknown> = without(spec, "volumes", isOurs);
    for (const list of ["containers", "initContainers"]) {
      if (!Array.isArray(spec[list])) continue;
      changed[list] = listOf(spec[list]).map((container) =>
        without(without(container, "env", isOurs), "volumeMounts", isOurs),
      );
    }
    return changed;
  };
}

/** A list that has nothing left goes as well. */
function without(holder: Facts, name: string, isOut: (element: unknown) => boolean): Facts {
  const { [name]: list, ...rest } = holder;
  if (!Array.isArray(list)) return holder;
  const left = list.filter((element: unknown) => !isOut(element));
  return left.length === 0 ? rest : { ...holder, [name]: left };
}
