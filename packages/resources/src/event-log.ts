import { lifeEvents, transitions, type Event } from "@octoplane/kinds/event";
import type { AnyResource } from "@octoplane/kinds/kind";
import { limits } from "@octoplane/shared/limits";
import type { Store, Write } from "@octoplane/store/store";
import { eventKey, eventPrefix } from "./keys.ts";

/**
 * The last events of one object: a ring of records that are committed with the status that they tell of. They belong to the
 * uid and go with the object.
 */

/** A status with what it tells of the change from the one before: to be committed together. Pure. */
export function withEvents(
  uid: string,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  time: string,
): { readonly status: Readonly<Record<string, unknown>>; readonly writes: readonly Write[] } {
  const count = eventCount(before);
  const events = transitions(before, after, time).slice(-limits.eventsMax);
  const writes = events.map((event, index) => ({
    key: eventKey(uid, (count + index) % limits.eventsMax),
    value: Buffer.from(JSON.stringify(event)),
  }));
  // A client that writes a whole status must not turn the counter back.
  return { status: { ...after, events: count + events.length }, writes };
}

/** For the end of an object. */
export function eventRemovals(
  uid: string,
  status: Readonly<Record<string, unknown>> | undefined,
): readonly Write[] {
  const count = Math.min(eventCount(status), limits.eventsMax);
  return Array.from({ length: count }, (_, slot) => ({ key: eventKey(uid, slot), remove: true }));
}

function eventCount(status: Readonly<Record<string, unknown>> | undefined): number {
  return Number(status?.["events"] ?? 0);
}

/** Oldest first, with what the object itself tells of its life. */
export async function readEvents(
  store: Store,
  { metadata }: AnyResource,
): Promise<readonly Event[]> {
  const { entries } = await store.list(eventPrefix(metadata.uid));
  const stored = entries.flatMap(({ value, revision }) => {
    const event = parseEvent(value);
    return event ? [{ event, revision }] : [];
  });
  const inOrder = stored.toSorted((a, b) => Number(a.revision - b.revision));
  // The sort is stable: events of one moment stay in the order in which they were committed.
  return [...lifeEvents(metadata), ...inOrder.map(({ event }) => event)].toSorted(
    (a, b) => Date.parse(a.time) - Date.parse(b.time),
  );
}

/** A record that cannot be read is left out: the others still tell what they know. */
function parseEvent(value: Uint8Array): Event | undefined {
  try {
    return JSON.parse(Buffer.from(value).toString("utf8")) as Event;
  } catch {
    return undefined;
  }
}
