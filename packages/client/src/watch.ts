import type { AnyResource } from "@octoplane/kinds/kind";
import { backoffMs } from "@octoplane/shared/backoff";
import { pause, type Clock } from "@octoplane/shared/clock";
import { failure, isFailure, type OctoplaneError } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { KindClient, Listing, Selection } from "./client.ts";
import { readLines } from "./json-lines.ts";
import { forwardAbort } from "./transport.ts";

/**
 * A watch that survives: a list, then every change after it, over as many connections as it takes.
 * What a lost connection kept from us is told when the next one stands; when the server no longer
 * knows our place (410), a new list is compared with what was told, and the difference comes as
 * events. No change of state is lost, intermediate states may be.
 */

export type WatchEvent<R> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: R }
  /** Everything that was there at one revision has been told; after each list. */
  | { readonly type: "SYNCED" };

export interface WatchOptions<R> extends Selection {
  /** Ends the watch without an error. */
  readonly signal?: AbortSignal;
  /** Told of every connection that was lost and will be tried again. */
  readonly onTrouble?: (error: OctoplaneError) => void;
  /** In [0, 1), spreads the reconnects of many clients. Left out: no spreading. */
  readonly fraction?: () => number;
  /** The state to begin with. Left out: the list of all objects. */
  readonly snapshot?: (signal: AbortSignal) => Promise<Listing<R>>;
  /** Objects that are not accepted are not told. */
  readonly accepts?: (object: R) => boolean;
}

/**
 * Ends only by the signal, by `break`, or with an error that no repetition helps: refused
 * credentials, a missing right, a first connection that fails.
 */
export async function* watch<R extends AnyResource>(
  objects: KindClient<R>,
  options: WatchOptions<R> = {},
): AsyncGenerator<WatchEvent<R>, void, undefined> {
  const stop = new AbortController();
  const unlink = forwardAbort(options.signal, stop);
  const { signal } = stop;
  const { clock } = objects.transport;
  const told = new Map<string, R>();
  const place: Place = { after: undefined };
  let started = false;
  const snapshot =
    options.snapshot ?? ((abort) => objects.list({ ...selectionOf(options), signal: abort }));
  try {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        if (place.after === undefined) {
          const listing = await snapshot(signal);
          yield* differences(told, listing.items);
          place.after = listing.resourceVersion;
          started = true;
          yield { type: "SYNCED" };
        }
        const connection = { objects, options, signal, place, onLine: () => (attempt = 0) };
        for await (const event of changes(connection)) yield* tell(told, event, options.accepts);
      } catch (error) {
        if (signal.aborted) return;
        if (isFailure(error, "Compacted")) place.after = undefined;
        else if (!started || !isPassing(error)) throw error;
        else options.onTrouble?.(error);
      }
      const bounds = { firstMs: limits.clientRetryFirstMs, mostMs: limits.clientRetryMostMs };
      await pause(clock, backoffMs(attempt, options.fraction?.() ?? 0.5, bounds), signal);
    }
  } finally {
    stop.abort();
    unlink();
  }
}

/** The revision up to which everything has been told; `undefined` asks for a new snapshot. */
interface Place {
  after: string | undefined;
}

interface Connection<R extends AnyResource> {
  readonly objects: KindClient<R>;
  readonly options: WatchOptions<R>;
  readonly signal: AbortSignal;
  readonly place: Place;
  readonly onLine: () => void;
}

type Change<R> = Exclude<WatchEvent<R>, { readonly type: "SYNCED" }>;

/** The changes of one connection until it ends; moves the place forward. */
async function* changes<R extends AnyResource>(
  connection: Connection<R>,
): AsyncGenerator<Change<R>, void, undefined> {
  const { objects, options, place } = connection;
  const own = new AbortController();
  const unlink = forwardAbort(connection.signal, own);
  const silence = new SilenceAlarm(objects.transport.clock, own);
  try {
    const stream = await objects.openWatch({
      ...selectionOf(options),
      after: place.after ?? "",
      signal: own.signal,
    });
    for await (const line of readLines(stream, limits.clientLineCharsMax)) {
      silence.restart();
      connection.onLine();
      if (line.trim() === "") continue;
      const event = readEvent<R>(line);
      if (event.type === "BOOKMARK") place.after = event.object.metadata.resource_version;
      else yield { type: event.type, object: event.object };
    }
  } catch (error) {
    // A stream that breaks in the middle fails with whatever the platform has for that.
    if (own.signal.aborted) throw own.signal.reason;
    throw isFailure(error) ? error : failure("Unavailable", "the watch broke", { cause: error });
  } finally {
    silence.cancel();
    unlink();
    own.abort();
  }
}

/** Ends a connection that says nothing, not even that it lives. */
class SilenceAlarm {
  readonly #clock: Clock;
  readonly #controller: AbortController;
  #cancel: () => void;

  constructor(clock: Clock, controller: AbortController) {
    this.#clock = clock;
    this.#controller = controller;
    this.#cancel = this.#set();
  }

  restart(): void {
    this.#cancel();
    this.#cancel = this.#set();
  }

  cancel(): void {
    this.#cancel();
  }

  #set(): () => void {
    const silent = failure("Unavailable", "the watch has gone silent");
    return this.#clock.after(limits.clientSilenceMs, () => this.#controller.abort(silent));
  }
}

type Line<R> =
  | Change<R>
  | {
      readonly type: "BOOKMARK";
      readonly object: { readonly metadata: { readonly resource_version: string } };
    };

function readEvent<R>(line: string): Line<R> {
  try {
    return JSON.parse(line) as Line<R>;
  } catch (error) {
    throw failure("Unavailable", "the watch sent a line that is no JSON", { cause: error });
  }
}

/** What changed since it was told: after a reconnect some events come a second time. */
function* tell<R extends AnyResource>(
  told: Map<string, R>,
  event: Change<R>,
  accepts: WatchOptions<R>["accepts"],
): Generator<Change<R>, void, undefined> {
  const { object } = event;
  if (accepts?.(object) === false) return;
  const key = keyOf(object);
  const known = told.get(key);
  if (event.type === "DELETED") {
    if (known?.metadata.uid !== object.metadata.uid) return;
    told.delete(key);
    yield event;
    return;
  }
  yield* put(told, object);
}

/** The events that lead from what was told to the snapshot. */
function* differences<R extends AnyResource>(
  told: Map<string, R>,
  items: readonly R[],
): Generator<Change<R>, void, undefined> {
  const present = new Set(items.map(keyOf));
  for (const [key, object] of told) {
    if (present.has(key)) continue;
    told.delete(key);
    yield { type: "DELETED", object };
  }
  for (const object of items) yield* put(told, object);
}

function* put<R extends AnyResource>(
  told: Map<string, R>,
  object: R,
): Generator<Change<R>, void, undefined> {
  const key = keyOf(object);
  const known = told.get(key);
  if (known?.metadata.resource_version === object.metadata.resource_version) return;
  told.set(key, object);
  // An object of the same name with another uid is another object: the old one is gone.
  const isSame = known?.metadata.uid === object.metadata.uid;
  if (known && !isSame) yield { type: "DELETED", object: known };
  yield { type: known && isSame ? "MODIFIED" : "ADDED", object };
}

function keyOf({ metadata }: AnyResource): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

function isPassing(error: unknown): error is OctoplaneError {
  return isFailure(error, "Unavailable", "Timeout", "TooManyRequests", "Internal");
}

function selectionOf({ namespace, labelSelector, fieldSelector, view }: Selection): Selection {
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(view === undefined ? {} : { view }),
  };
}
