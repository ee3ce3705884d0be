import { keyOf, objectKey, type SimObject } from "./sim-object.ts";

/** One change, as a watch tells it. */
export interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly revision: number;
  readonly kindKey: string;
  readonly object: SimObject;
  /** The object before the change; a watch with a selector needs it. */
  readonly before: SimObject | undefined;
}

/** Where an object is. */
export interface Place {
  readonly kindKey: string;
  readonly key: string;
}

/**
 * The objects of one cluster in memory: one revision counter, a bounded history of changes for
 * watches, and an index of who is owned by whom. Objects are replaced, never changed.
 */
export class ObjectStorage {
  readonly #kinds = new Map<string, Map<string, SimObject>>();
  readonly #owned = new Map<string, Map<string, Place>>();
  readonly #uids = new Map<string, Place>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #history: Change[] = [];
  readonly #historyMax: number;
  #forgotten = 0;
  #revision = 1;

  constructor(historyMax: number) {
    this.#historyMax = historyMax;
  }

  get revision(): number {
    return this.#revision;
  }

  get(kindKey: string, namespace: string | undefined, name: string): SimObject | undefined {
    return this.#kinds.get(kindKey)?.get(objectKey(namespace, name));
  }

  at(place: Place): SimObject | undefined {
    return this.#kinds.get(place.kindKey)?.get(place.key);
  }

  byUid(uid: string): SimObject | undefined {
    const place = this.#uids.get(uid);
    return place === undefined ? undefined : this.at(place);
  }

  /** The objects of a kind, in one namespace or all, by namespace and name. */
  list(kindKey: string, namespace?: string): readonly SimObject[] {
    const objects = this.#kinds.get(kindKey);
    if (objects === undefined) return [];
    const prefix = namespace === undefined ? "" : `${namespace}/`;
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix));
    return keys.toSorted().map((key) => objects.get(key)!);
  }

  /** Everything, kind by kind. */
  all(): readonly SimObject[] {
    return [...this.#kinds.values()].flatMap((objects) => [...objects.values()]);
  }

  kindKeys(): readonly string[] {
    return [...this.#kinds.keys()];
  }

  /** The places of the objects that name this uid among their owners. */
  ownedBy(uid: string): readonly Place[] {
    return [...(this.#owned.get(uid)?.values() ?? [])];
  }

  /** Stores an object under a new revision and tells the watchers; returns it as stored. */
  put(kindKey: string, object: SimObject): SimObject {
    const objects = this.#kinds.get(kindKey) ?? new Map<string, SimObject>();
    this.#kinds.set(kindKey, objects);
    const key = keyOf(object);
    const before = objects.get(key);
    this.#revision += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#revision) };
    const stored: SimObject = { ...object, metadata };
    objects.set(key, stored);
    if (before !== undefined) this.#unindex(before, { kindKey, key });
    this.#index(stored, { kindKey, key });
    this.#tell({
      type: before === undefined ? "ADDED" : "MODIFIED",
      revision: this.#revision,
      kindKey,
      object: stored,
      before,
    });
    return stored;
  }

  /** Removes an object; false when it is not there any more. */
  remove(kindKey: string, object: SimObject): boolean {
    const objects = this.#kinds.get(kindKey);
    const key = keyOf(object);
    const before = objects?.get(key);
    if (objects === undefined || before?.metadata.uid !== object.metadata.uid) return false;
    objects.delete(key);
    if (objects.size === 0) this.#kinds.delete(kindKey);
    this.#unindex(before, { kindKey, key });
    this.#revision += 1;
    const metadata = { ...before.metadata, resourceVersion: String(this.#revision) };
    const last: SimObject = { ...before, metadata };
    this.#tell({ type: "DELETED", revision: this.#revision, kindKey, object: last, before });
    return true;
  }

  /** Calls back with every change from now on; the returned function ends it. */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The changes after a revision; undefined when some of them are forgotten. */
  since(revision: number): readonly Change[] | undefined {
    if (revision < this.#forgotten) return undefined;
    let start = this.#history.length;
    while (start > 0 && this.#history[start - 1]!.revision > revision) start -= 1;
    return this.#history.slice(start);
  }

  /** Forgets the history, as a compaction of etcd does: older watches end with 410. */
  compact(): void {
    this.#history.length = 0;
    this.#forgotten = this.#revision;
  }

  #tell(change: Change): void {
    this.#history.push(change);
    // Cutting half at once keeps the cost per change constant.
    if (this.#history.length > this.#historyMax * 2) {
      const cut = this.#history.splice(0, this.#history.length - this.#historyMax);
      this.#forgotten = cut.at(-1)!.revision;
    }
    for (const listener of this.#listeners) listener(change);
  }

  #index(object: SimObject, place: Place): void {
    this.#uids.set(object.metadata.uid, place);
    for (const owner of object.metadata.ownerReferences ?? []) {
      const places = this.#owned.get(owner.uid) ?? new Map<string, Place>();
      this.#owned.set(owner.uid, places);
      places.set(`${place.kindKey}|${place.key}`, place);
    }
  }

  #unindex(object: SimObject, place: Place): void {
    this.#uids.delete(object.metadata.uid);
    for (const owner of object.metadata.ownerReferences ?? []) {
      const places = this.#owned.get(owner.uid);
      places?.delete(`${place.kindKey}|${place.key}`);
      if (places?.size === 0) this.#owned.delete(owner.uid);
    }
  }
}
