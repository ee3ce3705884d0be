import { linkedAbort, whileWanted } from "@octoplane/shared/abort";
import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { silentLog, type Log } from "@octoplane/shared/log";
import { aborted, ClusterHttp } from "./cluster-http.ts";
import { ClusterStreams } from "./cluster-streams.ts";
import { discoverKinds } from "./discovery.ts";
import { notKubernetes, unreachable } from "./kube-failure.ts";
import { readLogin, type KubeLogin } from "./kube-login.ts";
import { apiVersionOf, collectionPath, objectPath } from "./kube-path.ts";
import {
  fieldManager,
  KubeError,
  type ApplyOptions,
  type ApplyResult,
  type DeleteOptions,
  type Discovery,
  type Kube,
  type KubeEvent,
  type KubeList,
  type KubeObject,
  type KubeVersion,
  type ListOptions,
  type ObjectRef,
  type RawAnswer,
  type RawRequest,
  type ServedKind,
  type UpgradeAnswer,
} from "./kube.ts";
import { repairObject } from "./repair-object.ts";
import { SharedWork } from "./shared-work.ts";
import { readWarnings } from "@octoplane/shared/warning-header";
import { isObject, parseEvent, splitLines, withSilenceLimit } from "./watch-stream.ts";

export interface ConnectOptions {
  readonly clock: Clock;
  readonly log?: Log;
  /** For one request; the limit of the file of limits when left out. */
  readonly timeoutMs?: number;
}

/**
 * A cluster, by its kubeconfig (a parsed object with one context, certificates and credentials
 * inside). Nothing is sent before the first call; the caller disposes of it. Throws a KubeError
 * with the reason `InvalidKubeconfig`.
 *
 * Reasons of the KubeErrors it throws, besides those of Kubernetes: `Unreachable` (no answer,
 * status 0), `ForeignCertificate` (the server is not whom the kubeconfig describes),
 * `KindNotServed` (404 of the kind's path, not of an object: discover again), `NotKubernetes`,
 * `AnswerTooLarge`, `TooManyWatches`, `Aborted` (by the caller).
 */
export function connectKube(kubeconfig: unknown, options: ConnectOptions): Kube {
  const settings = {
    clock: options.clock,
    log: options.log ?? silentLog,
    timeoutMs: options.timeoutMs ?? limits.kubeTimeoutMs,
  };
  return new HttpKube(readLogin(kubeconfig), settings);
}

class HttpKube implements Kube {
  readonly server: string;
  readonly defaultNamespace: string;
  readonly #http: ClusterHttp;
  readonly #streams: ClusterStreams;
  readonly #settings: Required<ConnectOptions>;
  readonly #discovery: SharedWork<Discovery>;
  #watches = 0;

  constructor(login: KubeLogin, settings: Required<ConnectOptions>) {
    this.server = login.origin;
    this.defaultNamespace = login.defaultNamespace;
    this.#http = new ClusterHttp(login, settings);
    this.#streams = new ClusterStreams(login, settings, this.#http);
    this.#settings = settings;
    this.#discovery = new SharedWork(() => discoverKinds(this.#http, settings.log));
  }

  async version(signal?: AbortSignal): Promise<KubeVersion> {
    const { value } = await this.#http.request({ method: "GET", path: "/version", signal });
    const { gitVersion = "", major = "", minor = "" } = { ...(value as Partial<KubeVersion>) };
    return { gitVersion, major, minor };
  }

