import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anyKind } from "@octoplane/kinds/kind";
import { GlobalMetricsProviderKind } from "@octoplane/kinds/metrics-provider";
import { readInput } from "@octoplane/kinds/read-input";
import { limits } from "@octoplane/shared/limits";
import { namespace } from "./resources/bench.ts";
import { Stage } from "./scheduler-stage.ts";

/** The scheduler against clusters that are what their status says: placement, moves, metrics. */

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage[Symbol.asyncDispose]());

function globally(...names: readonly string[]): readonly object[] {
  return names.map((name) => ({ name, weight: 1 }));
}

describe("an application", () => {
  it("that fits nowhere says so in Krake's words, and is placed by itself when a cluster appears", async () => {
    await stage.schedule();
    await stage.app("a", { constraints: { cluster: { labels: ["zone is x"] } } });
    await stage.cluster("wrong", { labels: { zone: "y" } });
    const waiting = await stage.untilApp("a", "waits", ({ status }) => status.reason !== null);
    expect(waiting.status).toMatchObject({
      state: "DEGRADED",
      reason: { code: "NO_SUITABLE_RESOURCE", message: "No matching Kubernetes cluster found" },
      scheduled_to: null,
    });
    await stage.cluster("right", { labels: { zone: "x" } });
    const placed = await stage.untilOn("a", "right");
    expect(placed.status).toMatchObject({ reason: null, scheduled_generation: 1 });
    expect(placed.metadata.owners).toEqual([
      { api: "kubernetes", kind: "Cluster", namespace, name: "right" },
    ]);
    const [newest, oldest] = await stage.decisions("a");
    expect(newest).toMatchObject({
      outcome: "placed",
      chosen: { name: "right" },
      candidates_fitting: 1,
    });
    expect(oldest?.outcome).toBe("unplaceable");
  });

  it("is placed on clusters of its own namespace only", async () => {
    await stage.schedule();
    await stage.cluster("elsewhere", { place: "other" });
    await stage.app("a");
    await stage.untilApp("a", "waits", ({ status }) => status.reason !== null);
    await stage.cluster("here");
    await stage.untilOn("a", "here");
    await stage.app("b", {}, "other");
    await stage.untilOn("b", "elsewhere", "other");
  });

  it("that was there before the scheduler is placed when it starts, and stays when it starts again", async () => {
    await stage.cluster("one");
    await stage.app("a");
    await stage.schedule();
    const placed = await stage.untilOn("a", "one");
    await stage.stop();
    await stage.cluster("another");
    await stage.schedule();
    await stage.app("b");
    await stage.untilApp("b", "placed", ({ status }) => status.scheduled_to !== null);
    expect(await stage.apps.get({ namespace, name: "a" })).toEqual(placed);
  });

  it("is handed over again when its specification changes, though it stays", async () => {
    await stage.schedule();
    await stage.cluster("one");
    await stage.app("a", { constraints: { migration: false } });
    const before = await stage.untilOn("a", "one");
    await stage.change("Application", "a", (body) => (body.spec.backoff = 2));
    const after = await stage.untilApp(
      "a",
      "handed over",
      ({ status }) => status.scheduled_generation === 2,
    );
    expect(after.status.scheduled).toBe(before.status.scheduled);
    expect(after.status.kube_controller_triggered! > before.status.kube_controller_triggered!).toBe(
      true,
    );
  });
});

