import { describe, expect, it } from "vitest";
import type { Metric } from "@octoplane/kinds/metric";
import { readMetric } from "./readings.ts";

const now = Date.parse("2024-06-01T12:00:00Z");
const freshMs = 60_000;
const ref = { name: "load", weight: 2, namespaced: false };

function metric(spec: Partial<Metric["spec"]> = {}): Metric {
  const provider = { name: "prom", metric: "node_load" };
  return { spec: { allowed_values: [], min: 0, max: 10, provider, ...spec } } as Metric;
}

interface Facts {
  readonly metric?: Metric | undefined;
  readonly providerExists?: boolean;
  readonly value?: number;
  readonly ageMs?: number;
  readonly fetchedMs?: number;
  readonly trouble?: { readonly code: string; readonly message: string };
  readonly unknown?: boolean;
}

function read(facts: Facts) {
  const known = {
    value: facts.value,
    time: now - (facts.ageMs ?? 0),
    fetched: now - (facts.fetchedMs ?? facts.ageMs ?? 0),
    trouble: facts.trouble,
  };
  return readMetric(
    ref,
    {
      metric: "metric" in facts ? facts.metric : metric(),
      providerExists: facts.providerExists ?? true,
      known: facts.unknown ? undefined : known,
    },
    { now, freshMs },
  );
}

describe("the reading of a metric", () => {
  it("says what the metric counts as, its unit, and whether anybody measured the value", () => {
    const told = metric({ counts_as: "price", unit: "EUR/core-hour", when_stale: "neutral" });
    expect(read({ value: 5, metric: told })).toMatchObject({
      countsAs: "price",
      unit: "EUR/core-hour",
    });
    expect(read({ value: 5, metric: told })).not.toHaveProperty("isAssumed");
    const trouble = { code: "INVALID_METRIC", message: "no" };
    expect(read({ metric: told, trouble })).toMatchObject({
      ok: true,
      value: 0.5,
      isAssumed: true,
    });
    const failing = metric({ unit: "gCO2/kWh" });
    expect(read({ metric: failing, trouble })).toMatchObject({ ok: false, unit: "gCO2/kWh" });
  });

  it.each<[number, number, Partial<Metric["spec"]>]>([
    [0, 0, {}],
    [2.5, 0.25, {}],
    [10, 1, {}],
    [2.5, 0.75, { direction: "lower" }],
    [2.5, 0.25, { direction: "higher" }],
    [0, 0.5, { min: -5, max: 5 }],
    [3, 0.3, { allowed_values: [1, 3] }],
  ])("of the value %d is normalised to %d by %j", (value, normalised, spec) => {
    expect(read({ value, metric: metric(spec) })).toEqual({
      ok: true,
      name: "load",
      weight: 2,
      raw: value,
      value: normalised,
      time: "2024-06-01T12:00:00.000Z",
      provider: "prom",
    });
  });

  const down = { code: "UNREACHABLE_METRICS_PROVIDER", message: "connection refused" };
  it.each<[string, string, Facts]>([
    ["UNKNOWN_METRIC", "GlobalMetric load does not exist", { metric: undefined }],
    [
      "UNKNOWN_METRICS_PROVIDER",
      "the provider prom of load does not exist",
      { providerExists: false },
    ],
    ["INVALID_METRIC", "the value 11 of load is not between 0 and 10", { value: 11 }],
    ["INVALID_METRIC", "the value -1 of load is not between 0 and 10", { value: -1 }],
    [
      "INVALID_METRIC",
      "the value 2 of load is none of 1, 3",
      { value: 2, metric: metric({ allowed_values: [1, 3] }) },
    ],
    ["UNREACHABLE_METRICS_PROVIDER", "prom: connection refused", { trouble: down }],
    [
      "UNREACHABLE_METRICS_PROVIDER",
      "prom: connection refused",
      { trouble: down, value: 5, ageMs: freshMs + 1 },
    ],
    ["INVALID_METRIC", "prom: no value yet", {}],
  ])("fails with %s: %s", (code, message, facts) => {
    expect(read(facts)).toEqual({ ok: false, name: "load", weight: 2, code, message });
  });

  it("lives through a failed fetch while the last value is fresh", () => {
    expect(read({ trouble: down, value: 5, ageMs: freshMs })).toMatchObject({
      ok: true,
      raw: 5,
      time: "2024-06-01T11:59:00.000Z",
    });
  });

  it("is not known while the first fetch is under way", () => {
    expect(read({ unknown: true })).toBeUndefined();
    expect(read({ unknown: true, metric: undefined })).toMatchObject({ code: "UNKNOWN_METRIC" });
  });

  it.each<[string, number | string, Partial<Metric["spec"]>, Facts]>([
    ["a late fetch", 0.5, {}, { value: 5, ageMs: freshMs * 60, fetchedMs: 0 }],
    [
      "an old measurement where the age counts",
      "prom: the value is 120 s old, and may be 90 s",
      { max_age: 90 },
      { value: 5, ageMs: 120_000, fetchedMs: 0 },
    ],
    ["one that is just young enough", 0.5, { max_age: 120 }, { value: 5, ageMs: 120_000 }],
    [
      "null, which is the default",
      0.5,
      { max_age: null },
      { value: 5, ageMs: 900_000, fetchedMs: 0 },
    ],
    [
      "failures shorter than the limit",
      0.5,
      { max_age: 900 },
      { trouble: down, value: 5, ageMs: 800_000 },
    ],
    [
      "failures longer than the limit",
      "prom: connection refused",
      { max_age: 5 },
      { trouble: down, value: 5, ageMs: 6_000 },
    ],
    [
      "a measurement that was old, and fetches that just began to fail",
      0.5,
      {},
      { trouble: down, value: 5, ageMs: freshMs * 60, fetchedMs: 1_000 },
    ],
    ["keep", 0.5, { when_stale: "keep" }, { trouble: down, value: 5, ageMs: 86_400_000 }],
    ["keep without a value", "prom: connection refused", { when_stale: "keep" }, { trouble: down }],
    ["neutral", 0.5, { when_stale: "neutral" }, { trouble: down, value: 1, ageMs: 86_400_000 }],
    ["neutral without a value", 0.5, { when_stale: "neutral" }, { trouble: down }],
    ["neutral while it is fresh", 0.1, { when_stale: "neutral" }, { trouble: down, value: 1 }],
    [
      "exclude",
      "prom: connection refused",
      { when_stale: "exclude" },
      { trouble: down, value: 5, ageMs: freshMs + 1 },
    ],
    [
      "neutral with a value out of range",
      "the value 11 of load is not between 0 and 10",
      { when_stale: "neutral" },
      { value: 11 },
    ],
    [
      "keep with a value out of range",
      "the value 11 of load is not between 0 and 10",
      { when_stale: "keep" },
      { trouble: down, value: 11, ageMs: 86_400_000 },
    ],
  ])("with %s comes to %s", (_what, expected, spec, facts) => {
    const reading = read({ ...facts, metric: metric(spec) });
    if (typeof expected === "number") expect(reading).toMatchObject({ ok: true, value: expected });
    else expect(reading).toMatchObject({ ok: false, message: expected });
  });
});