  discover(
    options: { readonly refresh?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<Discovery> {
    const work = this.#discovery.get(options.refresh === true);
    return options.signal ? whileWanted(work, options.signal, aborted) : work;
  }

  async get(ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject | undefined> {
    try {
      const { value } = await this.#http.request({ method: "GET", path: objectPath(ref), signal });
      return objectOf(value);
    } catch (error) {
      if (isReason(error, "NotFound")) return undefined;
      throw error;
    }
  }

  async list(
    served: ServedKind,
    options: ListOptions = {},
    signal?: AbortSignal,
  ): Promise<KubeList> {
    const { clock } = this.#settings;
    const { controller, release } = linkedAbort(signal);
    const cancel = clock.after(limits.kubeListMs, () => controller.abort());
    try {
      return await this.#listTwice(served, options, controller.signal);
    } catch (error) {
      if (!isReason(error, "Aborted") || signal?.aborted) throw error;
      throw unreachable(`the list of ${served.plural} took longer than ${limits.kubeListMs} ms`);
    } finally {
      cancel();
      release();
    }
  }

  async *pages(
    served: ServedKind,
    options: ListOptions = {},
    signal?: AbortSignal,
  ): AsyncGenerator<readonly KubeObject[]> {
    for await (const { items } of this.#eachPage(served, options, signal)) yield items;
  }

  certificateExpires(): number | undefined {
    return this.#http.certificateExpires();
  }

  async apply(
    ref: ObjectRef,
    object: KubeObject,
    options: ApplyOptions,
    signal?: AbortSignal,
  ): Promise<ApplyResult> {
    const warnings: string[] = [];
    let current = object;
    for (let repairs = 0; ; repairs += 1) {
      try {
        const result = await this.#applyOnce(ref, current, options, signal);
        return { ...result, warnings: [...warnings, ...result.warnings] };
      } catch (error) {
        if (!(error instanceof KubeError) || repairs >= limits.kubeRepairsMax) throw error;
        // Server-side apply refuses what every other write lets pass with a warning, one thing at a
        // time.
        const repaired = repairObject(current, error);
        if (!repaired) throw error;
        current = repaired.object;
        warnings.push(...repaired.warnings);
      }
    }
  }

  async create(served: ServedKind, object: KubeObject, signal?: AbortSignal): Promise<KubeObject> {
    const { value } = await this.#http.request({
      method: "POST",
      path: collectionPath(served, object.metadata.namespace ?? this.defaultNamespace),
      query: { fieldManager, fieldValidation: "Warn" },
      body: { type: "application/json", value: object },
      signal,
    });
    return objectOf(value);
  }

  async delete(ref: ObjectRef, options: DeleteOptions, signal?: AbortSignal): Promise<boolean> {
    const value = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      propagationPolicy: options.propagation,
      ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
    };
    const body = { type: "application/json", value };
    try {
      await this.#http.request({ method: "DELETE", path: objectPath(ref), body, signal });
      return true;
    } catch (error) {
      if (isReason(error, "NotFound")) return false;
      if (!isReason(error, "Conflict")) throw error;
      if (options.uid !== undefined && /precondition/i.test(error.message)) return false;
      // A namespace answers so while it is being emptied: what was asked for is under way.
      if (ref.served.group === "" && ref.served.plural === "namespaces") return true;
      throw error;
    }
  }

  async *watch(
    served: ServedKind,
    options: ListOptions & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncGenerator<KubeEvent> {
    if (this.#watches >= limits.kubeWatchesMax) throw tooManyWatches();
    const { clock, timeoutMs } = this.#settings;
    const { controller, release } = linkedAbort(signal);
    let isOver = false;
    // The server ends the watch itself; one that does not is ended here.
    const cancel = clock.after(limits.kubeWatchMs + timeoutMs, () => {
      isOver = true;
      controller.abort();
    });
    this.#watches += 1;
    try {
      const chunks = await this.#http.open(watchRequest(served, options), controller.signal);
      const heard = withSilenceLimit(chunks, {
        clock,
        silenceMs: limits.kubeWatchSilenceMs,
        onSilence: (error) => controller.abort(error),
      });
      for await (const line of splitLines(heard, limits.kubeEventBytesMax)) yield parseEvent(line);
    } catch (error) {
      if (!signal.aborted && !isOver) throw this.#http.failure(error);
    } finally {
      this.#watches -= 1;
      cancel();
      release();
      controller.abort();
    }
  }

  stream(request: RawRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.#streams.stream(request, signal);
  }

  upgrade(request: RawRequest, signal: AbortSignal): Promise<UpgradeAnswer> {
    return this.#streams.upgrade(request, signal);
  }

  proxy(request: RawRequest, signal: AbortSignal): Promise<RawAnswer> {
    return this.#streams.proxy(request, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#http[Symbol.asyncDispose](), this.#streams[Symbol.asyncDispose]()]);
  }

  async #applyOnce(
    ref: ObjectRef,
    object: KubeObject,
    options: ApplyOptions,
    signal: AbortSignal | undefined,
  ): Promise<ApplyResult> {
    const { status, value, warnings } = await this.#http.request({
      method: "PATCH",
      path: objectPath(ref),
      query: {
        fieldManager: options.manager ?? fieldManager,
        fieldValidation: "Warn",
        force: String(options.force),
        ...(options.dryRun ? { dryRun: "All" } : {}),
      },
      // The server reads this type as YAML, of which JSON is a part.
      body: { type: "application/apply-patch+yaml", value: object },
      signal,
    });
    return {
      object: objectOf(value),
      created: status === 201,
      warnings: readWarnings(warnings),
    };
  }

