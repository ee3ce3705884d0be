import { limits } from "@octoplane/shared/limits";
import { Semaphore } from "@octoplane/shared/semaphore";
import { KubeError, type Kube, type KubeObject, type KubeOwner, type ServedKind } from "./kube.ts";

/** An object that was applied: what others may descend from. */
export interface Root {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly uid: string;
}

export interface OwnedPod {
  readonly pod: KubeObject;
  /** What it descends from, or is. */
  readonly root: Root;
}

export interface OwnedPods {
  readonly pods: readonly OwnedPod[];
  /** True when there are more than `limits.ownedPodsMax`. */
  readonly isCut: boolean;
}

/**
 * Which of the roots an object descends from, up the chain of its owners by their uids. Every owner in between is fetched once;
 * one that is gone, or has another uid by now, ends the chain. A `Conflict` KubeError when there are too many of them.
 */
export class Ancestry {
  readonly #kube: Kube;
  readonly #kinds: readonly ServedKind[];
  readonly #roots: ReadonlyMap<string, Root>;
  readonly #known = new Map<string, Promise<Root | undefined>>();
  readonly #parallel = new Semaphore(limits.applyParallelMax);
  readonly #signal: AbortSignal | undefined;

  private constructor(
    kube: Kube,
    kinds: readonly ServedKind[],
    roots: readonly Root[],
    signal: AbortSignal | undefined,
  ) {
    this.#kube = kube;
    this.#kinds = kinds;
    this.#roots = new Map(roots.map((root) => [root.uid, root]));
    this.#signal = signal;
  }

  static async open(kube: Kube, roots: readonly Root[], signal?: AbortSignal): Promise<Ancestry> {
    const { kinds } = await kube.discover(signal ? { signal } : {});
    return new Ancestry(kube, kinds, roots, signal);
  }

  async rootOf({ metadata }: KubeObject, depth = 0): Promise<Root | undefined> {
    const own = this.#roots.get(metadata.uid ?? "");
    if (own || depth >= limits.ownerDepthMax) return own;
    for (const owner of metadata.ownerReferences ?? []) {
      const root = await this.#rootOfOwner(owner, metadata.namespace, depth);
      if (root) return root;
    }
    return undefined;
  }

  #rootOfOwner(
    owner: KubeOwner,
    namespace: string | undefined,
    depth: number,
  ): Promise<Root | undefined> {
    const known = this.#known.get(owner.uid);
    if (known) return known;
    const found = this.#findRoot(owner, namespace, depth);
    this.#known.set(owner.uid, found);
    return found;
  }

  async #findRoot(
    owner: KubeOwner,
    namespace: string | undefined,
    depth: number,
  ): Promise<Root | undefined> {
    const root = this.#roots.get(owner.uid);
    if (root) return root;
    if (this.#known.size >= limits.ownersFetchedMax) throw tooManyOwners();
    const [version = "", group = ""] = owner.apiVersion.split("/").toReversed();
    const kinds = this.#kinds.filter((one) => one.group === group && one.kind === owner.kind);
    const served = kinds.find((one) => one.version === version) ?? kinds[0];
    if (!served || (served.namespaced && namespace === undefined)) return undefined;
    const place = served.namespaced && namespace !== undefined ? { namespace } : {};
    const ref = { served, ...place, name: owner.name };
    const object = await this.#parallel.run(() => this.#kube.get(ref, this.#signal));
    if (object?.metadata.uid !== owner.uid) return undefined;
    return await this.rootOf(object, depth + 1);
  }
}

/**
 * Every Pod that descends from the roots, by namespace and name: in the namespaces of the roots, in those that are roots, and in
 * those that an operator made for a root.
 */
export async function podsOf(
  kube: Kube,
  roots: readonly Root[],
  signal?: AbortSignal,
): Promise<OwnedPods> {
  const ancestry = await Ancestry.open(kube, roots, signal);
  const served = await kindOf(kube, "", "Pod");
  const pods: OwnedPod[] = [];
  for (const namespace of await namespacesOf(kube, roots, ancestry)) {
    for await (const page of kube.pages(served, { namespace }, signal)) {
      const traced = await Promise.all(
        page.map(async (pod) => ({ pod, root: await ancestry.rootOf(pod) })),
      );
      for (const { pod, root } of traced) {
        if (!root) continue;
        if (pods.length >= limits.ownedPodsMax) return { pods, isCut: true };
        pods.push({ pod, root });
      }
    }
  }
  return { pods, isCut: false };
}

/** The Pod of this name that descends from the roots; `undefined` for others' Pods and for none. */
export async function podNamed(
  kube: Kube,
  roots: readonly Root[],
  wanted: { readonly name: string; readonly namespace?: string | undefined },
  signal?: AbortSignal,
): Promise<OwnedPod | undefined> {
  const ancestry = await Ancestry.open(kube, roots, signal);
  const served = await kindOf(kube, "", "Pod");
  const all = await namespacesOf(kube, roots, ancestry);
  for (const namespace of wanted.namespace === undefined ? all : [wanted.namespace]) {
    const pod = await kube.get({ served, namespace, name: wanted.name }, signal);
    const root = pod && (await ancestry.rootOf(pod));
    if (root) return { pod, root };
  }
  return undefined;
}

export async function kindOf(kube: Kube, group: string, kind: string): Promise<ServedKind> {
  const { kinds } = await kube.discover();
  const served = kinds.find((one) => one.group === group && one.kind === kind);
  if (served) return served;
  throw new KubeError(`the cluster does not serve ${kind}`, {
    status: 404,
    reason: "KindNotServed",
    retry: true,
  });
}

/** Where descendants of the roots can be. */
export async function namespacesOf(
  kube: Kube,
  roots: readonly Root[],
  ancestry: Ancestry,
): Promise<readonly string[]> {
  const names = new Set<string>();
  for (const { group, kind, namespace, name } of roots) {
    if (namespace !== null) names.add(namespace);
    if (group === "" && kind === "Namespace") names.add(name);
  }
  // Only custom kinds have operators that make namespaces.
  const mayMakeMore = roots.some(({ namespace, group }) => namespace === null && isCustom(group));
  if (mayMakeMore) for (const name of await ownedNamespaces(kube, ancestry)) names.add(name);
  return [...names].toSorted();
}

function isCustom(group: string): boolean {
  return group.includes(".") && !group.endsWith(".k8s.io");
}

async function ownedNamespaces(kube: Kube, ancestry: Ancestry): Promise<readonly string[]> {
  const served = await kindOf(kube, "", "Namespace");
  try {
    const { items } = await kube.list(served);
    const owned = await Promise.all(
      items.map(async (item) => ((await ancestry.rootOf(item)) ? [item.metadata.name ?? ""] : [])),
    );
    return owned.flat();
  } catch (error) {
    // Credentials for some namespaces show what is in those.
    if (error instanceof KubeError && error.status === 403) return [];
    throw error;
  }
}

function tooManyOwners(): KubeError {
  return new KubeError(`its Pods have more than ${limits.ownersFetchedMax} owners`, {
    status: 0,
    reason: "AnswerTooLarge",
    retry: false,
  });
}