describe("a placed application", () => {
  const twoZones = async (): Promise<void> => {
    await stage.schedule({ reschedule_after: 3_600 });
    await stage.cluster("x", { labels: { zone: "x" } });
    await stage.cluster("y", { labels: { zone: "y" } });
    await stage.app("a", { constraints: { cluster: { labels: ["zone is x"] } } });
    await stage.untilOn("a", "x");
  };

  it("moves at once when its constraints change, and when its cluster's labels do", async () => {
    await twoZones();
    await stage.change(
      "Application",
      "a",
      (body) => (body.spec.constraints.cluster.labels = ["zone is y"]),
    );
    await stage.untilOn("a", "y");
    await stage.change("Cluster", "x", (body) => (body.metadata.labels = { zone: "y" }));
    await stage.change("Cluster", "y", (body) => (body.metadata.labels = { zone: "z" }));
    await stage.untilOn("a", "x");
    const [newest] = await stage.decisions("a");
    expect(newest).toMatchObject({
      outcome: "moved",
      reason: { code: "CurrentNoLongerFits" },
      previous: { name: "y" },
    });
  });

  it("moves at once when its cluster goes offline or is deleted, and stays when nothing else fits", async () => {
    await stage.schedule({ reschedule_after: 3_600 });
    await stage.cluster("x");
    await stage.app("a");
    await stage.untilOn("a", "x");
    await stage.setReachable("x", "False");
    const stuck = await stage.untilApp(
      "a",
      "stuck",
      ({ status }) => status.reason?.code === "NO_SUITABLE_RESOURCE",
    );
    expect(stuck.status.scheduled_to?.name).toBe("x");
    await stage.setReachable("x", "True");
    await stage.untilApp("a", "well", ({ status }) => status.reason === null);
    await stage.cluster("y");
    await stage.setReachable("x", "False");
    await stage.untilOn("a", "y");
    await stage.setReachable("x", "True");
    await stage.clusters.remove({ namespace, name: "y" });
    await stage.untilOn("a", "x");
  });

  it("stays where it is when migration is off, until it is switched on", async () => {
    await twoZones();
    await stage.change("Application", "a", (body) => {
      body.spec.constraints = { cluster: { labels: ["zone is y"] }, migration: false };
    });
    await stage.untilApp("a", "handed over", ({ status }) => status.scheduled_generation === 2);
    expect((await stage.decisions("a"))[0]).toMatchObject({
      outcome: "stayed",
      chosen: { name: "x" },
      reason: { code: "MigrationDisabled" },
    });
    await stage.change("Application", "a", (body) => (body.spec.constraints.migration = true));
    await stage.untilOn("a", "y");
  });

  it("keeps a bounded number of decisions, the newest first", async () => {
    await twoZones();
    const total = limits.decisionsMax + 5;
    for (let index = 2; index <= total; index += 1) {
      await stage.change("Application", "a", (body) => (body.spec.backoff = index));
      await stage.untilApp("a", "decided", ({ status }) => status.scheduled_generation === index);
    }
    const decisions = await stage.decisions("a");
    expect(decisions.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: limits.decisionsMax }, (_, index) => total - index),
    );
  });
});

