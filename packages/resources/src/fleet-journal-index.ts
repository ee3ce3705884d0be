import { limits } from "@octoplane/shared/limits";
import { fleetPrefix } from "./keys.ts";

/**
 * What the keys of a journal tell: which records there are, when and how large. Everything but the states themselves stands in
 * them, so that an index is a list of keys, and old records go without having been read.
 */
export interface FleetRecordKey {
  readonly key: string;
  readonly namespace: string;
  readonly writer: string;
  /** The number of the entry; one that is large has several records. */
  readonly entry: number;
  readonly part: number;
  readonly parts: number;
  readonly isCheckpoint: boolean;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly bytes: number;
}

/** A checkpoint and the changes after it. */
export interface FleetSegment {
  readonly namespace: string;
  readonly writer: string;
  readonly records: readonly FleetRecordKey[];
  /** When it begins, and when its last entry was written. */
  readonly begins: number;
  readonly newest: number;
  readonly bytes: number;
}

const form = /^(\d{12})\.(\d{4})\.(c|d)\.(\d{4})\.(\d{13,})\.(\d+)$/;

export function fleetRecordKey(record: Omit<FleetRecordKey, "key">): string {
  const { namespace, writer, entry, part, parts, isCheckpoint, time, bytes } = record;
  const digits = (value: number, count: number): string => String(value).padStart(count, "0");
  const what = isCheckpoint ? "c" : "d";
  const name = [
    digits(entry, 12),
    digits(part, 4),
    what,
    digits(parts, 4),
    digits(time, 13),
    bytes,
  ];
  return `${fleetPrefix(namespace, writer)}${name.join(".")}`;
}

/** `undefined` for a key that this version does not know. */
export function parseFleetRecordKey(key: string): FleetRecordKey | undefined {
  const [, journal, namespace, writer, name, ...rest] = key.split("/");
  if (journal !== "fleet-journal" || rest.length > 0) return undefined;
  const [, entry, part, what, parts, time, bytes] = form.exec(name ?? "") ?? [];
  if (namespace === undefined || writer === undefined || entry === undefined) return undefined;
  return {
    key,
    namespace,
    writer,
    entry: Number(entry),
    part: Number(part),
    parts: Number(parts),
    isCheckpoint: what === "c",
    time: Number(time),
    bytes: Number(bytes),
  };
}

/** The segments of every writer, in their order. Records before a writer's first checkpoint are of no use to anyone. Pure. */
export function segmentsOf(records: readonly FleetRecordKey[]): readonly FleetSegment[] {
  const segments: FleetRecordKey[][] = [];
  const sorted = records.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  for (const record of sorted) {
    const [first] = segments.at(-1) ?? [];
    const isSameWriter = first?.writer === record.writer && first.namespace === record.namespace;
    const begins = record.isCheckpoint && first?.entry !== record.entry;
    if (isSameWriter && !begins) segments.at(-1)!.push(record);
    else segments.push([record]);
  }
  return segments.map((own) => ({
    namespace: own[0]!.namespace,
    writer: own[0]!.writer,
    records: own,
    begins: own[0]!.time,
    newest: own.at(-1)!.time,
    bytes: own.reduce((sum, { bytes }) => sum + bytes + limits.fleetRecordOverheadBytes, 0),
  }));
}

/**
 * The segments of one namespace that have to go: what no decision younger than the age that is promised was made on, and the
 * oldest beyond the bytes. The last segment of the one who asks stays: it goes on. Pure.
 */
export function segmentsToRemove(
  records: readonly FleetRecordKey[],
  {
    now,
    writer,
    bytesMax,
  }: {
    readonly now: number;
    readonly writer: string | undefined;
    readonly bytesMax: number;
  },
): readonly FleetSegment[] {
  const segments = segmentsOf(records);
  const oldest = now - limits.fleetJournalKeptMs;
  const next = (index: number): FleetSegment | undefined =>
    segments[index + 1]?.writer === segments[index]!.writer ? segments[index + 1] : undefined;
  const isOver = (segment: FleetSegment, index: number): boolean => {
    const follower = next(index);
    if (follower) return follower.begins < oldest;
    // A live writer would have repeated its checkpoint long before.
    return segment.writer !== writer && segment.newest < oldest;
  };
  const removed = new Set(segments.filter((segment, index) => isOver(segment, index)));
  let bytes = segments.reduce((sum, one) => sum + (removed.has(one) ? 0 : one.bytes), 0);
  const mayGo = segments.filter((segment, index) => {
    if (next(index)) return true;
    return segment.writer !== writer && segment.newest < now - limits.fleetWriterSilentMs;
  });
  for (const segment of mayGo.toSorted((a, b) => a.begins - b.begins)) {
    if (bytes <= bytesMax) break;
    if (removed.has(segment)) continue;
    removed.add(segment);
    bytes -= segment.bytes;
  }
  return [...removed];
}
