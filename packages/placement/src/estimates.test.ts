import { expect, it } from "vitest";
import type { MetricUnit } from "@octoplane/kinds/metric-unit";
import type { MetricReading } from "./candidate.ts";
import { decide } from "./decide.ts";
import { application, candidate, detail, failing, reading, snapshot } from "./testing/facts.ts";

const manifest = [
  {
    apiVersion: "v1",
    kind: "Pod",
    spec: { containers: [{ resources: { requests: { cpu: "2", memory: "4Gi" } } }] },
  },
];

function of(unit: MetricUnit, raw: number, more: object = {}): MetricReading {
  return { ...reading(unit, 1, 0.5), raw, unit, ...more } as MetricReading;
}

function estimated(readings: readonly MetricReading[], what: readonly object[] = manifest) {
  const fleet = [candidate({ name: "a", readings })];
  return decide(application({ manifest: what }), snapshot(fleet), detail).candidates[0]?.estimates;
}

it("the cost of an hour is that of cores and memory, in the currency that the metrics have", () => {
  const both = [of("EUR/core-hour", 0.04), of("EUR/GiB-hour", 0.005)];
  expect(estimated(both)).toEqual({
    cost_per_hour: 2 * 0.04 + 4 * 0.005,
    currency: "EUR",
    carbon_grams_per_hour: null,
  });
  expect(estimated([of("USD/core-hour", 0.05)])).toMatchObject({
    cost_per_hour: 0.1,
    currency: "USD",
  });
});

it("the carbon of an hour is that of the watts that are drawn, by the cluster's metrics or the usual ones", () => {
  expect(estimated([of("gCO2/kWh", 400)])?.carbon_grams_per_hour).toBeCloseTo(
    (400 * (2 * 2.1 + 4 * 0.4)) / 1_000,
    12,
  );
  const measured = [of("gCO2/kWh", 400), of("W/core", 10), of("W/GiB", 1)];
  expect(estimated(measured)?.carbon_grams_per_hour).toBeCloseTo(9.6, 12);
});

it("what nobody knows is null: a value that is stale, requests that are not written, a price below nothing", () => {
  const stale = [
    of("EUR/core-hour", 0.04, { isAssumed: true }),
    { ...failing("x"), unit: "gCO2/kWh" as const },
  ];
  const none = { cost_per_hour: null, currency: "EUR", carbon_grams_per_hour: null };
  expect(estimated(stale)).toEqual(none);
  expect(estimated([of("EUR/core-hour", 0.04), of("gCO2/kWh", 4)], [])).toEqual(none);
  expect(estimated([of("EUR/core-hour", -1)])).toEqual(none);
});

it("a cluster whose metrics have no such unit has no estimates", () => {
  expect(estimated([of("ms", 20)])).toBeUndefined();
  expect(estimated([reading("load", 1, 0.5)])).toBeUndefined();
});
