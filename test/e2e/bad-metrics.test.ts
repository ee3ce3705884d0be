import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { BadSource } from "./bad-source.ts";
import { openField, type Field } from "./field.ts";
import { Tenant } from "./tenant.ts";

/** Metrics that give no number that may be counted: each is told where people look, and nobody else waits for it. */

let field: Field;
let source: BadSource;
let elsewhere: BadSource;
beforeAll(async () => {
  [field, source, elsewhere] = await Promise.all([openField(), BadSource.open(), BadSource.open()]);
  source.redirectTo(`${elsewhere.url}/good`);
});
afterAll(async () => {
  await field?.[Symbol.asyncDispose]();
  await source?.[Symbol.asyncDispose]();
  await elsewhere?.[Symbol.asyncDispose]();
});

const unreachable = "UNREACHABLE_METRICS_PROVIDER";
const invalid = "INVALID_METRIC";

/** By what the provider does: the code, and a part of the sentence, that people have to find. */
const cases: Readonly<Record<string, readonly [string, RegExp]>> = {
  html: [unreachable, /answered 200, and not with JSON/],
  nothing: [unreachable, /answered 200, and not with JSON/],
  "no-series": [invalid, /the query gave no value/],
  nan: [invalid, /the value "NaN" is not a number/],
  infinity: [invalid, /the value "\+Inf" is not a number/],
  text: [invalid, /the value "much" is not a number/],
  high: [invalid, /the value 1\.01 of high is not between 0 and 1/],
  low: [invalid, /the value -3 of low is not between 0 and 1/],
  "influx--late": [invalid, /the value is 6\d\d s old, and may be 60 s/],
  "influx--html": [unreachable, /the answer is no table of values/],
  "influx--nothing": [invalid, /the bucket has no value of influx--nothing in the last 1h/],
  "influx--million": [unreachable, /answered with more than \d+ bytes/],
  "kafka--html": [unreachable, /answered 200, and not with JSON/],
  "kafka--nothing": [unreachable, /answered 200, and not with JSON/],
  "http--html": [unreachable, /answered 200, and not with JSON/],
  "http--nothing": [unreachable, /answered 200, and not with JSON/],
  "http--redirect": [unreachable, /answered 302: redirects are not followed/],
  hang: [unreachable, /no answer in 5000 ms/],
  redirect: [unreachable, /answered 302: redirects are not followed/],
  million: [unreachable, /answered with more than \d+ bytes/],
};

/** What a provider of each type is told; the path of its address says what is wrong with it. */
function providerSpec(name: string): object {
  const [type = "", what] = name.includes("--") ? name.split("--") : ["prometheus", name];
  const url = `${source.url}/${what}`;
  const blocks: Readonly<Record<string, object>> = {
    prometheus: { url },
    http: { url },
    influx: { url, token: "t", org: "o", bucket: "b" },
    kafka: { url, table: "T", comparison_column: "NAME", value_column: "VALUE" },
  };
  return { type, [type]: blocks[type] };
}

/** A provider, a metric and a cluster, each called after what is wrong. */
async function addBad(tenant: Tenant, name: string): Promise<void> {
  await tenant.provider(name, providerSpec(name));
  const isMeasured = name.endsWith("late");
  const more = isMeasured ? { max_age: 60, metric: "late" } : {};
  await tenant.metric(name, name, "namespaced", more);
  await tenant.cluster(name, { metrics: { [name]: 1 } }, "FAILING_METRICS");
}

/** From its creation to its placement, in milliseconds, by what the server wrote down. */
async function placementMs(tenant: Tenant, app: string): Promise<number> {
  const { metadata, status } = await tenant.until(app, "is placed", ({ status: now }) => {
    return now.scheduled !== null;
  });
  return Date.parse(status.scheduled) - Date.parse(metadata.created);
}

