import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metricValueKey } from "@octoplane/resources/keys";
import { openConstellation, type Constellation } from "../constellation.ts";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { configMap } from "../e2e/manifests.ts";
import { runRok, serverVariables } from "../e2e/rok-run.ts";
import { ScriptedSources } from "../e2e/scripted-sources.ts";
import { openSimulatedSites, type Sites } from "../e2e/site.ts";

const metrics = "/core/namespaces/system:admin/metrics";
const providers = "/core/namespaces/system:admin/metricsproviders";
const clusters = "/kubernetes/namespaces/system:admin/clusters";
const applications = "/kubernetes/namespaces/system:admin/applications";

describe("current values of metrics", () => {
  let sources: ScriptedSources;
  let sites: Sites;
  let octoplane: Constellation;
  beforeAll(async () => {
    [sources, sites] = await Promise.all([ScriptedSources.open(), openSimulatedSites()]);
    octoplane = await openConstellation();
    for (const [name, value] of Object.entries({ price: 0.25, load: 7 })) {
      sources.values.set(name, value);
    }
  });
  afterAll(async () => {
    await octoplane?.[Symbol.asyncDispose]();
    await sites?.[Symbol.asyncDispose]();
    await sources?.[Symbol.asyncDispose]();
  });

  const addProvider = async (name: string, type: string, block: object): Promise<void> => {
    const spec = { type, [type]: block };
    await octoplane.rest.ok("POST", providers, { metadata: { name }, spec });
  };
  const addMetric = async (name: string, provider: string, more: object = {}): Promise<void> => {
    const { metric = name, ...rest } = more as { readonly metric?: string };
    const spec = { min: 0, max: 10, provider: { name: provider, metric }, ...rest };
    await octoplane.rest.ok("POST", metrics, { metadata: { name }, spec });
  };
  const untilValue = async (name: string, isSo: (value: Json) => boolean): Promise<Json> => {
    let last: Json;
    return await waitFor(
      `the value of ${name}`,
      async () => {
        last = await octoplane.rest.ok("GET", `${metrics}/${name}/value`);
        return isSo(last) && last;
      },
      { seen: () => last },
    );
  };
  const rok = async (line: string): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), "octoplane-values-"));
    const { address, adminToken: token } = octoplane;
    const variables = serverVariables({ address, token });
    const { status, out, err } = await runRok(line, { folder, variables });
    await rm(folder, { recursive: true });
    expect(err).toBe("");
    expect(status).toBe(0);
    return out;
  };

  it("come from InfluxDB, ksqlDB and a JSON document, one request for all of a provider's", async () => {
    const login = { username: "ksql", password: "ksql-77" };
    const table = { table: "METRICS", comparison_column: "NAME", value_column: "VALUE" };
    const { url } = sources;
    await addProvider("influx", "influx", { url, token: "influx-77", org: "org", bucket: "b" });
    await addProvider("kafka", "kafka", { url, ...table, basic_auth: login });
    await addProvider("http", "http", { url: `${url}/doc?a=b`, headers: { "x-key": "http-77" } });
    for (const type of ["influx", "kafka", "http"]) {
      const at = (name: string): string => (type === "http" ? `$.values.${name}` : name);
      await addMetric(`${type}-price`, type, { metric: at("price"), max: 1 });
      await addMetric(`${type}-load`, type, { metric: at("load"), direction: "lower" });
    }
    for (const type of ["influx", "kafka", "http"]) {
      const price = await untilValue(`${type}-price`, ({ value }) => value === 0.25);
      expect(price).toMatchObject({
        api: "core",
        kind: "MetricValue",
        metadata: { name: `${type}-price`, namespace: "system:admin" },
        score: 0.25,
        problem: null,
        source: { provider: type, type },
        health: { state: "healthy", message: "" },
        history: [{ value: 0.25 }],
      });
      expect(price.age).toBeLessThan(60);
      expect(await untilValue(`${type}-load`, ({ value }) => value === 7)).toMatchObject({
        score: expect.closeTo(0.3, 5),
      });
    }
    for (const path of ["/api/v2/query", "/query"]) {
      expect(sources.asked.get(path)).toMatch(/load.*price/);
    }
    sources.values.set("price", 0.5);
    sources.values.set("load", 70);
    const price = await untilValue("influx-price", ({ value }) => value === 0.5);
    expect(price.history.map((sample: Json) => sample.value)).toEqual([0.5, 0.25]);
    const load = await untilValue("kafka-load", ({ value }) => value === 70);
    expect(load).toMatchObject({
      score: null,
      problem: {
        code: "INVALID_METRIC",
        message: "the value 70 of kafka-load is not between 0 and 10",
      },
    });
    for (const name of ["influx", "kafka", "http"]) {
      const body = JSON.stringify(await octoplane.rest.ok("GET", `${providers}/${name}`));
      expect(body).not.toMatch(/(?:ksql|influx|http)-77/);
    }
  });

  it("are in the tables of rok, with their age", async () => {
    const list = await rok("core metric list");
    expect(list).toMatch(/value +value_age/);
    expect(list).toMatch(/^http-price .* 0\.5 +\d+s$/m);
    const one = await rok("core metric get kafka-load");
    expect(one).toMatch(/^value +70$/m);
    expect(one).toMatch(/^problem +the value 70 of kafka-load is not between 0 and 10$/m);
    expect(one).toMatch(/^provider_health +healthy$/m);
    const json = JSON.parse(await rok("core metric get kafka-load -o json"));
    expect(Object.keys(json)).toEqual(["api", "kind", "metadata", "spec"]);
  });

  it("of a provider that is silent are kept, neutral, or exclude the clusters that name them", async () => {
    const [berlin, oslo] = sites.sites;
    sources.values.set("load", 7);
    const stale = { metric: "$.values.load", max_age: 0.5 };
    await addMetric("kept", "http", { ...stale, when_stale: "keep" });
    await addMetric("middle", "http", { ...stale, when_stale: "neutral" });
    await addMetric("strict", "http", stale);
    for (const name of ["kept", "middle", "strict"]) {
      await untilValue(name, ({ value, problem }) => value === 7 && problem === null);
    }
    const add = async (site: typeof berlin, names: readonly string[]): Promise<void> => {
      const refs = names.map((name) => ({ name, weight: 1, namespaced: true }));
      const spec = { kubeconfig: site.kubeconfig, metrics: refs };
      await octoplane.rest.ok("POST", clusters, { metadata: { name: site.name }, spec });
    };
    await add(berlin, ["kept", "middle"]);
    await add(oslo, ["strict"]);
    sources.isDown = true;
    expect(await untilValue("strict", ({ problem }) => problem !== null)).toMatchObject({
      value: 7,
      score: null,
      problem: { code: "UNREACHABLE_METRICS_PROVIDER" },
      health: { state: "failing" },
    });
    expect(await untilValue("middle", ({ score }) => score === 0.5)).toMatchObject({ value: 7 });
    expect(await untilValue("kept", ({ health }) => health.state === "failing")).toMatchObject({
      score: 0.7,
      problem: null,
    });
    const stateOf = async (name: string): Promise<string> =>
      (await octoplane.rest.ok("GET", `${clusters}/${name}`)).status.state;
    await waitFor("oslo is out", async () => (await stateOf("oslo")) === "FAILING_METRICS");
    await waitFor("berlin is in", async () => (await stateOf("berlin")) === "ONLINE");
    sources.isDown = false;
    await waitFor("oslo is back", async () => (await stateOf("oslo")) === "ONLINE");
  });

  it("of the clusters themselves differ from one to the other, and choose between them", async () => {
    const { rest } = octoplane;
    await addProvider("own", "cluster", {});
    await addMetric("room", "own", { metric: "pods", max: 1_000 });
    await addMetric("odd", "own", { metric: "moons" });
    for (const { name } of sites.sites) {
      await rest.change(`${clusters}/${name}`, (body) => {
        body.spec.metrics = [{ name: "room", weight: 1, namespaced: true }];
      });
    }
    const value = await untilValue("room", ({ clusters: found }) => found?.length === 2);
    expect(value).toMatchObject({ value: null, source: { type: "cluster", metric: "pods" } });
    for (const { name, value: pods } of value.clusters) {
      const { status } = await rest.ok("GET", `${clusters}/${name}`);
      expect(pods).toBe(status.capacity.pods);
    }
    expect(await rok("core metric get room")).toMatch(/^value +(berlin|oslo): \d+$/m);
    await rest.ok("POST", applications, {
      metadata: { name: "roomy" },
      spec: { manifest: [configMap("roomy", { a: "1" })] },
    });
    const decision = await waitFor("a decision", async () => {
      const { items } = await rest.ok("GET", `${applications}/roomy/decisions`);
      return items.find(({ chosen }: Json) => chosen !== null);
    });
    for (const candidate of decision.candidates) {
      const { raw } = candidate.parts.find(({ name }: Json) => name === "room");
      const mine = value.clusters.find(({ name }: Json) => name === candidate.cluster.name);
      expect(raw).toBe(mine.value);
    }
    const { kubeconfig } = sites.sites[1];
    const spec = { kubeconfig, metrics: [{ name: "room", weight: 1, namespaced: true }] };
    await rest.ok("POST", clusters, { metadata: { name: "fresh" }, spec });
    const isOnline = async (): Promise<boolean> =>
      (await rest.ok("GET", `${clusters}/fresh`)).status.state === "ONLINE";
    await waitFor("fresh is in", isOnline);
    // What was not known before the first probe is no failure.
    const events = JSON.stringify(await rest.ok("GET", `${clusters}/fresh/events`));
    expect(events).not.toContain("UNREACHABLE_METRICS_PROVIDER");
    await rest.change(`${clusters}/oslo`, (body) => {
      body.spec.metrics = [{ name: "odd", weight: 1, namespaced: true }];
    });
    await waitFor("the unknown measure is told", async () => {
      const { status } = await rest.ok("GET", `${clusters}/oslo`);
      return /clusters have no moons; there is cpu_cores/.test(
        status.metrics_reasons["odd"]?.message ?? "",
      );
    });
  });

  it("go with their metric, and are for those who may read it", async () => {
    const { rest, store, address } = octoplane;
    const { metadata } = await rest.ok("GET", `${metrics}/http-price`);
    expect(await store.get(metricValueKey(metadata.uid))).toBeDefined();
    await rest.ok("DELETE", `${metrics}/http-price`);
    await waitFor("the record is gone", async () => {
      return (await store.get(metricValueKey(metadata.uid))) === undefined;
    });
    expect((await rest.call("GET", `${metrics}/http-price/value`)).status).toBe(404);
    const anybody = await fetch(`${address}${metrics}/http-load/value`);
    expect(anybody.status).toBe(401);
  });

  it("that nobody has fetched are none", async () => {
    await addMetric("lost", "nobody");
    const value = await untilValue("lost", ({ problem }) => problem !== null);
    expect(value).toMatchObject({
      value: null,
      time: null,
      age: null,
      problem: { code: "UNKNOWN_METRICS_PROVIDER" },
      health: { state: "unknown" },
      history: [],
    });
  });
});
