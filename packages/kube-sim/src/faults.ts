import type { Random } from "@octoplane/shared/random";

/** What goes wrong with one request. */
export type Fault =
  | { readonly type: "none" }
  | { readonly type: "disconnect" }
  /** No answer, for as long as the client waits. */
  | { readonly type: "hang" }
  /** As when the user lacks the right. */
  | { readonly type: "forbidden" }
  | { readonly type: "status"; readonly code: number };

/** Which requests a planned failure is for; all when nothing is named. */
export interface FaultScope {
  readonly method?: string;
  /** Part of the path. */
  readonly path?: string;
}

interface Planned {
  left: number;
  readonly fault: Fault;
  readonly scope: FaultScope;
}

/**
 * Faults on demand for one cluster. Everything can be set at any time and holds for the requests
 * that arrive afterwards; going offline also cuts the connections that are open.
 */
export class Faults {
  /** Added before every answer. */
  latencyMs = 0;
  /** The share of requests, 0 to 1, that fail with 503. */
  errorRate = 0;
  /** What the user has no right to, as of RBAC; everything else is allowed. */
  forbids: ((method: string, path: string) => boolean) | undefined;
  /**
   * Groups whose extension server does not answer: their objects give 503, discovery names them without a kind.
   */
  readonly silentGroups = new Set<string>();
  #isOffline = false;
  readonly #planned: Planned[] = [];
  readonly #open = new Set<() => void>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  get offline(): boolean {
    return this.#isOffline;
  }

  /** An offline cluster destroys every connection without an answer. */
  set offline(isOffline: boolean) {
    this.#isOffline = isOffline;
    if (isOffline) this.disconnect();
  }

  /** Fails the next requests with a status: 429, 500, 503. */
  failNext(count: number, code = 503, scope: FaultScope = {}): void {
    this.#planned.push({ left: count, fault: { type: "status", code }, scope });
  }

  /** Cuts the connection of the next requests. */
  disconnectNext(count: number, scope: FaultScope = {}): void {
    this.#planned.push({ left: count, fault: { type: "disconnect" }, scope });
  }

  /** Leaves the next requests without any answer. */
  hangNext(count: number, scope: FaultScope = {}): void {
    this.#planned.push({ left: count, fault: { type: "hang" }, scope });
  }

  /** Cuts every request and watch under way. */
  disconnect(): void {
    for (const cut of this.#open) cut();
    this.#open.clear();
  }

  /** Removes every fault. */
  clear(): void {
    this.latencyMs = 0;
    this.errorRate = 0;
    this.forbids = undefined;
    this.silentGroups.clear();
    this.#isOffline = false;
    this.#planned.length = 0;
  }

  /** Requests and watches under way. */
  get underWay(): number {
    return this.#open.size;
  }

  /** Notes an open request, to be cut when the cluster goes away; the returned function ends it. */
  opened(cut: () => void): () => void {
    this.#open.add(cut);
    return () => this.#open.delete(cut);
  }

  /** Decides about one request; planned failures are used up by it. */
  next(method: string, path: string): Fault {
    if (this.#isOffline) return { type: "disconnect" };
    const index = this.#planned.findIndex(
      ({ scope }) =>
        (scope.method === undefined || scope.method === method) &&
        (scope.path === undefined || path.includes(scope.path)),
    );
    const planned = this.#planned[index];
    if (planned !== undefined) {
      planned.left -= 1;
      if (planned.left <= 0) this.#planned.splice(index, 1);
      return planned.fault;
    }
    if (this.forbids?.(method, path)) return { type: "forbidden" };
    const group = /^\/apis\/([^/]+)\/./u.exec(path)?.[1];
    if (group !== undefined && this.silentGroups.has(group)) return { type: "status", code: 503 };
    if (this.errorRate > 0 && this.#random.fraction() < this.errorRate) {
      return { type: "status", code: 503 };
    }
    return { type: "none" };
  }
}
