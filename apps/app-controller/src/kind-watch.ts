import { KubeError, type Kube, type ServedKind } from "@octoplane/kube/kube";
import { backoffMs } from "@octoplane/shared/backoff";
import { pause, type Clock } from "@octoplane/shared/clock";
import type { Log } from "@octoplane/shared/log";
import type { Random } from "@octoplane/shared/random";
import { ownerLabel } from "./mark.ts";
import { observe, type Observed } from "./observed.ts";

export interface KindWatchOptions {
  readonly kube: Kube;
  readonly served: ServedKind;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called with the uid of the application whose object has changed. */
  readonly onChange: (owner: string) => void;
}

/**
 * Everything of ours of one kind on one cluster, kept true by one watch, for all applications together. A watch that ends
 * is resumed, one that is too old becomes a new list; what is unknown meanwhile is told by `isCurrent`.
 */
export class KindWatch implements AsyncDisposable {
  readonly #options: KindWatchOptions;
  readonly #objects = new Map<string, Observed>();
  readonly #stop = new AbortController();
  readonly #first = Promise.withResolvers<"watched" | "forbidden">();
  readonly #running: Promise<void>;

  constructor(options: KindWatchOptions) {
    this.#options = options;
    this.#first.promise.catch(() => undefined);
    this.#running = this.#run();
  }

  /**
   * Resolves when the first list is in, or with `forbidden` when these credentials may not list across namespaces; rejects
   * with the KubeError of the first attempt.
   */
  async ready(): Promise<"watched" | "forbidden"> {
    return await this.#first.promise;
  }

  get(id: string): Observed | undefined {
    return this.#objects.get(id);
  }

  /** Takes in what the cluster answered to a write of ours, so that the next look does not see the state before it. */
  note(observed: Observed): void {
    if (isNewer(observed, this.#objects.get(observed.id))) this.#objects.set(observed.id, observed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let version: string | undefined;
    for (let attempt = 0; !signal.aborted;) {
      try {
        version ??= await this.#list(signal);
        this.#first.resolve("watched");
        for await (const next of this.#follow(version, signal)) {
          version = next;
          attempt = 0;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof KubeError && error.status === 403) {
          this.#first.resolve("forbidden");
          return;
        }
        if (error instanceof KubeError && error.status === 410) version = undefined;
        this.#first.reject(error);
        const { log, random, clock, served } = this.#options;
        log.debug({ kind: served.kind, err: error }, "watch on a cluster begins again");
        await pause(clock, backoffMs(attempt, random.fraction(), watchBackoff), signal);
        attempt += 1;
      }
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { kube, served } = this.#options;
    const list = await kube.list(served, { labelSelector: ownerLabel }, signal);
    const seen = new Map(list.items.map((object) => [observe(object).id, observe(object)]));
    for (const [id, before] of this.#objects) {
      if (seen.has(id)) continue;
      this.#objects.delete(id);
      this.#tell(before);
    }
    for (const [id, observed] of seen) {
      const before = this.#objects.get(id);
      if (before?.resourceVersion === observed.resourceVersion) continue;
      this.#objects.set(id, observed);
      this.#tell(observed);
    }
    return list.resourceVersion;
  }

  /** Yields the version up to which everything is taken in. */
  async *#follow(from: string, signal: AbortSignal): AsyncIterable<string> {
    const { kube, served } = this.#options;
    const options = { labelSelector: ownerLabel, resourceVersion: from };
    for await (const event of kube.watch(served, options, signal)) {
      if (event.type === "BOOKMARK") {
        yield event.resourceVersion;
        continue;
      }
      const observed = observe(event.object);
      const before = this.#objects.get(observed.id);
      if (event.type === "DELETED") {
        if (before?.uid === observed.uid) this.#objects.delete(observed.id);
        this.#tell(observed);
      } else if (isNewer(observed, before)) {
        this.#objects.set(observed.id, observed);
        this.#tell(observed);
      }
      yield observed.resourceVersion;
    }
  }

  #tell({ owner }: Observed): void {
    if (owner !== undefined) this.#options.onChange(owner);
  }
}

const watchBackoff = { firstMs: 200, mostMs: 30_000 };

/** Resource versions of one resource type can be compared as integers (Kubernetes 1.35, KEP-5504); where they are none, the later to come wins. */
function isNewer(next: Observed, before: Observed | undefined): boolean {
  if (before === undefined || before.uid !== next.uid) return true;
  if (!/^\d+$/.test(next.resourceVersion) || !/^\d+$/.test(before.resourceVersion)) return true;
  return BigInt(next.resourceVersion) > BigInt(before.resourceVersion);
}
