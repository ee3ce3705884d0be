import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { systemClock } from "@octoplane/shared/clock";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { silentLog as log } from "@octoplane/shared/log";
import { toPlain } from "@octoplane/shared/plain-data";
import { systemRandom as random } from "@octoplane/shared/random";
import { openStore } from "@octoplane/store/open";
import type { Store } from "@octoplane/store/store";
import { readFleetAt, readFleetHistory, readNewestFleet } from "./fleet-history.ts";
import { FleetJournal } from "./fleet-journal.ts";
import { fleetRecordKey } from "./fleet-journal-index.ts";
import { fleetPrefix } from "./keys.ts";

let folder: string;
let store: Store;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "octoplane-fleet-"));
  store = await openStore(`lmdb://${folder}`, {}, { clock: systemClock, random, log });
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

let namespace = "";
let made = 0;
beforeEach(() => {
  made += 1;
  namespace = `n${made}`;
});

type Items = Readonly<Record<string, object>>;

/** A fleet that is changed by hand, and a journal of it under a clock that is moved by hand. */
class Bed {
  items: Items = {};
  isKnown = true;
  now = 1_800_000_000_000;
  #view: { readonly id: object; readonly items: () => [string, object][] } | undefined;
  readonly timers: (() => void)[] = [];
  readonly journal: FleetJournal<NonNullable<typeof this.view>>;

  constructor(on: Store = store) {
    const clock = {
      now: () => this.now,
      monotonic: () => this.now,
      after: (_delayMs: number, callback: () => void) => {
        this.timers.push(callback);
        return () => undefined;
      },
    };
    const look = () => this.view;
    this.journal = new FleetJournal({ store: on, clock, random, log, look, encode: toPlain });
  }

