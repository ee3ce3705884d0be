import type { Application } from "@octoplane/kinds/application";
import type { Decision } from "@octoplane/kinds/decision";
import type { AnyKind, AnyResource, Kind, Resource } from "@octoplane/kinds/kind";
import type { Metadata, ResourceRef } from "@octoplane/kinds/metadata";
import { systemClock, type Clock } from "@octoplane/shared/clock";
import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { Transport } from "./transport.ts";

/**
 * Speaks to the API over HTTP, with the types of the kinds. Uses `fetch` and web streams only, so
 * that a page in a browser can use it as well as a program. Every failure is an OctoplaneError with
 * the code, the text and the fields of the answer.
 */

/** What the client needs to know of a kind; every declared kind has it. */
export interface KindLike {
  readonly api: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** The type of a kind's resources, as far as the kind's own type is known. */
export type ResourceFor<K> = AnyKind extends K
  ? AnyResource
  : K extends Kind<infer F, infer S>
    ? Resource<F, S> & AnyResource
    : AnyResource;

/** One object of a kind. Namespaced kinds need the namespace. */
export interface Ref {
  readonly namespace?: string;
  readonly name: string;
}

/** What is sent to create or replace an object; the server fills defaults and judges the rest. */
export interface Draft {
  readonly metadata: Partial<Metadata> & Pick<Metadata, "name">;
  readonly [field: string]: unknown;
}

export interface Listing<R> {
  readonly items: readonly R[];
  /** Where a watch goes on from. */
  readonly resourceVersion: string;
}

export interface ListOptions {
  /** Left out: every namespace that one may see. */
  readonly namespace?: string;
  readonly signal?: AbortSignal;
}

export interface ClientOptions {
  readonly address: string;
  readonly token?: string;
  /** Left out: the `fetch` of the platform. */
  readonly fetch?: typeof globalThis.fetch;
  /** Left out: the system's. */
  readonly clock?: Clock;
}

export interface Client {
  /** The address without a slash at its end. */
  readonly address: string;
  readonly transport: Transport;
  of<const K extends KindLike>(kind: K): KindClient<ResourceFor<K>>;
  /** Who one is, and the groups and roles that one has. */
  me(): Promise<{
    readonly user: string;
    readonly groups: readonly string[];
    readonly roles: readonly string[];
  }>;
  version(): Promise<{ readonly version: string }>;
  /**
   * A new token for a user; without `expiresInSeconds` it does not expire. It is shown this once
   * only.
   */
  createToken(
    user: string,
    expiresInSeconds?: number,
  ): Promise<{ readonly user: string; readonly token: string }>;
  /** Puts an application on a cluster of its namespace. */
  bind(ref: Ref, cluster: Pick<ResourceRef, "name">): Promise<Application>;
  /** The last decisions about an application, newest first. */
  decisions(ref: Ref): Promise<readonly Decision[]>;
  /** The kubeconfig of a cluster with its credentials. */
  kubeconfig(ref: Ref): Promise<Readonly<Record<string, unknown>>>;
}

/** Throws `Invalid` for an address or a token that cannot be used; nothing is sent yet. */
export function openClient(options: ClientOptions): Client {
  const transport = new Transport({
    fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
    clock: options.clock ?? systemClock,
    address: options.address,
    ...(options.token === undefined ? {} : { token: options.token }),
  });
  const applications = { api: "kubernetes", plural: "applications", namespaced: true };
  const clusters = { ...applications, plural: "clusters" };
  return {
    address: transport.address,
    transport,
    of: (kind) => new KindClient(kind, transport),
    me: () => transport.json("GET", "/me"),
    version: () => transport.json("GET", "/"),
    createToken: (user, expiresInSeconds) =>
      transport.json("POST", "/core/tokens", {
        body: { user, expires_in: expiresInSeconds ?? null },
      }),
    async bind(ref, { name }) {
      const cluster = {
        api: "kubernetes",
        kind: "Cluster",
        namespace: ref.namespace ?? null,
        name,
      };
      const path = pathOf(applications, ref, "binding");
      return await transport.json("PUT", path, { body: { cluster } });
    },
    async decisions(ref) {
      const path = pathOf(applications, ref, "decisions");
      return (await transport.json<{ items: Decision[] }>("GET", path)).items;
    },
    kubeconfig: async (ref) => await transport.json("GET", pathOf(clusters, ref, "kubeconfig")),
  };
}

/** The objects of one kind. */
export class KindClient<R extends AnyResource> {
  readonly kind: KindLike;
  readonly transport: Transport;

