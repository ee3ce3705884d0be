import { setImmediate as nextTurn } from "node:timers/promises";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { checkName } from "@octoplane/kinds/metadata";
import { readAs, type Input } from "@octoplane/kinds/read-input";
import { isoTime, type Clock } from "@octoplane/shared/clock";
import { failure, invalid, isFailure, type FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import type { Random } from "@octoplane/shared/random";
import type { Revision, Store, Write } from "@octoplane/store/store";
import { eventRemovals, withEvents } from "./event-log.ts";
import { metricValueRemovals } from "./metric-values.ts";
import { decisionKey, kindPrefix, objectPrefix, partKey, refOf, type Ref } from "./keys.ts";
import {
  encodeRecord,
  join,
  parseVersion,
  pickFields,
  placementOwners,
  withoutDerived,
  withStatus,
  type ObjectRecord,
  type StatusRecord,
  type StoredMetadata,
} from "./record.ts";
import { revisionRemovals, revisionWrites } from "./revision-log.ts";
import type { Sealer } from "./sealer.ts";
import { mapSecrets, redactFields } from "./secret-fields.ts";
import { fetchListing, type ListSources } from "./listing.ts";
import { readPageToken, writePageToken, type RecordPair } from "./page.ts";
import { fetchEntries, readEntries } from "./read-pair.ts";
import { sealContext, sealFields } from "./seal-fields.ts";
import { openStatus, redactStatus, sealStatus } from "./status-secrets.ts";
import {
  cascadeFinalizer,
  checkGuard,
  checkExpected,
  keepAdditions,
  replaced,
  union,
  withOwnFinalizers,
  type Expectation,
  withOwnOwners,
} from "./update-rules.ts";

/** What the writer of the store works with. */
export interface Parts {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: Random;
}

export interface ListOptions {
  readonly namespace?: string | undefined;
  /** With the namespace, for kinds that have one. */
  readonly name?: string | undefined;
  readonly limit?: number;
  /** As it came with the page before. */
  readonly next?: string;
}

export interface ListPage<R> {
  readonly items: readonly R[];
  /** The revision at which the list is true: a watch begins here. */
  readonly revision: Revision;
  /** Hand it back for the next page; absent at the end. */
  readonly next?: string;
}

/** What a change of a status comes to; `also` is committed with it (decision records). */
export interface StatusChange<R> {
  readonly status: R extends { readonly status: infer S } ? S : never;
  readonly also?: readonly Write[];
}

/**
 * One kind in the store, with all its rules. Beside batches (`commit-batch.ts`), the only code that commits.
 * Every write guards the revisions it was computed from; a write that loses is computed again on the new state.
 */
export class Repository<R extends AnyResource = AnyResource> {
  readonly kind: AnyKind;
  readonly #parts: Parts;
  readonly #pageSealer: Sealer;
  readonly #sources: ListSources;

  constructor(kind: AnyKind, parts: Parts, log: Log, recall: ListSources["recall"]) {
    this.kind = kind;
    this.#parts = parts;
    this.#sources = { kind, store: parts.store, log, recall };
    this.#pageSealer = parts.sealer.derive("page tokens");
  }

  /** `undefined` when it is not there. Credentials are redacted. */
  async get(ref: Ref): Promise<R | undefined> {
    const entries = await fetchEntries(this.#sources, ref);
    const known = entries && this.#sources.recall(entries);
    if (known) return known.resource as R;
    const pair = entries && (await readEntries(this.#sources, ref, entries));
    return pair && this.#join(pair);
  }

  /** `NotFound` when it is not there. */
  async mustGet(ref: Ref): Promise<R> {
    const resource = await this.get(ref);
    if (!resource) throw this.#notFound(ref);
    return resource;
  }

  /** The resource with its credentials readable: for those who talk to the thing that they open, and no one else. */
  async reveal(ref: Ref): Promise<R> {
    const pair = await this.#mustRead(ref);
    const { metadata, fields } = pair.object.record;
    const opened = mapSecrets({ ...fields }, this.kind.secrets, (text, place) =>
      this.#parts.sealer.open(text, sealContext(metadata.uid, place)),
    );
    const joined = this.#join(pair);
    if (!pair.status) return { ...joined, ...opened };
    const status = openStatus(this.kind, pair.status.record.status, metadata.uid, this.#parts);
    return { ...joined, ...opened, status: { ...joined.status, ...status } };
  }

  /** In order of namespace and name. Without a limit, everything, at one revision; with a name, that one if it is there. */
  async list(options: ListOptions = {}): Promise<ListPage<R>> {
    const { namespace, name } = options;
    const prefix =
      name === undefined
        ? kindPrefix(this.kind, namespace)
        : objectPrefix(this.kind, { namespace, name });
    const from =
      options.next === undefined
        ? undefined
        : readPageToken(this.#pageSealer, prefix, options.next);
    const records = this.kind.status === undefined ? 1 : 2;
    const listing = await fetchListing<R>(this.#sources, prefix, {
      ...(options.limit === undefined ? {} : { limit: options.limit * records }),
      ...(from === undefined ? {} : { after: from.after, at: from.at }),
    });
    const { items, revision, last, more } = listing;
    if (!more || last === undefined) return { items, revision };
    const place = { at: revision, after: last };
    return { items, revision, next: writePageToken(this.#pageSealer, prefix, place) };
  }

  /** `AlreadyExists` when the name is taken. The server's own fields of the input are ignored. */
  async create(input: Input, namespace?: string): Promise<R> {
    const { store, clock, random } = this.#parts;
    const now = isoTime(clock.now());
    const place = this.kind.namespaced ? (namespace ?? null) : null;
    if (place !== null) throwIfAny(checkName("metadata.namespace", place));
    const { name, labels, inherit_labels, finalizers } = input.metadata;
    const metadata: StoredMetadata = {
      name,
      namespace: place,
      labels,
      inherit_labels,
      finalizers: withOwnFinalizers(this.kind, finalizers),
      owners: [...withOwnOwners(this.kind, input, place)],
      uid: random.uuid(),
      created: now,
      modified: now,
      deleted: null,
      generation: 1,
    };
    const object: ObjectRecord = {
      metadata,
      fields: this.#seal(pickFields(this.kind, input), metadata.uid, undefined),
    };
    const status: StatusRecord | undefined =
      this.kind.status === undefined
        ? undefined
        : { uid: metadata.uid, status: readAs(this.kind.status, {}) };
    const ref = refOf(object);
    const objectKey = partKey(this.kind, ref, "object");
    try {
      const revision = await store.commit(
        [{ key: objectKey, revision: 0n }],
        this.#writes(ref, object, status),
      );
      return this.#join({
        object: { record: object, revision },
        status: status && { record: status, revision },
      });
    } catch (error) {
      if (!isFailure(error, "Conflict")) throw error;
      throw failure("AlreadyExists", `${this.#title(ref)} already exists`, { cause: error });
    }
  }

  /**
   * Replaces the specification, labels, owners and finalizers (contract section 1.4, "Update").
   * `NotFound`, `NoChange`, `Immutable`, `Terminating` (a finalizer added during deletion), `Conflict` (stale).
   */
  async update(ref: Ref, input: Input, expected: Expectation = {}): Promise<R> {
    return await this.#rewrite(ref, (pair) => {
      checkGuard(this.#title(ref), this.#join(pair), input.metadata, expected);
      const previous = pair.object.record;
      const picked = pickFields(this.kind, input);
      // Kept in the form that everyone sees: a credential that is kept goes where it went before, or is refused.
      const kept = redactFields(this.kind, previous.fields);
      const sent = expected.isWhole ? picked : keepAdditions(this.kind, picked, kept);
      const fields = this.#seal(sent, previous.metadata.uid, previous);
      const owned = placementOwners(pair.status?.record.status);
      const now = this.#parts.clock.now();
      return replaced(this.kind, previous, { input, fields, owned, now });
    });
  }

  /** For controllers: finalizers are removed when their work is done; the object goes with the last one. */
  async removeFinalizer(ref: Ref, uid: string, finalizer: string): Promise<R | undefined> {
    return await this.#rewrite(ref, (pair) => {
      const { metadata, fields } = pair.object.record;
      if (metadata.uid !== uid || !metadata.finalizers.includes(finalizer)) return undefined;
      const finalizers = metadata.finalizers.filter((name) => name !== finalizer);
      return { metadata: { ...metadata, finalizers }, fields };
    }).catch((error: unknown) => {
      if (isFailure(error, "NotFound")) return undefined;
      throw error;
    });
  }

  /**
   * Marks for deletion (the garbage collector and the finalizers do the rest), or with `force` removes the records
   * at once, whatever still stands on a cluster. Asking again changes nothing.
   */
  async remove(
    ref: Ref,
    options: {
      readonly force?: boolean;
      readonly uid?: string;
      readonly expected?: Expectation;
    } = {},
  ): Promise<R> {
    const force = options.force === true;
    const mark = (pair: RecordPair): ObjectRecord | undefined => {
      checkExpected(this.#title(ref), this.#join(pair), options.expected ?? {});
      const { metadata, fields } = pair.object.record;
      if (options.uid !== undefined && options.uid !== metadata.uid) throw this.#notFound(ref);
      if (metadata.deleted !== null && !force) return undefined;
      const deleted = metadata.deleted ?? isoTime(this.#parts.clock.now());
      const finalizers = union(metadata.finalizers, [cascadeFinalizer]);
      return { metadata: { ...metadata, deleted, finalizers }, fields };
    };
    return await this.#rewrite(ref, mark, force);
  }

  /**
   * Writes the status, computed from the newest state by a pure function that may be called again when another
   * writer was faster; `undefined` from it writes nothing. `base` is a state from a cache to try first, to save a read.
   * `NotFound` when the object has gone or another of the same name has taken its place.
   */
  async updateStatus(
    ref: Ref,
    uid: string,
    change: (current: R) => StatusChange<R> | undefined,
    base?: R,
  ): Promise<R> {
    let current = base === undefined ? await this.#current(ref, uid) : base;
    for (let attempt = 0; ; attempt += 1) {
      const next = change(current);
      if (next === undefined) return current;
      const version = parseVersion(current.metadata.resource_version);
      if (version?.status === undefined)
        throw failure("Internal", `${this.#title(ref)} has no status`);
      const sent = withoutDerived(this.kind, next.status as Readonly<Record<string, unknown>>);
      const now = isoTime(this.#parts.clock.now());
      const { status: plain, writes: events } = withEvents(uid, current.status ?? {}, sent, now);
      const guard = { key: partKey(this.kind, ref, "status"), revision: version.status };
      try {
        const stored = await sealStatus(this.kind, plain, this.#parts, { ...guard, uid });
        const write = { key: guard.key, value: encodeRecord({ uid, status: stored }) };
        const writes = [write, ...events, ...(next.also ?? [])];
        const revision = await this.#parts.store.commit([guard], writes);
        const status = redactStatus(this.kind, stored);
        return withStatus(this.kind, current, { status, revision }) as R;
      } catch (error) {
        if (!isFailure(error, "Conflict") || attempt >= limits.conflictRetriesMax) throw error;
        current = await this.#current(ref, uid);
      }
    }
  }

  async #current(ref: Ref, uid: string): Promise<R> {
    const current = await this.mustGet(ref);
    if (current.metadata.uid !== uid) throw this.#notFound(ref);
    return current;
  }

  /** One guarded write of the object record; the function is called again when another writer was faster. */
  async #rewrite(
    ref: Ref,
    change: (pair: RecordPair) => ObjectRecord | undefined,
    force = false,
  ): Promise<R> {
    for (let attempt = 0; ; attempt += 1) {
      const pair = await this.#mustRead(ref);
      // A large one was long in reading and will be long in writing: others have a turn in between.
      if (pair.object.deflated !== undefined) await nextTurn();
      const next = change(pair);
      if (next === undefined) return this.#join(pair);
      const key = partKey(this.kind, ref, "object");
      const goes =
        force || (next.metadata.deleted !== null && next.metadata.finalizers.length === 0);
      const writes = goes
        ? this.#removals(ref, pair)
        : [{ key, value: encodeRecord(next) }, ...revisionWrites(this.kind, pair.object, next)];
      const guards = [{ key, revision: pair.object.revision }];
      // A status that counts one decision more would leave that decision behind.
      if (goes && pair.status)
        guards.push({ key: partKey(this.kind, ref, "status"), revision: pair.status.revision });
      try {
        const revision = await this.#parts.store.commit(guards, writes);
        return this.#join({ object: { record: next, revision }, status: pair.status });
      } catch (error) {
        if (!isFailure(error, "Conflict") || attempt >= limits.conflictRetriesMax) throw error;
      }
    }
  }

  #removals(ref: Ref, pair: RecordPair): Write[] {
    const { uid } = pair.object.record.metadata;
    const writes: Write[] = [{ key: partKey(this.kind, ref, "object"), remove: true }];
    if (pair.status) writes.push({ key: partKey(this.kind, ref, "status"), remove: true });
    const decisions = Number(pair.status?.record.status["decisions"] ?? 0);
    for (let slot = 0; slot < Math.min(decisions, limits.decisionsMax); slot += 1) {
      writes.push({ key: decisionKey(uid, slot), remove: true });
    }
    writes.push(...eventRemovals(uid, pair.status?.record.status));
    writes.push(...metricValueRemovals(this.kind, uid));
    writes.push(...revisionRemovals(this.kind, pair.object.record));
    return writes;
  }

  #writes(ref: Ref, object: ObjectRecord, status: StatusRecord | undefined): Write[] {
    const writes: Write[] = [
      { key: partKey(this.kind, ref, "object"), value: encodeRecord(object) },
    ];
    if (status)
      writes.push({ key: partKey(this.kind, ref, "status"), value: encodeRecord(status) });
    return writes;
  }

  async #mustRead(ref: Ref): Promise<RecordPair> {
    const entries = await fetchEntries(this.#sources, ref);
    const pair = entries && (await readEntries(this.#sources, ref, entries));
    if (!pair) throw this.#notFound(ref);
    return pair;
  }

  #join(pair: RecordPair): R {
    return join(this.kind, pair.object, pair.status) as R;
  }

  /** Seals what is readable; `REDACTED` stands for what is stored already. */
  #seal(
    fields: Readonly<Record<string, unknown>>,
    uid: string,
    previous: ObjectRecord | undefined,
  ): Readonly<Record<string, unknown>> {
    return sealFields(this.kind, fields, {
      previous: previous?.fields,
      seal: (text, place) => this.#parts.sealer.seal(text, sealContext(uid, place)),
      open: (text, place) => this.#parts.sealer.open(text, sealContext(uid, place)),
    });
  }

  #title(ref: Ref): string {
    const place = ref.namespace === undefined ? "" : ` in namespace ${ref.namespace}`;
    return `${this.kind.kind} ${ref.name}${place}`;
  }

  #notFound(ref: Ref): Error {
    return failure("NotFound", `${this.#title(ref)} does not exist`);
  }
}

function throwIfAny(problems: readonly FieldProblem[]): void {
  if (problems.length > 0) throw invalid(problems);
}