  get view() {
    if (!this.isKnown) return undefined;
    const { items } = this;
    if (this.#view?.id !== items) this.#view = { id: items, items: () => Object.entries(items) };
    return this.#view;
  }

  async write(items: Items) {
    this.items = items;
    this.now += 1_000;
    return (await this.journal.seen(namespace))!.basis!;
  }
}

const keys = async () =>
  (await store.list(fleetPrefix(namespace), { keysOnly: true })).entries.map(({ key }) => key);
const plainOf = (items: Items) => new Map(Object.entries(items).map(([k, v]) => [k, toPlain(v)]));
const sorted = (state: ReadonlyMap<string, unknown>) =>
  [...state].toSorted(([a], [b]) => (a < b ? -1 : 1));

it("every entry folds to the state that was written, wherever one begins to read", async () => {
  const anyItems = fc.dictionary(
    fc.constantFrom("a", "b", "c", "d"),
    fc.record({ value: fc.nat(3), tags: fc.uniqueArray(fc.nat(3)).map((all) => new Set(all)) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(anyItems, { minLength: 1, maxLength: 6 }), async (states) => {
      made += 1;
      namespace = `n${made}`;
      const own = new Bed();
      const bases = [];
      for (const items of states) bases.push(await own.write(items));
      await own.journal[Symbol.asyncDispose]();
      for (const [index, basis] of bases.entries()) {
        const { state } = await readFleetAt(store, namespace, basis);
        expect(sorted(state)).toEqual(sorted(plainOf(states[index]!)));
      }
      const newest = await readNewestFleet(store, namespace);
      expect(sorted(newest!.state)).toEqual(sorted(plainOf(states.at(-1)!)));
      const known = await readFleetAt(store, namespace, bases[0]!);
      expect(await readNewestFleet(store, namespace, known)).toEqual(newest);
    }),
    { numRuns: 30 },
  );
});

it("a fleet that has not changed is not written again, and one that only looks new is no entry", async () => {
  const bed = new Bed();
  const first = await bed.write({ a: { value: 1 } });
  const before = await keys();
  expect(await bed.write(bed.items)).toEqual(first);
  expect(await bed.write({ a: { value: 1 } })).toEqual(first);
  expect(await keys()).toEqual(before);
});

it("while it is being written, a thousand who ask wait for one write of what is there then", async () => {
  const bed = new Bed();
  const first = bed.write({ a: { value: 1 } });
  bed.items = { a: { value: 2 } };
  const others = Array.from({ length: 1_000 }, () => bed.journal.seen(namespace));
  expect((await first).entry).toBe(1);
  const all = await Promise.all(others);
  expect(new Set(all.map((seen) => seen!.basis!.entry))).toEqual(new Set([2]));
  expect(all[0]!.view.items()).toEqual([["a", { value: 2 }]]);
  expect(await keys()).toHaveLength(2);
});

it("a fleet that is not known yet is not written down", async () => {
  const bed = new Bed();
  bed.isKnown = false;
  expect(await bed.journal.seen(namespace)).toBeUndefined();
  expect(await keys()).toEqual([]);
});

it("a change that nobody decides on is written once a second at most", async () => {
  const bed = new Bed();
  await bed.write({ a: { value: 1 } });
  for (let value = 2; value < 10; value += 1) {
    bed.items = { a: { value } };
    bed.journal.changed(namespace);
  }
  expect(bed.timers).toHaveLength(1);
  bed.timers[0]!();
  await bed.journal[Symbol.asyncDispose]();
  const newest = await readNewestFleet(store, namespace);
  expect([newest!.entry, [...newest!.state.values()]]).toEqual([2, [{ value: 9 }]]);
});

it("what changed beside the clusters is written too, when somebody says so", async () => {
  const bed = new Bed();
  const items: Record<string, object> = { a: { value: 1 }, calm: { left: 2 } };
  await bed.write(items);
  items["calm"] = { left: 1 };
  bed.journal.changed(namespace);
  bed.timers[0]!();
  await bed.journal[Symbol.asyncDispose]();
  const newest = await readNewestFleet(store, namespace);
  expect([newest!.entry, newest!.state.get("calm")]).toEqual([2, { left: 1 }]);
});

it("a checkpoint of 5,000 clusters that fits into no record is written in several, and read as one", async () => {
  const bed = new Bed();
  const items = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, index) => [
      `cluster/${index}`,
      { name: `cluster-${index}`, noise: random.bytes(700).toString("base64") },
    ]),
  );
  const basis = await bed.write(items);
  expect((await keys()).length).toBeGreaterThan(3);
  const { state } = await readFleetAt(store, namespace, basis);
  expect(state.size).toBe(5_000);
  expect(state.get("cluster/4321")).toEqual(items["cluster/4321"]);
});

it("after so many changes there is another checkpoint, and old segments go", async () => {
  const bed = new Bed();
  let basis = await bed.write({ a: { value: -1 } });
  const first = basis;
  for (let value = 0; value <= limits.fleetSegmentEntriesMax; value += 1) {
    basis = await bed.write({ a: { value } });
  }
  await bed.journal[Symbol.asyncDispose]();
  expect((await keys()).filter((key) => key.includes(".c."))).toHaveLength(2);
  bed.now += limits.fleetJournalKeptMs + 1_000;
  const later = new Bed();
  later.now = bed.now;
  await later.journal.sweep();
  // Nobody has gone on from it for longer than is promised.
  expect(await keys()).toEqual([]);
  const gone = await readFleetAt(store, namespace, first).catch((error: unknown) => error);
  expect(isFailure(gone, "Compacted")).toBe(true);
});

it("a live writer repeats its checkpoint before others take it for dead", async () => {
  const bed = new Bed();
  const first = await bed.write({ a: { value: 1 } });
  for (let turn = 0; turn < 4; turn += 1) {
    bed.now += limits.fleetJournalKeptMs * 0.6;
    await bed.journal.sweep();
    const other = new Bed();
    other.now = bed.now;
    await other.journal.sweep();
  }
  const seen = await bed.journal.seen(namespace);
  expect(seen!.basis!.entry).toBeGreaterThan(first.entry);
  expect((await readFleetAt(store, namespace, seen!.basis!)).state.get("a")).toEqual({ value: 1 });
});

