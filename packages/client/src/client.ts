import type { Application } from "@octoplane/kinds/application";
import type { Decision } from "@octoplane/kinds/decision";
import type { Event } from "@octoplane/kinds/event";
import type { AnyKind, AnyResource, Kind, Resource } from "@octoplane/kinds/kind";
import type { Metadata, ResourceRef } from "@octoplane/kinds/metadata";
import type { MetricValue } from "@octoplane/kinds/metric-value";
import type { Rule, Verb } from "@octoplane/kinds/role";
import { systemClock, type Clock } from "@octoplane/shared/clock";
import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { PlacementClient } from "./placement-client.ts";
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

/** Which objects, and how much of each; the server chooses. */
export interface Selection {
  /** Left out: every namespace that one may see. */
  readonly namespace?: string;
  /** As Kubernetes writes it: `tier in (web, db),!old`. */
  readonly labelSelector?: string;
  /** `metadata.name`, `metadata.namespace`, `status.state` with `=` or `!=`. */
  readonly fieldSelector?: string;
  /** `summary` leaves out what is large: lists and objects come empty, in their places. */
  readonly view?: View;
}

export type View = "full" | "summary";

export interface ListOptions extends Selection {
  readonly signal?: AbortSignal;
  /** Objects in one answer, as many as the server gives out at most. Left out: that many. */
  readonly pageSize?: number;
}

/** What goes when an object is deleted. */
export interface CascadePreview {
  /** What the deletion takes along, the object itself not among it. */
  readonly items: readonly ResourceRef[];
  /** How many more there are that one may not see. */
  readonly hidden: number;
}

/** Something that one may or may not do. */
export interface Wish {
  readonly verb: Verb;
  readonly api: string;
  /** A plural, with a sub-resource if need be: `clusters/kubeconfig`. */
  readonly resource: string;
  /** Left out: in any namespace at all. */
  readonly namespace?: string;
}

export interface WriteOptions {
  /** Everything is checked, the answer is what would be stored, nothing is written. */
  readonly dryRun?: boolean;
}

/** What became of one document of a bootstrap. */
export interface BootstrapResult {
  readonly result: "created" | "replaced" | "unchanged";
  readonly api: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
}

