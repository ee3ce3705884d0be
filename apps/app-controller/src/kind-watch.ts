import { KubeError, type Kube, type ServedKind } from "@octoplane/kube/kube";
import { backoffMs } from "@octoplane/shared/backoff";
import { pause, type Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import type { Random } from "@octoplane/shared/random";
import { ownerLabel } from "@octoplane/delivery/mark";
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

/** How a watch has ended for good: these credentials may not watch, or the cluster no longer serves the kind. */
export type WatchEnd = "forbidden" | "not served";

/**
 * Everything of ours of one kind on one cluster, kept true by one watch, for all applications together. A watch that ends
 * is resumed, one that is too old becomes a new list. While the cluster does not answer, what was seen last stands.
 */
export class KindWatch implements AsyncDisposable {
  readonly #options: KindWatchOptions;
  readonly #objects = new Map<string, Observed>();
  readonly #stop = new AbortController();
  readonly #first = Promise.withResolvers<void>();
  readonly #running: Promise<void>;
  #end: { readonly why: WatchEnd; readonly at: number } | undefined;
  /** Everything up to this version is taken in. */
  #version: string | undefined;

  constructor(options: KindWatchOptions) {
    this.#options = options;
    this.#first.promise.catch(() => undefined);
    this.#running = this.#run();
  }

  /** Resolves when the first list is in or it is known why there is none; rejects with the KubeError of the first attempt. */
  async ready(): Promise<void> {
    await this.#first.promise;
  }

  /** Why nothing is watched, and since when (monotonic); `undefined` while it is. */
  get end(): { readonly why: WatchEnd; readonly at: number } | undefined {
    return this.#end;
  }

  get(id: string): Observed | undefined {
    return this.#objects.get(id);
  }

  all(): Iterable<Observed> {
    return this.#objects.values();
  }

  /** Takes in what the cluster answered to a write of ours, so that the next look does not see the state before it. */
  note(observed: Observed): void {
    if (this.#end) return;
    // What the watch has passed already it knows better: the object may have gone again since.
    const before = this.#objects.get(observed.id);
    const known = [this.#version, before?.resourceVersion].filter((one) => one !== undefined);
    if (known.some((version) => isLater(version, observed.resourceVersion, "or equal"))) return;
    this.#objects.set(observed.id, observed);
    // The watch will tell of a change that is known already, and so not of whom the object was taken from.
    if (before && before.owner !== observed.owner) this.#tell(before);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    // Whoever still waits for the first list must not wait for ever.
    const why = { status: 0, reason: "Aborted", retry: true };
    this.#first.reject(new KubeError("the watch was closed before it began", why));
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { clock, random, log, served } = this.#options;
    for (let attempt = 0; !signal.aborted;) {
      const began = clock.monotonic();
      try {
        this.#version ??= await this.#list(signal);
        this.#first.resolve();
        await this.#follow(this.#version, signal);
      } catch (error) {
        if (signal.aborted) return;
        const why = endOf(error);
        if (why) return this.#endFor(why);
        if (error instanceof KubeError && error.status === 410) this.#version = undefined;
        this.#first.reject(error);
        log.debug({ kind: served.kind, err: error }, "watch on a cluster begins again");
      }
      const lasted = clock.monotonic() - began >= limits.kubeWatchLeastMs;
      attempt = lasted ? 0 : attempt + 1;
      if (attempt > 0)
        await pause(clock, backoffMs(attempt - 1, random.fraction(), watchBackoff), signal);
    }
  }

  /** What was known is known no longer; whom it concerns looks for itself. */
  #endFor(why: WatchEnd): void {
    this.#end = { why, at: this.#options.clock.monotonic() };
    const before = [...this.#objects.values()];
    this.#objects.clear();
    this.#first.resolve();
    before.forEach((observed) => this.#tell(observed));
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { kube, served } = this.#options;
    const list = await kube.list(served, { labelSelector: ownerLabel }, signal);
    const seen = new Map(
      list.items.map(observe).map((observed) => [observed.id, observed] as const),
    );
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

  async #follow(from: string, signal: AbortSignal): Promise<void> {
    const { kube, served } = this.#options;
    const options = { labelSelector: ownerLabel, resourceVersion: from };
    for await (const event of kube.watch(served, options, signal)) {
      if (event.type === "BOOKMARK") {
        this.#version = event.resourceVersion;
        continue;
      }
      const observed = observe(event.object);
      const before = this.#objects.get(observed.id);
      this.#version = observed.resourceVersion;
      // An event from before a write of ours whose answer is known already.
      if (before && isLater(before.resourceVersion, observed.resourceVersion)) continue;
      if (event.type === "DELETED") this.#objects.delete(observed.id);
      else this.#objects.set(observed.id, observed);
      this.#tell(observed);
      // One that changed hands concerns whoever had it, too.
      if (before && before.owner !== observed.owner) this.#tell(before);
    }
  }

  #tell({ owner }: Observed): void {
    if (owner !== undefined) this.#options.onChange(owner);
  }
}

const watchBackoff = { firstMs: 200, mostMs: 30_000 };

function endOf(error: unknown): WatchEnd | undefined {
  if (!(error instanceof KubeError)) return undefined;
  if (error.status === 403) return "forbidden";
  return error.reason === "KindNotServed" ? "not served" : undefined;
}

/**
 * Resource versions of one resource type can be compared as integers (Kubernetes 1.35, KEP-5504); where they are none, the
 * one that comes in later is taken.
 */
function isLater(version: string, than: string, orEqual?: "or equal"): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(than)) return false;
  const difference = BigInt(version) - BigInt(than);
  return orEqual ? difference >= 0n : difference > 0n;
}
