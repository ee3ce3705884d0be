import { createServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openField, peek, type Field } from "./field.ts";
import { echo } from "./manifests.ts";
import { Tenant } from "./tenant.ts";

/**
 * Krake's thirteen acceptance scenarios of scheduling, as its clients would act them out. Of those that had a test before,
 * this file has only what was missing:
 *
 *      1  here, and rok.test.ts (the same by the command line)
 *      2  here
 *      3  here, and kinds/constraints.test.ts (every spelling by itself)
 *      4  here, and conformance/scheduler.test.ts ("of the namespace are found there …")
 *      5  here, and conformance/scheduler.test.ts ("decide between clusters …")
 *      6  here, and placement/decide.prop.test.ts ("prefers any cluster with metrics …")
 *      7  suite.ts, run by simulated.test.ts ("places by label against the better score …")
 *      8  here, and kinds/metric-constraint.test.ts (every spelling by itself)
 *   9-11  here, and conformance/scheduler.test.ts, prometheus.test.ts (what happens to those that run)
 *     12  here, and conformance/scheduler.test.ts ("that fits nowhere says so in Krake's words …")
 *     13  here, and conformance/scheduler.test.ts ("is placed on clusters of its own namespace only")
 *
 * The nine of migration are in test/long/krake-migration.test.ts.
 */