describe("metrics", () => {
  const twoSites = async (config: object, spec: object = {}): Promise<void> => {
    await stage.schedule(config);
    await stage.values("p", { east: 0.9, west: 0.1 });
    await stage.cluster("east", { metrics: globally("east") });
    await stage.cluster("west", { metrics: globally("west") });
    await stage.app("a", spec);
    await stage.untilOn("a", "east");
  };

  it("decide between clusters, and move an application once the interval has passed, not before", async () => {
    await twoSites({ reschedule_after: 0.6 });
    await stage.values("p", { east: 0.1, west: 0.9 });
    const moved = await stage.untilOn("a", "west");
    await stage.values("p", { east: 0.9, west: 0.1 });
    const back = await stage.untilOn("a", "east");
    const gap = Date.parse(back.status.scheduled!) - Date.parse(moved.status.scheduled!);
    expect(gap).toBeGreaterThanOrEqual(600);
    const [newest] = await stage.decisions("a");
    expect(newest).toMatchObject({
      outcome: "moved",
      chosen: { name: "east" },
      runner_up: { name: "west" },
    });
    const east = newest?.candidates.find(({ cluster }) => cluster.name === "east");
    expect(east?.parts).toMatchObject([
      { name: "east", raw: 0.9, value: 0.9, weight: 1, provider: "p" },
    ]);
  });

  it("move an application by its own interval, when it has one", async () => {
    await twoSites({ reschedule_after: 3_600 }, { reschedule_after: 0.1 });
    await stage.app("slow");
    await stage.untilOn("slow", "east");
    await stage.values("p", { east: 0.1, west: 0.9 });
    await stage.untilOn("a", "west");
    await stage.app("new");
    await stage.untilOn("new", "west");
    expect((await stage.apps.mustGet({ namespace, name: "slow" })).status.scheduled_to?.name).toBe(
      "east",
    );
  });

  it("that differ by less than the stickiness move nothing", async () => {
    await twoSites({ reschedule_after: 0, stickiness: 10 });
    await stage.values("p", { east: 0.4, west: 0.6 });
    await stage.app("new");
    await stage.untilOn("new", "west");
    expect((await stage.apps.mustGet({ namespace, name: "a" })).status.scheduled_to?.name).toBe(
      "east",
    );
  });

  it("that cannot be read keep new applications away, drive none away, and are told at the cluster", async () => {
    await twoSites({ reschedule_after: 0 });
    await stage.change("Cluster", "east", (body) => (body.spec.metrics = globally("missing")));
    const failing = await stage.untilCluster(
      "east",
      ({ status }) => status.state === "FAILING_METRICS",
    );
    expect(failing.status.metrics_reasons).toEqual({
      missing: { code: "UNKNOWN_METRIC", message: "GlobalMetric missing does not exist" },
    });
    await stage.app("new");
    await stage.untilOn("new", "west");
    expect((await stage.apps.mustGet({ namespace, name: "a" })).status.scheduled_to?.name).toBe(
      "east",
    );
    await stage.metric("missing", "nobody");
    await stage.untilCluster(
      "east",
      ({ status }) => status.reason?.code === "UNKNOWN_METRICS_PROVIDER",
    );
    await stage.values("nobody", { missing: 0.5 });
    const well = await stage.untilCluster("east", ({ status }) => status.state === "ONLINE");
    expect(well.status.metrics_reasons).toEqual({});
  });

  it("of the namespace are found there, and do not mix with global ones of the same name", async () => {
    await stage.schedule();
    await stage.values("p", { load: 0.1 });
    await stage.values("p", { load: 0.9 }, false);
    await stage.cluster("global", { metrics: [{ name: "load", weight: 1 }] });
    await stage.cluster("own", { metrics: [{ name: "load", weight: 1, namespaced: true }] });
    await stage.app("a");
    await stage.untilOn("a", "own");
  });

  it("may be a constraint, also where clusters have none", async () => {
    await stage.schedule();
    await stage.values("p", { east: 0.9, west: 0.1 });
    await stage.cluster("plain");
    await stage.cluster("west", { metrics: [{ name: "west", weight: 1 }] });
    await stage.app("a", { constraints: { cluster: { metrics: ["west >= 0.5"] } } });
    await stage.untilApp("a", "waits", ({ status }) => status.reason !== null);
    await stage.values("p", { east: 0.9, west: 0.5 });
    await stage.untilOn("a", "west");
  });

  describe("of Prometheus", () => {
    let server: Server;
    let url: string;
    let asked: string[];
    let values: Map<string, string | undefined>;
    beforeEach(async () => {
      asked = [];
      values = new Map();
      server = createServer((request, response) => {
        const query = new URL(request.url!, "http://x").searchParams.get("query")!;
        asked.push(query);
        const value = values.get(query);
        if (value === undefined) return void response.destroy();
        const result = [{ metric: {}, value: [0, value] }];
        response.end(JSON.stringify({ status: "success", data: { resultType: "vector", result } }));
      });
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const kind = anyKind(GlobalMetricsProviderKind);
      const spec = { type: "prometheus", prometheus: { url } };
      await stage.bench.resources
        .of(kind)
        .create(readInput(kind, { metadata: { name: "prom" }, spec }));
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    it("are fetched per provider and interval, never per application", async () => {
      values.set("east", "0.9").set("west", "0.1");
      await stage.schedule({ metrics: { interval: 3_600 } });
      await stage.metric("east", "prom");
      await stage.metric("west", "prom");
      await stage.cluster("east", { metrics: globally("east", "west") });
      await stage.cluster("west", { metrics: globally("west") });
      for (let index = 0; index < 50; index += 1) await stage.app(`a${index}`);
      for (let index = 0; index < 50; index += 1) await stage.untilOn(`a${index}`, "east");
      // Once for each metric as it appeared, and again for the first when the second came.
      expect(asked.length).toBeLessThanOrEqual(4);
    });

    it("that do not answer make their clusters FAILING_METRICS, and an application goes elsewhere", async () => {
      values.set("ok", "0.5");
      await stage.schedule();
      await stage.metric("ok", "prom");
      await stage.metric("dead", "prom");
      await stage.cluster("dead", { metrics: globally("dead") });
      await stage.cluster("good", { metrics: globally("ok") });
      await stage.app("a");
      await stage.untilOn("a", "good");
      const failing = await stage.untilCluster(
        "dead",
        ({ status }) => status.state === "FAILING_METRICS",
      );
      expect(failing.status.reason?.code).toBe("UNREACHABLE_METRICS_PROVIDER");
      values.set("dead", "NaN");
      await stage.untilCluster("dead", ({ status }) => status.reason?.code === "INVALID_METRIC");
      values.set("dead", "0.9");
      await stage.untilCluster("dead", ({ status }) => status.state === "ONLINE");
      await stage.untilOn("a", "dead");
    });
  });
});