  /** A list whose version expires between two pages starts again, once. */
  async #listTwice(
    served: ServedKind,
    options: ListOptions,
    signal: AbortSignal,
  ): Promise<KubeList> {
    try {
      return await this.#listPages(served, options, signal);
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 410) throw error;
      return this.#listPages(served, options, signal);
    }
  }

  async #listPages(
    served: ServedKind,
    options: ListOptions,
    signal: AbortSignal,
  ): Promise<KubeList> {
    const items: KubeObject[] = [];
    let resourceVersion = "";
    for await (const page of this.#eachPage(served, options, signal)) {
      items.push(...page.items);
      if (items.length > limits.kubeListItemsMax) throw tooManyItems(served);
      ({ resourceVersion } = page);
    }
    return { items, resourceVersion };
  }

  async *#eachPage(
    served: ServedKind,
    options: ListOptions,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Page> {
    const path = collectionPath(served, options.namespace);
    let next = "";
    do {
      const query = {
        limit: String(limits.kubePageMax),
        ...selectorOf(options),
        ...(next === "" ? {} : { continue: next }),
      };
      const { value } = await this.#http.request({ method: "GET", path, query, signal });
      const page = pageOf(value, served);
      yield page;
      ({ next } = page);
    } while (next !== "");
  }
}

function watchRequest(
  served: ServedKind,
  options: ListOptions & { readonly resourceVersion: string },
): { readonly method: "GET"; readonly path: string; readonly query: Record<string, string> } {
  return {
    method: "GET",
    path: collectionPath(served, options.namespace),
    query: {
      watch: "true",
      allowWatchBookmarks: "true",
      resourceVersion: options.resourceVersion,
      timeoutSeconds: String(Math.floor(limits.kubeWatchMs / 1_000)),
      ...selectorOf(options),
    },
  };
}

function selectorOf(options: ListOptions): Record<string, string> {
  const { labelSelector, fieldSelector } = options;
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

interface Page {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** Empty on the last page. */
  readonly next: string;
}

/**
 * One page. The items of a typed list carry neither `apiVersion` nor `kind`, so they are put in.
 */
function pageOf(value: unknown, served: ServedKind): Page {
  const list = objectOf(value);
  const items: readonly unknown[] = Array.isArray(list["items"]) ? list["items"] : [];
  const type = { apiVersion: apiVersionOf(served), kind: served.kind };
  const next = list.metadata["continue"];
  return {
    items: items.filter(isObject).map((item) => ({ ...type, ...item })),
    resourceVersion: list.metadata.resourceVersion ?? "",
    next: typeof next === "string" ? next : "",
  };
}

function objectOf(value: unknown): KubeObject {
  if (isObject(value)) return value;
  throw notKubernetes("its answer is no object");
}

function isReason(error: unknown, reason: string): error is KubeError {
  return error instanceof KubeError && error.reason === reason;
}

function tooManyWatches(): KubeError {
  return new KubeError(`more than ${limits.kubeWatchesMax} watches on one cluster`, {
    status: 0,
    reason: "TooManyWatches",
    retry: true,
  });
}

function tooManyItems(served: ServedKind): KubeError {
  return new KubeError(`more than ${limits.kubeListItemsMax} ${served.plural} in one list`, {
    status: 0,
    reason: "AnswerTooLarge",
    retry: false,
  });
}