export interface ClientOptions {
  readonly address: string;
  readonly token?: string;
  /** Left out: the `fetch` of the platform. */
  readonly fetch?: typeof globalThis.fetch;
  /** Left out: the system's. */
  readonly clock?: Clock;
  /** Called with each text that the server warns of beside an answer. Left out: nobody hears of it. */
  readonly onWarning?: (text: string) => void;
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
  /** Whether one may do this. */
  allowed(wish: Wish): Promise<boolean>;
  /** All that one may do. */
  rules(): Promise<readonly Rule[]>;
  version(): Promise<{ readonly version: string }>;
  /**
   * A new token for a user; without `expiresInSeconds` it does not expire. It is shown this once
   * only.
   */
  createToken(
    user: string,
    expiresInSeconds?: number,
  ): Promise<{ readonly user: string; readonly token: string }>;
  /**
   * Stores roles, bindings, metrics and providers, all of them or none; with `force` those that are
   * there are replaced. `Invalid` names every problem, as `documents[3].spec.min`.
   */
  bootstrap(
    documents: readonly unknown[],
    options?: WriteOptions & { readonly force?: boolean },
  ): Promise<readonly BootstrapResult[]>;
  /** Puts an application on a cluster of its namespace. */
  bind(ref: Ref, cluster: Pick<ResourceRef, "name">): Promise<Application>;
  /** The last decisions about an application, newest first. */
  decisions(ref: Ref): Promise<readonly Decision[]>;
  /** Why applications are where they are, and what if. */
  readonly placement: PlacementClient;
  /** What is known of a metric now, of either kind. */
  metricValue(kind: KindLike, ref: Ref): Promise<MetricValue>;
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
    ...(options.onWarning === undefined ? {} : { onWarning: options.onWarning }),
  });
  const applications = { api: "kubernetes", plural: "applications", namespaced: true };
  const clusters = { ...applications, plural: "clusters" };
  return {
    address: transport.address,
    transport,
    placement: new PlacementClient(transport),
    of: (kind) => new KindClient(kind, transport),
    me: () => transport.json("GET", "/me"),
    async allowed(wish) {
      const asking = { query: { ...wish } };
      return (await transport.json<{ allowed: boolean }>("GET", "/me/rights", asking)).allowed;
    },
    rules: async () => (await transport.json<{ rules: Rule[] }>("GET", "/me/rules")).rules,
    version: () => transport.json("GET", "/"),
    createToken: (user, expiresInSeconds) =>
      transport.json("POST", "/core/tokens", {
        body: { user, expires_in: expiresInSeconds ?? null },
      }),
    async bootstrap(documents, { force = false, ...options } = {}) {
      const asking = { body: { documents, force }, query: dryRunQuery(options) };
      type Answer = { readonly results: readonly BootstrapResult[] };
      return (await transport.json<Answer>("POST", "/bootstrap", asking)).results;
    },
    async bind(ref, { name }) {
      const { namespace = null } = ref;
      const cluster = { api: "kubernetes", kind: "Cluster", namespace, name };
      const path = pathOf(applications, ref, "binding");
      return await transport.json("PUT", path, { body: { cluster } });
    },
    async decisions(ref) {
      const path = pathOf(applications, ref, "decisions");
      return (await transport.json<{ items: Decision[] }>("GET", path)).items;
    },
    metricValue: async (kind, ref) => await transport.json("GET", pathOf(kind, ref, "value")),
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

  async create(draft: Draft, namespace?: string, options: WriteOptions = {}): Promise<R> {
    const path = collectionOf(this.kind, namespace);
    const asking = { body: this.#named(draft), query: dryRunQuery(options) };
    return await this.transport.json("POST", path, asking);
  }

  async get(ref: Ref, signal?: AbortSignal, options: { readonly view?: View } = {}): Promise<R> {
    const path = pathOf(this.kind, ref);
    const query = { view: options.view };
    return await this.transport.json(
      "GET",
      path,
      signal === undefined ? { query } : { query, signal },
    );
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

  /** The first page only: as many objects as fit into it, of any number that there may be. */
  async some(options: ListOptions = {}): Promise<readonly R[]> {
    return (await this.#page({ ...options, limit: options.pageSize ?? limits.listPageMax })).items;
  }

  /** What has happened to the object, oldest first; as far back as the server remembers. */
  async events(ref: Ref, signal?: AbortSignal): Promise<readonly Event[]> {
    const path = pathOf(this.kind, ref, "events");
    const asking = signal === undefined ? {} : { signal };
    return (await this.transport.json<{ items: Event[] }>("GET", path, asking)).items;
  }

  async cascade(ref: Ref): Promise<CascadePreview> {
    return await this.transport.json("GET", pathOf(this.kind, ref, "cascade"));
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
  async update(resource: Draft, options: WriteOptions = {}): Promise<R> {
    const { name, namespace } = resource.metadata;
    const ref = typeof namespace === "string" ? { namespace, name } : { name };
    const path = pathOf(this.kind, ref);
    const asking = { body: this.#named(resource), query: dryRunQuery(options) };
    return await this.transport.json("PUT", path, asking);
  }

  /**
   * Changes what the patch names (RFC 7396: null removes a member, a list takes the place of the
   * whole list). With `metadata.resource_version` in it, `Conflict` when the object was changed
   * meanwhile; without, the server applies it again.
   */
  async patch(
    ref: Ref,
    patch: Readonly<Record<string, unknown>>,
    options: WriteOptions = {},
  ): Promise<R> {
    return await this.transport.json("PATCH", pathOf(this.kind, ref), {
      body: patch,
      headers: { "content-type": "application/merge-patch+json" },
      query: dryRunQuery(options),
    });
  }

  /** Replaces the status; `state` and `reason` are derived by the server. */
  async updateStatus(ref: Ref, status: R["status"], options: WriteOptions = {}): Promise<R> {
    const path = pathOf(this.kind, ref, "status");
    const asking = { body: { status }, query: dryRunQuery(options) };
    return await this.transport.json("PUT", path, asking);
  }

  /**
   * Marks the object for deletion; with `force` removes its record at once, whatever still runs.
   * `Conflict` when a `uid` is given and it is another's.
   */
  async remove(
    ref: Ref,
    options: WriteOptions & { readonly force?: boolean; readonly uid?: string } = {},
  ): Promise<R> {
    const { force, uid } = options;
    const query = { ...dryRunQuery(options), ...(force === true ? { force: "True" } : {}), uid };
    return await this.transport.json("DELETE", pathOf(this.kind, ref), { query });
  }

  /**
   * Opens a stream of changes after the revision, as the server writes it. `watch.ts` makes sense
   * of it.
   */
  async openWatch(
    options: Selection & { readonly after: string; readonly signal: AbortSignal },
  ): Promise<ReadableStream<Uint8Array>> {
    return await this.transport.stream(collectionOf(this.kind, options.namespace), {
      query: {
        ...selectionQuery(options),
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
    const limit = options.pageSize ?? limits.listPageMax;
    let resourceVersion: string | undefined;
    for (let next: string | undefined = ""; next !== undefined;) {
      const page: Page<R> = await this.#page({ ...options, limit, next });
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
      query: {
        ...selectionQuery(options),
        limit: String(options.limit),
        continue: options.next || undefined,
      },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  }
}

interface Page<R> {
  readonly items: readonly R[];
  readonly metadata: { readonly resource_version: string; readonly continue?: string };
}

function dryRunQuery({ dryRun }: WriteOptions): { readonly dryRun?: "All" } {
  return dryRun === true ? { dryRun: "All" } : {};
}

function selectionQuery(selection: Selection): Readonly<Record<string, string | undefined>> {
  const { labelSelector, fieldSelector, view } = selection;
  return { labelSelector, fieldSelector, view };
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