it("two writers do not disturb each other, and the newest word is told", async () => {
  const [one, other] = [new Bed(), new Bed()];
  const a = await one.write({ a: { value: 1 } });
  other.now += 10_000;
  const b = await other.write({ a: { value: 2 } });
  expect(a.writer).not.toBe(b.writer);
  expect((await readFleetAt(store, namespace, a)).state.get("a")).toEqual({ value: 1 });
  expect((await readFleetAt(store, namespace, b)).state.get("a")).toEqual({ value: 2 });
  expect((await readNewestFleet(store, namespace))!.writer).toBe(b.writer);
});

it("a write that fails keeps nobody from deciding, and the next goes under another name with a checkpoint", async () => {
  let isBroken = false;
  const commit: Store["commit"] = async (...args) => {
    const revision = await store.commit(...args);
    // It was stored, and nobody will ever know.
    if (isBroken) throw new Error("lost");
    return revision;
  };
  const flaky = new Proxy(store, {
    get: (target, name) => {
      if (name === "commit") return commit;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const bed = new Bed(flaky);
  const first = await bed.write({ a: { value: 1 } });
  isBroken = true;
  bed.items = { a: { value: 2 } };
  expect((await bed.journal.seen(namespace))!.basis).toBeUndefined();
  isBroken = false;
  bed.items = { a: { value: 3 } };
  expect((await bed.journal.seen(namespace))!.basis).toBeUndefined();
  bed.now += limits.fleetRetryMs;
  const next = await bed.write(bed.items);
  expect([next.entry, next.writer === first.writer]).toEqual([1, false]);
  expect((await readFleetAt(store, namespace, next)).state.get("a")).toEqual({ value: 3 });
});

it("history begins with the state that held then, and tells every later one once", async () => {
  const bed = new Bed();
  for (const value of [1, 2, 3, 4]) await bed.write({ a: { value } });
  const since = bed.now - 1_500;
  const told = [];
  for await (const { time, state } of readFleetHistory(store, namespace, since)) {
    told.push([time - bed.now, state.get("a")]);
  }
  expect(told).toEqual([
    [-2_000, { value: 2 }],
    [-1_000, { value: 3 }],
    [0, { value: 4 }],
  ]);
});

it("an entry that is not there in full does not hide the one before it", async () => {
  const bed = new Bed();
  const basis = await bed.write({ a: { value: 1 } });
  const about = { namespace, entry: 2, parts: 2, isCheckpoint: true, time: bed.now + 1, bytes: 3 };
  for (const [writer, part] of [
    [basis.writer, 0],
    [basis.writer, 1],
    ["later", 0],
    ["latest", 1],
  ] as const) {
    // One of its two parts is there, whichever it is and whoever wrote it.
    const key = fleetRecordKey({ ...about, writer, part });
    await store.commit([], [{ key, value: Buffer.from("odd") }]);
    expect(await readNewestFleet(store, namespace)).toMatchObject(basis);
    await store.commit([], [{ key, remove: true }]);
  }
});

it("those who waited for a write that failed do not wait for another one", async () => {
  const gate = Promise.withResolvers<void>();
  let commits = 0;
  const away = new Proxy(store, {
    get: (target, name) => {
      if (name !== "commit") return Reflect.get(target, name) as unknown;
      return async () => {
        commits += 1;
        await gate.promise;
        throw new Error("no answer within 10 s");
      };
    },
  });
  const bed = new Bed(away);
  bed.items = { a: { value: 1 } };
  const first = bed.journal.seen(namespace);
  bed.items = { a: { value: 2 } };
  const others = [bed.journal.seen(namespace), bed.journal.seen(namespace)];
  gate.resolve();
  expect((await first)!.basis).toBeUndefined();
  for (const seen of await Promise.all(others)) {
    expect(seen).toEqual({ view: bed.view, basis: undefined });
  }
  expect(commits).toBe(1);
});