  constructor(kind: KindLike, transport: Transport) {
    this.kind = kind;
    this.transport = transport;
  }

  async create(draft: Draft, namespace?: string): Promise<R> {
    const path = collectionOf(this.kind, namespace);
    return await this.transport.json("POST", path, { body: this.#named(draft) });
  }

  async get(ref: Ref, signal?: AbortSignal): Promise<R> {
    const path = pathOf(this.kind, ref);
    return await this.transport.json("GET", path, signal === undefined ? {} : { signal });
  }

  /**
   * Every object, over all pages, at one revision. A list that history overtakes is begun again.
   */
  async list(options: ListOptions = {}): Promise<Listing<R>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#pages(options);
      } catch (error) {
        if (!isFailure(error, "Compacted") || attempt >= limits.listRestartsMax) throw error;
      }
    }
  }

  /** The revision that the server is at: a watch from here on tells all that comes. */
  async revision(options: ListOptions = {}): Promise<string> {
    const page = await this.#page({ ...options, limit: 1 });
    return page.metadata.resource_version;
  }

  /**
   * Replaces the object. With `metadata.resource_version` in it (as every object that was read
   * has), `Conflict` when it was changed meanwhile.
   */
  async update(resource: Draft): Promise<R> {
    const { name, namespace } = resource.metadata;
    const ref = typeof namespace === "string" ? { namespace, name } : { name };
    const path = pathOf(this.kind, ref);
    return await this.transport.json("PUT", path, { body: this.#named(resource) });
  }

  /** Replaces the status; `state` and `reason` are derived by the server. */
  async updateStatus(ref: Ref, status: R["status"]): Promise<R> {
    const path = pathOf(this.kind, ref, "status");
    return await this.transport.json("PUT", path, { body: { status } });
  }

  /**
   * Marks the object for deletion; with `force` removes its record at once, whatever still runs.
   */
  async remove(ref: Ref, options: { readonly force?: boolean } = {}): Promise<R> {
    const query = options.force === true ? { force: "True" } : {};
    return await this.transport.json("DELETE", pathOf(this.kind, ref), { query });
  }

  /**
   * Opens a stream of changes after the revision, as the server writes it. `watch.ts` makes sense
   * of it.
   */
  async openWatch(options: {
    readonly namespace?: string;
    readonly after: string;
    readonly signal: AbortSignal;
  }): Promise<ReadableStream<Uint8Array>> {
    return await this.transport.stream(collectionOf(this.kind, options.namespace), {
      query: {
        watch: "",
        bookmarks: "",
        heartbeat: String(limits.heartbeatSeconds),
        resource_version: options.after,
      },
      signal: options.signal,
    });
  }

  #named(draft: Draft): Draft {
    return { ...draft, api: this.kind.api, kind: this.kind.kind };
  }

  async #pages(options: ListOptions): Promise<Listing<R>> {
    const items: R[] = [];
    let resourceVersion: string | undefined;
    for (let next: string | undefined = ""; next !== undefined;) {
      const page: Page<R> = await this.#page({ ...options, limit: limits.listPageMax, next });
      items.push(...page.items);
      resourceVersion ??= page.metadata.resource_version;
      next = page.metadata.continue;
    }
    return { items, resourceVersion: resourceVersion ?? "" };
  }

  #page(
    options: ListOptions & { readonly limit: number; readonly next?: string },
  ): Promise<Page<R>> {
    return this.transport.json("GET", collectionOf(this.kind, options.namespace), {
      query: { limit: String(options.limit), continue: options.next || undefined },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  }
}

interface Page<R> {
  readonly items: readonly R[];
  readonly metadata: { readonly resource_version: string; readonly continue?: string };
}

type PathKind = Pick<KindLike, "api" | "plural" | "namespaced">;

function collectionOf(kind: PathKind, namespace: string | undefined): string {
  const scope =
    kind.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace)}` : "";
  return `/${kind.api}${scope}/${kind.plural}`;
}

function pathOf(kind: PathKind, ref: Ref, subresource?: string): string {
  const path = `${collectionOf(kind, ref.namespace)}/${segment(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** An empty name would make another route of the path, `.` and `..` another path. */
function segment(text: string): string {
  if (text !== "" && text !== "." && text !== "..") return encodeURIComponent(text);
  throw failure("Invalid", `${JSON.stringify(text)} is not a name`);
}
