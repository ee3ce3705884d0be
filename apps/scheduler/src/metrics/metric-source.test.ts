import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MetricsProvider } from "@octoplane/kinds/metrics-provider";
import { limits } from "@octoplane/shared/limits";
import { VirtualClock } from "@octoplane/shared/virtual-clock";
import { MetricSource } from "./metric-source.ts";
import type { Fetched } from "./provider.ts";

const intervalMs = 10_000;
const start = Date.parse("2024-06-01T12:00:00Z");
const spec: MetricsProvider["spec"] = { type: "static", static: { metrics: {} } };

/** A provider whose answers the test gives, one by one. */
class Provider {
  readonly asked: (readonly string[])[] = [];
  #waiting: PromiseWithResolvers<ReadonlyMap<string, Fetched>>[] = [];

  readonly fetch = async (
    _spec: MetricsProvider["spec"],
    names: readonly string[],
    signal: AbortSignal,
  ) => {
    this.asked.push(names);
    const answer = Promise.withResolvers<ReadonlyMap<string, Fetched>>();
    signal.addEventListener("abort", () => answer.reject(signal.reason));
    this.#waiting.push(answer);
    return await answer.promise;
  };

  async answer(values: Readonly<Record<string, number>>): Promise<void> {
    const entries = Object.entries(values).map(
      ([name, value]) => [name, { ok: true, value }] as const,
    );
    this.#waiting.shift()!.resolve(new Map(entries));
    await settled();
  }

  async fail(message: string): Promise<void> {
    this.#waiting.shift()!.reject(new Error(message));
    await settled();
  }
}

