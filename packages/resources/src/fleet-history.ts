import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Entry, Store } from "@octoplane/store/store";
import { parseFleetRecordKey, segmentsOf, type FleetRecordKey } from "./fleet-journal-index.ts";
import { decodeChange, folded, type FleetState } from "./fleet-state.ts";
import type { FleetBasis } from "./fleet-writer.ts";
import { fleetPrefix } from "./keys.ts";

/** A fleet as it was from one moment on. */
export interface FleetMoment extends FleetBasis {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly state: FleetState;
}

/** The fleet that a decision was made on. `Compacted` when it is no longer kept. */
export async function readFleetAt(
  store: Store,
  namespace: string,
  { writer, entry }: FleetBasis,
): Promise<FleetMoment> {
  const records = await recordsOf(store, fleetPrefix(namespace, writer));
  const begin = records.findLast((one) => one.isCheckpoint && one.entry <= entry && one.part === 0);
  const from = begin === undefined ? [] : records.filter((one) => one.entry >= begin.entry);
  let last: FleetMoment | undefined;
  for await (const moment of momentsOf(store, from)) {
    if (moment.entry <= entry) last = moment;
    if (moment.entry >= entry) break;
  }
  if (last?.entry === entry) return last;
  throw failure("Compacted", "the journal of the fleet that it was made on is no longer kept");
}

/** The fleet as it was written down last, by whichever scheduler; `undefined` when none has written any. */
export async function readNewestFleet(
  store: Store,
  namespace: string,
  known?: FleetMoment,
): Promise<FleetMoment | undefined> {
  const records = wholeEntries(await recordsOf(store, fleetPrefix(namespace)));
  const newest = records.reduce<FleetRecordKey | undefined>(
    (best, one) => (best === undefined || one.time >= best.time ? one : best),
    undefined,
  );
  if (newest === undefined) return undefined;
  const own = records.filter(({ writer }) => writer === newest.writer);
  const begin = own.findLast((one) => one.isCheckpoint && one.part === 0);
  if (begin === undefined) return undefined;
  const isNear = known?.writer === newest.writer && known.entry >= begin.entry;
  const from = own.filter(({ entry }) => (isNear ? entry > known.entry : entry >= begin.entry));
  let last = isNear ? known : undefined;
  for await (const moment of momentsOf(store, from, last)) last = moment;
  return last;
}

/** Where the records of a namespace's fleet begin and end, in milliseconds since the epoch. */
export async function fleetSpan(
  store: Store,
  namespace: string,
): Promise<{ readonly from: number; readonly to: number; readonly entries: number } | undefined> {
  const records = await recordsOf(store, fleetPrefix(namespace));
  if (records.length === 0) return undefined;
  const times = records.map(({ time }) => time);
  const from = times.reduce((least, time) => Math.min(least, time));
  const to = times.reduce((most, time) => Math.max(most, time));
  return { from, to, entries: records.filter(({ part }) => part === 0).length };
}

/**
 * The fleet over time, from the state that held at `since` on. Where two schedulers wrote at once, that of the later one is
 * told: each saw the same clusters.
 */
export async function* readFleetHistory(
  store: Store,
  namespace: string,
  since: number,
): AsyncGenerator<FleetMoment> {
  const segments = segmentsOf(await recordsOf(store, fleetPrefix(namespace)))
    .filter(({ records }) => records[0]!.isCheckpoint)
    .toSorted((a, b) => a.begins - b.begins);
  let told = -Infinity;
  for (const [index, segment] of segments.entries()) {
    const until = segments[index + 1]?.begins ?? Infinity;
    if (until <= since) continue;
    let held: FleetMoment | undefined;
    for await (const moment of momentsOf(store, segment.records)) {
      if (moment.time >= until || moment.time <= told) continue;
      if (moment.time <= since) {
        held = moment;
        continue;
      }
      if (held) yield held;
      held = undefined;
      told = moment.time;
      yield moment;
    }
    if (held) {
      told = held.time;
      yield held;
    }
  }
}

/** Without entries that are still being written, or never were in full. */
function wholeEntries(records: readonly FleetRecordKey[]): readonly FleetRecordKey[] {
  const counts = new Map<string, number>();
  const entryOf = ({ writer, entry }: FleetRecordKey): string => `${writer} ${entry}`;
  for (const one of records) counts.set(entryOf(one), (counts.get(entryOf(one)) ?? 0) + 1);
  return records.filter((one) => counts.get(entryOf(one)) === one.parts);
}

async function recordsOf(store: Store, prefix: string): Promise<readonly FleetRecordKey[]> {
  const { entries } = await store.list(prefix, { keysOnly: true });
  return entries.flatMap(({ key }) => parseFleetRecordKey(key) ?? []);
}

/** Folds consecutive records of one writer, entry by entry; ends before one of which a part is not there. */
async function* momentsOf(
  store: Store,
  records: readonly FleetRecordKey[],
  known?: FleetMoment,
): AsyncGenerator<FleetMoment> {
  let state: FleetState = known?.state ?? new Map();
  let expected = known === undefined ? undefined : known.entry + 1;
  const groups = [...Map.groupBy(records, ({ entry }) => entry).values()];
  for (let from = 0; from < groups.length; from += limits.fleetReadEntriesMax) {
    const some = groups.slice(from, from + limits.fleetReadEntriesMax);
    const read = some.map((group) => valuesOf(store, group));
    for (const [index, values] of (await Promise.all(read)).entries()) {
      const { entry, parts, isCheckpoint, time, writer } = some[index]![0]!;
      const isNext = expected === undefined ? isCheckpoint : entry === expected;
      if (!isNext || values?.length !== parts) return;
      state = folded(state, await decodeChange(values), isCheckpoint);
      expected = entry + 1;
      yield { writer, entry, time, state };
    }
  }
}

/** `undefined` when one was removed meanwhile. */
async function valuesOf(
  store: Store,
  group: readonly FleetRecordKey[],
): Promise<readonly Uint8Array[] | undefined> {
  const entries = await Promise.all(group.map(({ key }) => store.get(key)));
  const present = entries.filter((entry): entry is Entry => entry !== undefined);
  return present.length === group.length ? present.map(({ value }) => value) : undefined;
}