let field: Field;
let deadUrl: string;
beforeAll(async () => {
  [field, deadUrl] = await Promise.all([openField(), urlOfNobody()]);
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

/** An address on this machine where nobody listens any more. */
async function urlOfNobody(): Promise<string> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return `http://127.0.0.1:${port}`;
}

const prometheus = (url: string): object => ({ type: "prometheus", prometheus: { url } });

describe.concurrent("scheduling, scenario", () => {
  it("1: an application runs on the only cluster, and both can be deleted", async () => {
    const tenant = new Tenant(field);
    const only = await tenant.cluster("only");
    await tenant.app("echo-demo", {}, { manifest: echo("echo-demo") });
    await tenant.untilRuns("echo-demo", "only");
    expect(peek(only, "Deployment", "echo-demo").status.availableReplicas).toBe(1);
    await tenant.remove("applications", "echo-demo");
    expect(peek(only, "Deployment", "echo-demo")).toBeUndefined();
    expect(peek(only, "Service", "echo-demo")).toBeUndefined();
    await tenant.remove("clusters", "only");
  });

  it("2: objects of another Kubernetes namespace are made there, and nothing of them is left", async () => {
    const tenant = new Tenant(field);
    const only = await tenant.cluster("only");
    const placed = echo("echo-demo").map((object) => ({
      ...object,
      metadata: { ...object.metadata, namespace: "secondary" },
    }));
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "secondary" } };
    await tenant.app("echo-demo", {}, { manifest: [namespace, ...placed] });
    await tenant.untilRuns("echo-demo", "only");
    expect(peek(only, "Deployment", "echo-demo", "secondary")).toBeDefined();
    expect(peek(only, "Deployment", "echo-demo")).toBeUndefined();
    await tenant.remove("applications", "echo-demo");
    const { items } = await tenant.rest.ok("GET", tenant.path("applications"));
    expect(items).toEqual([]);
    const left = only.objects().filter(({ metadata }) => metadata.namespace === "secondary");
    expect(left).toEqual([]);
  });

  it("3: every spelling of a label constraint finds its cluster", async () => {
    const tenant = new Tenant(field);
    await Promise.all([
      tenant.cluster("german", { labels: { location: "DE" } }),
      tenant.cluster("italian", { labels: { location: "IT" } }),
    ]);
    const spellings: readonly (readonly [string, string])[] = [
      ["location is DE", "german"],
      ["location=DE", "german"],
      ["location = DE", "german"],
      ["location == DE", "german"],
      ["location in (DE,)", "german"],
      ["location is not DE", "italian"],
      ["location != DE", "italian"],
      ["location not in (DE,)", "italian"],
    ];
    for (const [index, [label]] of spellings.entries()) {
      await tenant.app(`app-${index}`, { labels: [label] });
    }
    for (const [index, [, cluster]] of spellings.entries()) {
      await tenant.untilRuns(`app-${index}`, cluster);
    }
  });

  it("4: global and namespaced metrics count by the weights of the clusters, also after they are swapped", async () => {
    const tenant = new Tenant(field);
    const [shared, own] = [`shared-${tenant.namespace}`, "own"];
    await tenant.values(`global-${tenant.namespace}`, { [shared]: 0.9 }, "global");
    await tenant.values("local", { [own]: 0.1 });
    await tenant.cluster("one", { globalMetrics: { [shared]: 10 }, metrics: { [own]: 1 } });
    await tenant.cluster("two", { globalMetrics: { [shared]: 1 }, metrics: { [own]: 10 } });
    await tenant.app("before");
    await tenant.untilRuns("before", "one");
    await tenant.setValues(`global-${tenant.namespace}`, { [shared]: 0.1 }, "global");
    await tenant.setValues("local", { [own]: 0.9 });
    await tenant.untilRuns("before", "two");
    await tenant.app("after");
    await tenant.untilRuns("after", "two");
  });

  it("5: of three clusters the one with the highest score is chosen, whatever the values are", async () => {
    const rounds = [
      { weights: [1, 2, 3], values: [0.31, 0.87, 0.12] },
      { weights: [5, 1, 1], values: [0.74, 0.29, 0.66] },
      { weights: [2, 9, 4], values: [0.05, 0.44, 0.45] },
    ];
    for (const { weights, values } of rounds) {
      const tenant = new Tenant(field);
      const names = ["x", "y", "z"].map((letter) => `${letter}-${tenant.namespace}`);
      const byName = Object.fromEntries(names.map((name, index) => [name, values[index]!]));
      await tenant.values(`global-${tenant.namespace}`, byName, "global");
      // Each cluster weighs the same three metrics in another order.
      const scores = await Promise.all(
        [0, 1, 2].map(async (shift) => {
          const mine = names.map((_, index) => weights[(index + shift) % 3]!);
          const globalMetrics = Object.fromEntries(names.map((name, at) => [name, mine[at]!]));
          await tenant.cluster(`c${shift}`, { globalMetrics });
          const sum = mine.reduce((total, weight, at) => total + weight * values[at]!, 0);
          return sum / mine.reduce((total, weight) => total + weight, 0);
        }),
      );
      await tenant.app("app");
      await tenant.untilRuns("app", `c${scores.indexOf(Math.max(...scores))}`);
    }
  });

  it.each(["namespaced", "global"] as const)(
    "6: a cluster with a metric comes before those without (%s)",
    async (scope) => {
      const tenant = new Tenant(field);
      const metric = `m-${tenant.namespace}`;
      await tenant.values(`p-${tenant.namespace}`, { [metric]: 0.01 }, scope);
      const wish = { [metric]: 1 };
      await tenant.cluster("a-without");
      await tenant.cluster(
        "b-with",
        scope === "global" ? { globalMetrics: wish } : { metrics: wish },
      );
      await tenant.cluster("c-without");
      await tenant.app("app");
      await tenant.untilRuns("app", "b-with");
    },
  );

  it("8: every spelling of a metric constraint finds its cluster", async () => {
    const tenant = new Tenant(field);
    await tenant.provider("p", { type: "static", static: { metrics: { five: 5, six: 6 } } });
    const range = (metric: string) => ({ metric, min: 0, max: 10 });
    // The same name with another value on each cluster: a metric of the namespace, and a global one.
    await tenant.metric("load", "p", "namespaced", range("five"));
    await tenant.provider(
      `p-${tenant.namespace}`,
      { type: "static", static: { metrics: { six: 6 } } },
      "global",
    );
    await tenant.metric("load", `p-${tenant.namespace}`, "global", range("six"));
    await tenant.cluster("five", { metrics: { load: 1 } });
    await tenant.cluster("six", { globalMetrics: { load: 1 } });
    const spellings: readonly (readonly [string, string])[] = [
      ["load=5", "five"],
      ["load == 5", "five"],
      ["load is 5", "five"],
      ["load!=5", "six"],
      ["load is not 5", "six"],
    ];
    for (const [index, [text]] of spellings.entries()) {
      await tenant.app(`app-${index}`, { metrics: [text] });
    }
    for (const [index, [, cluster]] of spellings.entries()) {
      await tenant.untilRuns(`app-${index}`, cluster);
    }
    await tenant.rest.ok("DELETE", "/core/globalmetrics/load");
  });

  it("9: with one provider out of reach, the cluster of the other one is chosen", async () => {
    const tenant = new Tenant(field);
    await tenant.values("reachable", { good: 0.2 });
    await tenant.provider("unreachable", prometheus(deadUrl));
    await tenant.metric("bad", "unreachable");
    await tenant.cluster("a", { metrics: { bad: 1 } }, "FAILING_METRICS");
    await tenant.cluster("b", { metrics: { good: 1 } });
    await tenant.app("app");
    await tenant.untilRuns("app", "b");
    const failing = (await tenant.untilCluster("a", "FAILING_METRICS")).status;
    expect(failing.metrics_reasons).toEqual({
      bad: {
        code: "UNREACHABLE_METRICS_PROVIDER",
        message: expect.stringContaining("unreachable: ") as string,
      },
    });
    const well = (await tenant.untilCluster("b", "ONLINE")).status;
    expect([well.reason, well.metrics_reasons]).toEqual([null, {}]);
  });

  it("10: with all providers out of reach, a cluster that needs none is chosen", async () => {
    const tenant = new Tenant(field);
    await tenant.provider("unreachable", prometheus(deadUrl));
    await tenant.metric("bad", "unreachable");
    const labels = { tier: "gold" };
    await tenant.cluster("a", { labels, metrics: { bad: 1 } }, "FAILING_METRICS");
    await tenant.cluster("b", { labels });
    await tenant.app("app", { labels: ["tier is gold"] });
    await tenant.untilRuns("app", "b");
    const { status } = await tenant.untilCluster("a", "FAILING_METRICS");
    expect(status.metrics_reasons.bad.code).toBe("UNREACHABLE_METRICS_PROVIDER");
    const well = (await tenant.untilCluster("b", "ONLINE")).status;
    expect([well.reason, well.metrics_reasons]).toEqual([null, {}]);
  });

  it("11: a metric that does not exist is told at its cluster, and the application fails", async () => {
    const tenant = new Tenant(field);
    await tenant.cluster("only", { metrics: { nowhere: 1 } }, "FAILING_METRICS");
    await tenant.app("app", {}, { backoff_limit: 1 });
    const { status } = await tenant.untilFails("app", "NO_SUITABLE_RESOURCE");
    expect(status).toMatchObject({ state: "FAILED", scheduled_to: null });
    const cluster = (await tenant.untilCluster("only", "FAILING_METRICS")).status;
    expect(cluster.metrics_reasons).toEqual({
      nowhere: { code: "UNKNOWN_METRIC", message: "Metric nowhere does not exist" },
    });
  });

  it("12: a cluster that is offline gets nothing, and the application says why", async () => {
    const tenant = new Tenant(field);
    await tenant.cluster("only", { isReachable: false }, "OFFLINE");
    await tenant.app("app", {}, { backoff_limit: 1 });
    const { status } = await tenant.untilFails("app", "NO_SUITABLE_RESOURCE");
    expect(status).toMatchObject({ state: "FAILED", scheduled_to: null, running_on: null });
  });

  it("13: an application is not placed on a cluster of another namespace", async () => {
    const [mine, theirs] = [new Tenant(field), new Tenant(field)];
    await theirs.cluster("free");
    await mine.app("app");
    const { status } = await mine.untilFails("app", "NO_SUITABLE_RESOURCE");
    expect(status).toMatchObject({ state: "DEGRADED", scheduled_to: null });
    // It does not have to be told when there is one of its own.
    await mine.cluster("free");
    await mine.untilRuns("app", "free");
  });
});
