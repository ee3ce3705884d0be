import { KubeError, type Kube, type KubeObject, type ObjectRef } from "@octoplane/kube/kube";
import type { Discovery, ServedKind } from "@octoplane/kube/kube";
import { kindOf } from "@octoplane/kube/owned";
import { whileWanted } from "@octoplane/shared/abort";
import type { Clock } from "@octoplane/shared/clock";
import { disposeAll } from "@octoplane/shared/lifecycle";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import type { Random } from "@octoplane/shared/random";
import { Semaphore } from "@octoplane/shared/semaphore";
import { namespaceOf, objectId } from "@octoplane/delivery/object-id";
import { PodLooks } from "./health/pod-looks.ts";
import { KindWatch } from "./kind-watch.ts";
import { observe, type Observed } from "./observed.ts";
import { RepairPace } from "./repair-pace.ts";
import { troubleOf, type Trouble } from "./trouble.ts";

export interface ClusterViewOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called with the uid of the application whose object has changed. */
  readonly onChange: (owner: string) => void;
}

/**
 * One cluster as the application controller sees it: what it serves, and our objects on it through one watch per kind that
 * is in use. At rest nothing is asked of a cluster.
 */
export class ClusterView implements AsyncDisposable {
  readonly kube: Kube;
  readonly repairs: RepairPace;
  readonly pods: PodLooks;
  readonly #options: ClusterViewOptions;
  readonly #watches = new Map<string, KindWatch>();
  /** True when the cluster did not know a kind that it is said to serve. */
  #isOutdated = false;
  #identity: { readonly at: number; readonly found: Promise<string | undefined> } | undefined;

  constructor(kube: Kube, options: ClusterViewOptions) {
    this.kube = kube;
    this.repairs = new RepairPace(options.clock);
    this.pods = new PodLooks(kube, options.clock);
    this.#options = options;
  }

  /** What the cluster serves; asks again when one of these kinds is not among those known. */
  async served(
    wanted: readonly { readonly group: string; readonly version: string; readonly kind: string }[],
    signal: AbortSignal,
  ): Promise<Discovery> {
    const refresh = this.#isOutdated;
    this.#isOutdated = false;
    const known = await this.kube.discover({ refresh, signal });
    const names = new Set(known.kinds.map(nameOf));
    const isKnown = wanted.every((kind) => names.has(nameOf(kind)));
    return isKnown ? known : await this.kube.discover({ refresh: true, signal });
  }

  /**
   * What tells this cluster from another one that was built in its place: the uid of its `kube-system`, as observability tools use it,
   * too. `undefined` where these credentials may not see it.
   */
  async identity(signal: AbortSignal): Promise<string | undefined> {
    const now = this.#options.clock.monotonic();
    const isOld = this.#identity && now - this.#identity.at >= limits.clusterIdentityMs;
    if (!this.#identity || isOld) {
      const found = identityOf(this.kube);
      this.#identity = { at: now, found };
      found.catch(() => (this.#identity = undefined));
    }
    return await whileWanted(this.#identity.found, signal);
  }

  /** What the cluster said, as a trouble; of a kind that it no longer serves the next look asks anew. */
  trouble(error: unknown, title: string): Trouble {
    this.#isOutdated ||= error instanceof KubeError && error.reason === "KindNotServed";
    return troubleOf(error, title);
  }

  /** Our objects as they stand; those of a kind that may not be watched are read one by one. */
  async observe(refs: readonly ObjectRef[], signal: AbortSignal): Promise<Observation> {
    const found = new Map<string, Observed>();
    let isWatched = true;
    const parallel = new Semaphore(limits.applyParallelMax);
    await Promise.all(
      refs.map(async (ref) => {
        const watch = this.#watchFor(ref.served);
        await whileWanted(watch.ready(), signal);
        const observed = watch.get(idOf(ref));
        if (observed) found.set(observed.id, observed);
        if (watch.end?.why !== "forbidden") return;
        isWatched = false;
        const object = await parallel.run(() => this.#read(ref, signal));
        if (object) found.set(idOf(ref), observe(object));
      }),
    );
    return { found, isWatched };
  }

  /** Takes in the answer to a write of ours. */
  note(served: ServedKind, object: KubeObject): Observed {
    const observed = observe(object);
    this.#watchFor(served).note(observed);
    return observed;
  }

  /** The uids of the applications that have objects in a namespace, as far as they are watched. */
  ownersIn(namespace: string): string[] {
    const owners = new Set<string>();
    for (const watch of this.#watches.values()) {
      for (const { id, owner } of watch.all()) {
        if (owner !== undefined && namespaceOf(id) === namespace) owners.add(owner);
      }
    }
    return [...owners];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await disposeAll([...this.#watches.values()]);
  }

  /** What may not even be read counts as absent: the attempt to apply it will say what is wrong. */
  async #read(ref: ObjectRef, signal: AbortSignal): Promise<KubeObject | undefined> {
    try {
      return await this.kube.get(ref, signal);
    } catch (error) {
      if (error instanceof KubeError && error.status === 403) return undefined;
      throw error;
    }
  }

  #watchFor(served: ServedKind): KindWatch {
    // By group, kind and version: the fields of an object differ from version to version.
    const key = nameOf(served);
    const known = this.#watches.get(key);
    if (known && !this.#isOver(known)) return known;
    const watch = new KindWatch({ ...this.#options, kube: this.kube, served });
    this.#watches.set(key, watch);
    watch.ready().catch(() => {
      // Whoever asked was told; the next to ask begins anew.
      if (this.#watches.get(key) === watch) this.#watches.delete(key);
      void watch[Symbol.asyncDispose]();
    });
    return watch;
  }

  #isOver({ end }: KindWatch): boolean {
    if (!end) return false;
    const age = this.#options.clock.monotonic() - end.at;
    return end.why === "not served" || age >= limits.forbiddenWatchMs;
  }
}

export interface Observation {
  readonly found: ReadonlyMap<string, Observed>;
  /** False when something had to be read, so that changes have to be looked for. */
  readonly isWatched: boolean;
}

async function identityOf(kube: Kube): Promise<string | undefined> {
  try {
    const served = await kindOf(kube, "", "Namespace");
    return (await kube.get({ served, name: "kube-system" }))?.metadata.uid;
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return undefined;
    throw error;
  }
}

function idOf({ served, namespace, name }: ObjectRef): string {
  return objectId({ group: served.group, kind: served.kind, namespace, name });
}

function nameOf(kind: {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}): string {
  return `${kind.group}/${kind.version}/${kind.kind}`;
}
