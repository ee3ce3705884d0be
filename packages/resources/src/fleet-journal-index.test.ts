import fc from "fast-check";
import { expect, it } from "vitest";
import { limits } from "@octoplane/shared/limits";
import {
  fleetRecordKey,
  parseFleetRecordKey,
  segmentsOf,
  segmentsToRemove,
  type FleetRecordKey,
} from "./fleet-journal-index.ts";

const hourMs = 3_600_000;
const now = 1_800_000_000_000;
const room = Number.MAX_SAFE_INTEGER;

/** Journals of some writers: how long after each other entries came, and which of them are checkpoints. */
const anyJournal = fc
  .array(
    fc.record({
      beganMs: fc.nat({ max: 120 * hourMs }),
      entries: fc.array(
        fc.record({
          afterMs: fc.nat({ max: 20 * hourMs }),
          isCheckpoint: fc.boolean(),
          bytes: fc.nat({ max: 100_000 }),
          parts: fc.integer({ min: 1, max: 3 }),
        }),
        { minLength: 1, maxLength: 12 },
      ),
    }),
    { maxLength: 3 },
  )
  .map((writers) =>
    writers.flatMap(({ beganMs, entries }, index) => {
      let time = now - beganMs;
      return entries.flatMap((entry, at) => {
        time = Math.min(now, time + entry.afterMs);
        const { parts, bytes } = entry;
        const isCheckpoint = at === 0 || entry.isCheckpoint;
        const about = { namespace: "n", writer: `w${index}`, entry: at + 1, isCheckpoint, time };
        return Array.from({ length: parts }, (_, part) => record({ ...about, part, parts, bytes }));
      });
    }),
  );

function record(about: Omit<FleetRecordKey, "key">): FleetRecordKey {
  return { ...about, key: fleetRecordKey(about) };
}

const left = (records: readonly FleetRecordKey[], bytesMax: number, writer = "w0") => {
  const removed = segmentsToRemove(records, { now, writer, bytesMax });
  const keys = new Set(removed.flatMap((segment) => segment.records.map(({ key }) => key)));
  return records.filter(({ key }) => !keys.has(key));
};

it("a key says all about its record but what is in it", () => {
  fc.assert(
    fc.property(anyJournal, (records) => {
      for (const one of records) expect(parseFleetRecordKey(one.key)).toEqual(one);
    }),
  );
  expect(parseFleetRecordKey("/fleet-journal/n/w/1")).toBeUndefined();
  expect(parseFleetRecordKey("/decisions/n/w/1")).toBeUndefined();
});

it("no state goes on which a decision of the promised age may have been made, while there is room", () => {
  fc.assert(
    fc.property(anyJournal, (records) => {
      const kept = new Set(left(records, room).map(({ key }) => key));
      for (const one of records) {
        const next = records.find(
          ({ writer, entry }) => writer === one.writer && entry === one.entry + 1,
        );
        // A decision is made on a state as long as there is no newer one.
        const lastUse = next?.time ?? (one.writer === "w0" ? now : one.time);
        if (lastUse < now - limits.fleetJournalKeptMs) continue;
        expect(kept).toContain(one.key);
      }
    }),
  );
});

it("whole segments go: what is left of each begins with a checkpoint and has no holes", () => {
  fc.assert(
    fc.property(anyJournal, fc.nat({ max: 500_000 }), (records, bytesMax) => {
      const kept = new Set(left(records, bytesMax).map(({ key }) => key));
      for (const segment of segmentsOf(records)) {
        expect(segment.records[0]!.isCheckpoint).toBe(true);
        const there = segment.records.filter(({ key }) => kept.has(key)).length;
        expect([0, segment.records.length]).toContain(there);
      }
    }),
  );
});

it("the state that the asking writer goes on from stays, and beyond it there are no more bytes than allowed", () => {
  fc.assert(
    fc.property(anyJournal, fc.nat({ max: 500_000 }), (records, bytesMax) => {
      const kept = left(records, bytesMax);
      const segments = segmentsOf(kept);
      const own = segmentsOf(records).findLast(({ writer }) => writer === "w0");
      if (own) expect(kept).toEqual(expect.arrayContaining([...own.records]));
      const isBusy = (writer: string): boolean =>
        segments.findLast((one) => one.writer === writer)!.newest >=
        now - limits.fleetWriterSilentMs;
      const free = segments.filter((segment) => {
        const isLast = segments.findLast(({ writer }) => writer === segment.writer) === segment;
        return !isLast || (segment.writer !== "w0" && !isBusy(segment.writer));
      });
      const bytes = segments.reduce((sum, one) => sum + one.bytes, 0);
      if (free.length > 0) expect(bytes).toBeLessThanOrEqual(bytesMax);
    }),
  );
});

it("a writer that is gone leaves nothing behind once its last state is too old", () => {
  const about = { namespace: "n", part: 0, parts: 1, isCheckpoint: true, bytes: 10 };
  const time = now - limits.fleetJournalKeptMs - 1;
  const dead = record({ ...about, writer: "gone", entry: 1, time });
  const own = record({ ...about, writer: "w0", entry: 1, time });
  expect(left([dead, own], room)).toEqual([own]);
});