/** Everything that needs no time has happened. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("the source of a provider's metrics", () => {
  let clock: VirtualClock;
  let provider: Provider;
  let changes: number;
  let source: MetricSource;
  beforeEach(() => {
    clock = new VirtualClock(start);
    provider = new Provider();
    changes = 0;
    source = new MetricSource(spec, {
      clock,
      intervalMs,
      fetch: provider.fetch,
      onChange: () => (changes += 1),
    });
  });
  afterEach(() => source[Symbol.asyncDispose]());

  it("fetches all metrics together at once, and again after every interval", async () => {
    source.want(spec, ["b", "a"]);
    expect(source.known("a")).toBeUndefined();
    await provider.answer({ a: 1, b: 2 });
    expect(source.known("a")).toEqual({
      value: 1,
      time: start,
      fetched: start,
      trouble: undefined,
    });
    clock.advance(intervalMs - 1);
    expect(provider.asked).toEqual([["a", "b"]]);
    clock.advance(1);
    expect(provider.asked).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
    await provider.answer({ a: 1, b: 3 });
    expect(source.known("b")).toMatchObject({ value: 3, time: start + intervalMs });
  });

  it("tells of a change, and of nothing when all is as it was", async () => {
    source.want(spec, ["a"]);
    await provider.answer({ a: 1 });
    expect(changes).toBe(1);
    clock.advance(intervalMs);
    await provider.answer({ a: 1 });
    expect(changes).toBe(1);
    expect(source.known("a")?.time).toBe(start + intervalMs);
    clock.advance(intervalMs);
    await provider.answer({ a: 2 });
    expect(changes).toBe(2);
  });

  it("keeps the last good value and its time when a fetch fails, and tells why each time", async () => {
    source.want(spec, ["a"]);
    await provider.answer({ a: 1 });
    clock.advance(intervalMs);
    await provider.fail("connection refused");
    const trouble = { code: "UNREACHABLE_METRICS_PROVIDER", message: "connection refused" };
    expect(source.known("a")).toEqual({ value: 1, time: start, fetched: start, trouble });
    expect(changes).toBe(2);
    clock.advance(intervalMs);
    await provider.fail("connection refused");
    expect(changes).toBe(3);
    clock.advance(intervalMs);
    await provider.answer({ a: 1 });
    expect(source.known("a")).toEqual({
      value: 1,
      time: start + 3 * intervalMs,
      fetched: start + 3 * intervalMs,
      trouble: undefined,
    });
    expect(changes).toBe(4);
  });

  it("asks a provider that keeps failing less often, tells meanwhile, and comes back at once", async () => {
    source.want(spec, ["a"]);
    /** In intervals from the start. */
    const asked: number[] = [];
    for (let interval = 0; interval <= 20; interval += 1) {
      if (provider.asked.length > asked.length) {
        asked.push(interval);
        await provider.fail("down");
      }
      clock.advance(intervalMs);
    }
    expect(asked).toEqual([0, 1, 2, 4, 8, 14, 20]);
    // One for each interval: a value that grows old is noticed in time.
    expect(changes).toBeGreaterThanOrEqual(20);
    source.want({ ...spec }, ["a"]);
    await provider.answer({ a: 1 });
    const count = provider.asked.length;
    clock.advance(intervalMs);
    expect(provider.asked).toHaveLength(count + 1);
  });

  it("lets nobody wait long for a first answer, tells so once, and takes the answer when it comes", async () => {
    source.want(spec, ["a"]);
    clock.advance(limits.metricsFirstWaitMs - 1);
    expect([source.known("a"), changes]).toEqual([undefined, 0]);
    clock.advance(1);
    expect(source.known("a")).toMatchObject({
      value: undefined,
      isPending: true,
      trouble: { code: "UNREACHABLE_METRICS_PROVIDER", message: "no answer yet" },
    });
    expect(changes).toBe(1);
    // One that is wanted later waits by itself.
    source.want(spec, ["a", "b"]);
    clock.advance(limits.metricsFirstWaitMs - 1);
    expect(source.known("b")).toBeUndefined();
    await provider.answer({ a: 1 });
    expect(source.known("a")).toMatchObject({ value: 1, trouble: undefined });
    expect(source.known("a")).not.toHaveProperty("isPending");
    clock.advance(1);
    expect(source.known("b")).toMatchObject({ isPending: true });
    await provider.answer({ a: 1, b: 2 });
    expect(source.known("b")).toMatchObject({ value: 2, trouble: undefined });
  });

  it("asks last for those that had no value, and in turn, so that queries without an end starve no others", async () => {
    const names = [..."abcdefghijk"];
    source.want(spec, names);
    await provider.fail("no answer in 5000 ms");
    clock.advance(intervalMs);
    expect(provider.asked[1]).toEqual([..."ijkabcdefgh"]);
    await provider.answer({ j: 1, k: 2 });
    for (const round of [2, 3]) {
      clock.advance(intervalMs);
      expect(provider.asked[round]?.slice(0, 2)).toEqual(["j", "k"]);
      expect(provider.asked[round]?.toSorted()).toEqual(names);
      await provider.answer({ j: 1, k: 2 });
    }
    expect(provider.asked[2]?.[2]).not.toBe(provider.asked[3]?.[2]);
  });

  it("keeps the time at which the provider measured, if it says so, but none of the future", async () => {
    const times = [start - 5_000, start + 5_000];
    const own = new MetricSource(spec, {
      clock,
      intervalMs,
      fetch: async () => new Map([["a", { ok: true, value: 1, time: times.shift()! }]]),
      onChange: () => undefined,
    });
    own.want(spec, ["a"]);
    await settled();
    expect(own.known("a")).toMatchObject({ time: start - 5_000, fetched: start });
    own.want({ ...spec }, ["a"]);
    await settled();
    expect(own.known("a")).toMatchObject({ time: start, fetched: start });
    await own[Symbol.asyncDispose]();
  });

  it("tells that there is no value when the provider leaves one out", async () => {
    source.want(spec, ["a", "b"]);
    await provider.answer({ a: 1 });
    expect(source.known("b")).toEqual({
      value: undefined,
      time: start,
      fetched: start,
      trouble: { code: "INVALID_METRIC", message: "the provider gave no value" },
    });
  });

  it("fetches one at a time, and once more when the wish changed meanwhile", async () => {
    source.want(spec, ["a"]);
    source.want(spec, ["a", "b"]);
    source.want(spec, ["b"]);
    expect(provider.asked).toEqual([["a"]]);
    await provider.answer({ a: 1 });
    expect(provider.asked).toEqual([["a"], ["b"]]);
    await provider.answer({ b: 2 });
    expect(source.known("b")?.value).toBe(2);
    clock.advance(intervalMs);
    expect(provider.asked).toHaveLength(3);
  });

  it("does nothing when the same is wanted again, and fetches at once when the provider changed", async () => {
    source.want(spec, ["a"]);
    await provider.answer({ a: 1 });
    source.want(spec, ["a"]);
    expect(provider.asked).toHaveLength(1);
    source.want({ ...spec }, ["a"]);
    expect(provider.asked).toHaveLength(2);
    clock.advance(intervalMs * 3);
    expect(provider.asked).toHaveLength(2);
    await provider.answer({ a: 2 });
  });

  it("forgets a metric that is no longer wanted", async () => {
    source.want(spec, ["a", "b"]);
    await provider.answer({ a: 1, b: 2 });
    source.want(spec, ["b"]);
    expect(source.known("a")).toBeUndefined();
    await provider.answer({ b: 2 });
    source.want(spec, []);
    clock.advance(10 * intervalMs);
    expect(provider.asked).toHaveLength(2);
  });

  it("asks and tells nothing any more once it is disposed of", async () => {
    source.want(spec, ["a"]);
    const ended = source[Symbol.asyncDispose]();
    await provider.answer({ a: 1 });
    await ended;
    expect(changes).toBe(0);
    clock.advance(10 * intervalMs);
    source.want(spec, ["c"]);
    expect(provider.asked).toHaveLength(1);
  });
});
