import type { Kube, KubeObject, ObjectRef, ServedKind } from "@octoplane/kube/kube";
import type { Clock } from "@octoplane/shared/clock";
import { disposeAll } from "@octoplane/shared/lifecycle";
import type { Log } from "@octoplane/shared/log";
import type { Random } from "@octoplane/shared/random";
import { objectId } from "./desired.ts";
import { KindWatch } from "./kind-watch.ts";
import { observe, type Observed } from "./observed.ts";

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
  readonly #options: ClusterViewOptions;
  readonly #watches = new Map<string, KindWatch>();

  constructor(kube: Kube, options: ClusterViewOptions) {
    this.kube = kube;
    this.#options = options;
  }

  /** The kinds that the cluster serves; asks again when one of these is not among those known. */
  async served(
    wanted: readonly { readonly group: string; readonly kind: string }[],
    signal: AbortSignal,
  ): Promise<readonly ServedKind[]> {
    const known = await this.kube.discover({ signal });
    const missing = wanted.some(
      ({ group, kind }) => !known.some((served) => served.group === group && served.kind === kind),
    );
    return missing ? await this.kube.discover({ refresh: true, signal }) : known;
  }

  /** Our objects as they stand; those of a kind that may not be watched are read one by one. */
  async observe(refs: readonly ObjectRef[], signal: AbortSignal): Promise<Observation> {
    const found = new Map<string, Observed>();
    let isWatched = true;
    await Promise.all(
      refs.map(async (ref) => {
        const watch = this.#watchFor(ref.served);
        if ((await watch.ready()) === "watched") {
          const observed = watch.get(idOf(ref));
          if (observed) found.set(observed.id, observed);
          return;
        }
        isWatched = false;
        const object = await this.kube.get(ref, signal);
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

  async [Symbol.asyncDispose](): Promise<void> {
    await disposeAll([...this.#watches.values()]);
  }

  #watchFor(served: ServedKind): KindWatch {
    // By group, kind and version: the fields of an object differ from version to version.
    const key = `${served.group}/${served.version}/${served.kind}`;
    let watch = this.#watches.get(key);
    if (!watch) {
      watch = new KindWatch({ ...this.#options, kube: this.kube, served });
      this.#watches.set(key, watch);
      watch.ready().catch(() => {
        // Whoever asked was told; the next to ask begins anew.
        if (this.#watches.get(key) === watch) this.#watches.delete(key);
        void watch?.[Symbol.asyncDispose]();
      });
    }
    return watch;
  }
}

export interface Observation {
  readonly found: ReadonlyMap<string, Observed>;
  /** False when something had to be read, so that changes have to be looked for. */
  readonly isWatched: boolean;
}

function idOf({ served, namespace, name }: ObjectRef): string {
  return objectId({ group: served.group, kind: served.kind, namespace, name });
}
