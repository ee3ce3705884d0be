import type { Duplex, Readable } from "node:stream";

/**
 * What Octoplane needs of a Kubernetes cluster, and no more. The implementation (`http-kube.ts`) speaks to any
 * conformant API server; the simulated cluster answers the same requests and passes the same suite.
 */

/** The field manager under which we apply: who owns the fields that Octoplane sets. */
export const fieldManager = "octoplane";

/** Any Kubernetes object as it travels. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeMetadata;
  readonly [field: string]: unknown;
}

export interface KubeMetadata {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly KubeOwner[];
  readonly [field: string]: unknown;
}

export interface KubeOwner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** A kind as the cluster serves it (discovery). `group` is "" for the core group. */
export interface ServedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** What a cluster serves, as far as it says. */
export interface Discovery {
  /** Preferred versions first within a group; sub-resources are left out. */
  readonly kinds: readonly ServedKind[];
  /**
   * Groups of which at least one version is served by an extension server that does not answer: a kind of theirs that is
   * not among `kinds` may be served all the same.
   */
  readonly silentGroups: readonly string[];
}

/** Where one object is. The namespace is absent for cluster-scoped kinds. */
export interface ObjectRef {
  readonly served: ServedKind;
  readonly namespace?: string;
  readonly name: string;
}

/**
 * What a cluster answered when it did not do what was asked.
 * `retry`: it can pass by itself (5xx, 429, no answer, a conflict); otherwise somebody must change something.
 */
export class KubeError extends Error {
  /** HTTP status, 0 when no answer came. */
  readonly status: number;
  /** The reason of the Status object (`NotFound`, `Invalid`, `Forbidden`), or `Unreachable`. */
  readonly reason: string;
  readonly retry: boolean;
  /** Field causes of an `Invalid` answer: `spec.selector`: "field is immutable". */
  readonly causes: readonly { readonly field: string; readonly message: string }[];
  /** What a 429 or 503 asked for, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    details: {
      readonly status: number;
      readonly reason: string;
      readonly retry: boolean;
      readonly causes?: readonly { readonly field: string; readonly message: string }[];
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "KubeError";
    this.status = details.status;
    this.reason = details.reason;
    this.retry = details.retry;
    this.causes = details.causes ?? [];
    this.retryAfterMs = details.retryAfterMs;
  }
}

export interface ApplyOptions {
  /** Take fields over from other managers; without it a conflict is a KubeError with reason `Conflict`. */
  readonly force: boolean;
  readonly dryRun?: boolean;
  /** Whose fields they become; ours when left out. */
  readonly manager?: string;
}

export interface ApplyResult {
  readonly object: KubeObject;
  /** False when it was there before. */
  readonly created: boolean;
  /** Warnings of the server: unknown fields it pruned, deprecated versions. */
  readonly warnings: readonly string[];
}

export interface DeleteOptions {
  readonly propagation: "Background" | "Foreground" | "Orphan";
  /** Delete only this very object, not one of the same name that came after it. */
  readonly uid?: string;
}

export interface KubeList {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** `status.phase!=Failed`: only the fields that a server offers for the kind. */
  readonly fieldSelector?: string;
}

export type KubeEvent =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: KubeObject }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

export interface KubeVersion {
  readonly gitVersion: string;
  readonly major: string;
  readonly minor: string;
}

/** A request whose path and query are the API server's own; what flows is nobody's business on the way. */
export interface RawRequest {
  readonly method: string;
  /** From the root of the API server on, encoded: `/api/v1/…`. One with dot segments is a KubeError (400). */
  readonly path: string;
  /** The query with its question mark, or empty. */
  readonly search: string;
  /** Those that say who the caller is (`Authorization`, cookies, …) do not pass, nor do those of a connection. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: Readable;
  /** Nothing may come for long, not even headers: a kubelet begins to answer with the first line of a log. */
  readonly mayBeSilent?: boolean;
  /** The protocol of an upgrade; `websocket` when left out. */
  readonly upgrade?: string;
}

/** Whatever the API server answered. The body must be read or destroyed: it holds a connection. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Readable;
}

/** The raw connection, from the first byte after the handshake, or the answer that was given instead. */
export type UpgradeAnswer =
  | {
      readonly type: "upgraded";
      readonly headers: RawAnswer["headers"];
      /** The caller's, to be destroyed. */
      readonly socket: Duplex;
    }
  | {
      readonly type: "refused";
      readonly status: number;
      readonly headers: RawAnswer["headers"];
      readonly body: Buffer;
      /** The same as an error. */
      failure(): KubeError;
    };

/** One cluster. Every call ends within its time limit; failures are KubeErrors. */
export interface Kube extends AsyncDisposable {
  /** Scheme and host of the API server, for NodePort addresses: `https://10.0.0.1:6443`. */
  readonly server: string;
  /** The namespace of the kubeconfig's context, else `default`. */
  readonly defaultNamespace: string;
  version(signal?: AbortSignal): Promise<KubeVersion>;
  /** What the cluster serves. Cached until `refresh`. */
  discover(options?: {
    readonly refresh?: boolean;
    readonly signal?: AbortSignal;
  }): Promise<Discovery>;
  /** `undefined` when it does not exist. */
  get(ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject | undefined>;
  /** All pages of a list. */
  list(served: ServedKind, options?: ListOptions, signal?: AbortSignal): Promise<KubeList>;
  /** The pages of a list one by one, for lists that are counted rather than kept; a version that expires is a KubeError (410). */
  pages(
    served: ServedKind,
    options?: ListOptions,
    signal?: AbortSignal,
  ): AsyncIterable<readonly KubeObject[]>;
  /**
   * When the first of our certificate and the server's ends, in milliseconds since the epoch; `undefined` while neither is known
   * (a login without a certificate, a server that was not spoken to directly).
   */
  certificateExpires(): number | undefined;
  /** Server-side apply as field manager `octoplane`. */
  apply(
    ref: ObjectRef,
    object: KubeObject,
    options: ApplyOptions,
    signal?: AbortSignal,
  ): Promise<ApplyResult>;
  /** Plain create, for objects with `generateName`. */
  create(served: ServedKind, object: KubeObject, signal?: AbortSignal): Promise<KubeObject>;
  /** False when it was not there (or, with a uid, when another object stands there). */
  delete(ref: ObjectRef, options: DeleteOptions, signal?: AbortSignal): Promise<boolean>;
  /**
   * Changes after the list's resource version. Ends when the signal aborts or the server ends the watch; a version
   * that is too old is a KubeError with status 410.
   */
  watch(
    served: ServedKind,
    options: ListOptions & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<KubeEvent>;
  /**
   * An answer without an end, such as a log that is followed; anything but 2xx is a KubeError. Ends with `signal`, or when the reader
   * stops. Like the next two it has its own connections; `TooManyStreams` when all are in use.
   */
  stream(request: RawRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Leaves HTTP (RFC 9110, section 7.8): exec, attach, port-forward. `signal` counts until there is an answer. */
  upgrade(request: RawRequest, signal: AbortSignal): Promise<UpgradeAnswer>;
  /** Passes a request on, and the answer back, whatever it is; only no answer at all is a KubeError. */
  proxy(request: RawRequest, signal: AbortSignal): Promise<RawAnswer>;
}