describe("a provider that gives no usable number", () => {
  let tenant: Tenant;
  let neighbour: Tenant;
  beforeAll(async () => {
    [tenant, neighbour] = [new Tenant(field), new Tenant(field)];
    await tenant.values("sound", { fine: 0.1 });
    // Last by name and with the least value: whatever counted of the others would win.
    await tenant.cluster("zz-good", { metrics: { fine: 1 } });
    await neighbour.cluster("plain");
    const adding = Promise.all(Object.keys(cases).map((name) => addBad(tenant, name)));
    await waitFor("the one that hangs is asked", () => source.asked.has("hang"));
    // While one is waited for, and all the others are looked at.
    await Promise.all([tenant.app("meanwhile"), neighbour.app("meanwhile")]);
    expect(await placementMs(tenant, "meanwhile")).toBeLessThan(4_000);
    expect(await placementMs(neighbour, "meanwhile")).toBeLessThan(4_000);
    await tenant.untilRuns("meanwhile", "zz-good");
    await adding;
  });

  it.each(Object.keys(cases))("(%s) is told at the metric and at its cluster", async (name) => {
    const [code, message] = cases[name]!;
    let seen: Json;
    const value = await waitFor(
      `the value of ${name}`,
      async () => {
        seen = await tenant.metricValue(name);
        return seen.problem?.code === code && message.test(seen.problem.message) && seen;
      },
      { seen: () => seen },
    );
    expect(value.score).toBeNull();
    if (["high", "low", "influx--late"].includes(name)) expect(value.value).not.toBeNull();
    else expect(value.value).toBeNull();
    const { status } = await tenant.untilCluster(name, "FAILING_METRICS");
    expect(status.metrics_reasons[name].code).toBe(code);
    expect(status.metrics_reasons[name].message).toMatch(message);
    const condition = status.conditions.find(({ type }: Json) => type === "MetricsAvailable");
    expect(condition).toMatchObject({ status: "False", reason: code });
    expect(condition.message).toMatch(message);
  });

  it("is in no decision: a new application goes past all of them, and its explanation says why", async () => {
    await tenant.app("after");
    expect(await placementMs(tenant, "after")).toBeLessThan(4_000);
    await tenant.untilRuns("after", "zz-good");
    const path = `${tenant.path("applications", "after")}/explanation`;
    const { decision } = await tenant.rest.ok("GET", path);
    expect(decision).toMatchObject({ candidates_fitting: 1, chosen: { name: "zz-good" } });
    for (const [name, [, message]] of Object.entries(cases)) {
      const row = decision.candidates.find(({ cluster }: Json) => cluster.name === name);
      expect(row).toMatchObject({ fits: false, score: null, parts: [] });
      const verdict = row.verdicts.find(({ fits }: Json) => !fits);
      expect(verdict.message).toMatch(/^the cluster is FAILING_METRICS: /);
      expect(verdict.message).toMatch(message);
    }
  });

  it("is asked for nothing but its own address", () => {
    expect(source.asked.get("redirect")).toBeGreaterThan(0);
    expect([...elsewhere.asked]).toEqual([]);
  });

  it("holds up nobody while it is asked for the first time, in its own namespace neither", async () => {
    const own = new Tenant(field);
    await own.cluster("plain", { labels: { open: "yes" } });
    await own.provider("silent", { type: "prometheus", prometheus: { url: `${source.url}/hang` } });
    const before = source.asked.get("hang") ?? 0;
    await own.metric("silent", "silent");
    await waitFor("it is asked", () => (source.asked.get("hang") ?? 0) > before);
    const sim = field.sim.addCluster({ name: `${own.namespace}-silent`, readyDelayMs: 5 });
    await own.rest.ok("POST", own.path("clusters"), {
      metadata: { name: "a-silent" },
      spec: {
        kubeconfig: sim.kubeconfig,
        metrics: [{ name: "silent", weight: 1, namespaced: true }],
      },
    });
    await own.untilCluster("a-silent", "ONLINE");
    await own.app("impatient");
    expect(await placementMs(own, "impatient")).toBeLessThan(4_000);
    await own.untilRuns("impatient", "plain");
    // Nothing is said of it before there is something to say.
    const { status } = await own.rest.ok("GET", own.path("clusters", "a-silent"));
    expect(status.metrics_reasons).toEqual({});
  });

  it("moves nothing that runs on its cluster, and counts again when it is sound", async () => {
    await tenant.values("turning", { turns: 0.9 });
    await tenant.cluster("turning", { metrics: { turns: 1 } });
    await tenant.app("stays");
    const placed = await tenant.untilRuns("stays", "turning");
    await tenant.setValues("turning", { turns: 7 });
    const { status } = await tenant.untilCluster("turning", "FAILING_METRICS");
    expect(status.metrics_reasons.turns.message).toBe(
      "the value 7 of turns is not between 0 and 1",
    );
    await tenant.app("goes-past");
    await tenant.untilRuns("goes-past", "zz-good");
    expect(await tenant.untilRuns("stays", "turning")).toBe(placed);
    await tenant.setValues("turning", { turns: 0.95 });
    await tenant.untilCluster("turning", "ONLINE");
  });
});
