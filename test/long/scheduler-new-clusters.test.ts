import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "@octoplane/kinds/cluster";
import { boundByRequest } from "@octoplane/resources/binding";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CloudStage, tosca } from "../conformance/cloud-stage.ts";
import { namespace } from "../conformance/resources/bench.ts";
import { Stage } from "../conformance/scheduler-stage.ts";

/** One decision for an existing cluster or a new one, and what becomes of the clusters that are made. */

let stage: Stage;
let clouds: CloudStage;
let folder: string;
beforeEach(async () => {
  stage = await Stage.open();
  clouds = new CloudStage(stage);
  folder = mkdtempSync(join(tmpdir(), "octoplane-template-"));
  writeFileSync(join(folder, "cluster.yaml"), JSON.stringify(tosca));
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const weigh = (name: string) => ({ name, weight: 1, namespaced: false });
const auto = { auto_cluster_create: true };

function settings(more: object = {}): object {
  return {
    automatic_cluster_creation: { tosca_file: join(folder, "cluster.yaml"), ...more },
  };
}

describe("an application that may have a new cluster", () => {
  it("gets one on the best cloud when no cluster fits, waits for it, and goes there", async () => {
    await stage.values("site", { good: 0.9, bad: 0.2 });
    const labels = { location: "DE" };
    await clouds.cloud("bad", { labels, metrics: [weigh("bad")] });
    await clouds.globalCloud("good", { labels, metrics: [weigh("good")] });
    await clouds.cloud("oslo", { labels: { location: "NO" }, metrics: [weigh("good")] });
    await stage.schedule(settings());
    const constraints = { cluster: { labels: ["location is DE"], metrics: ["good > 0.1"] } };
    await stage.app("web", { ...auto, constraints });
    const waiting = await stage.untilApp(
      "web",
      "waits",
      ({ status }) => status.state === "WAITING_FOR_CLUSTER_CREATION",
    );
    const made = await clouds.untilMade();
    const { name } = made.metadata;
    expect(waiting.status).toMatchObject({
      reason: null,
      scheduled_to: null,
      auto_cluster_create_started: name,
      new_cluster: { name, cloud: { kind: "GlobalCloud", name: "good" }, attempt: 1, ended: null },
    });
    expect(made).toMatchObject({
      metadata: { inherit_labels: true, labels: {} },
      spec: {
        tosca,
        inherit_metrics: true,
        auto_generated: true,
        constraints: { cloud: { labels: ["location is DE"], metrics: ["good > 0.1"] } },
      },
    });
    await clouds.untilBound(name, "good");
    const [decision] = await stage.decisions("web");
    expect(decision).toMatchObject({ outcome: "waits", chosen: null, margin: null });
    expect(decision?.candidates.map((row) => [row.kind, row.cluster.name, row.fits])).toEqual([
      ["GlobalCloud", "good", true],
      ["Cloud", "oslo", false],
      ["Cloud", "bad", false],
    ]);
    await stage.setReachable(name, "True");
    const { status } = await stage.untilOn("web", name);
    expect([status.auto_cluster_create_started, status.new_cluster]).toEqual([null, undefined]);
    expect(await clouds.made()).toHaveLength(1);
    expect((await stage.decisions("web")).map(({ outcome }) => outcome)).toEqual([
      "placed",
      "waits",
    ]);
  });

  it("is placed on a cluster that is there when the new one is not better by its start-up", async () => {
    await stage.values("site", { here: 0.8, there: 0.9 });
    await stage.cluster("a", { metrics: [weigh("here")] });
    await clouds.cloud("c", { metrics: [weigh("there")] });
    await stage.schedule(settings());
    await stage.app("web", auto);
    await stage.untilOn("web", "a");
    const [decision] = await stage.decisions("web");
    const row = decision?.candidates.find(({ kind }) => kind === "Cloud");
    expect(row).toMatchObject({ fits: true, score: expect.closeTo(0.75) });
    expect(row?.parts.at(-1)).toMatchObject({ name: "start-up", value: 0, raw: 600 });
    expect(await clouds.made()).toEqual([]);
  });

  it("gets a new one when that is better, its start-up counted", async () => {
    await stage.values("site", { here: 0.5, there: 0.9 });
    await stage.cluster("a", { metrics: [weigh("here")] });
    await clouds.cloud("c", { metrics: [weigh("there")] });
    await stage.schedule(settings());
    await stage.app("web", auto);
    const made = await clouds.untilMade();
    await stage.untilApp(
      "web",
      "waits",
      ({ status }) => status.state === "WAITING_FOR_CLUSTER_CREATION",
    );
    await stage.app("plain");
    await stage.untilOn("plain", "a");
    await stage.setReachable(made.metadata.name, "True");
    await stage.untilOn("web", made.metadata.name);
  });

  it("is told that there is no template, and uses what is there", async () => {
    await stage.values("site", { here: 0.1, there: 0.9 });
    await stage.cluster("a", { metrics: [weigh("here")] });
    await clouds.cloud("c", { metrics: [weigh("there")] });
    await stage.schedule();
    await stage.app("web", auto);
    await stage.untilOn("web", "a");
    const [decision] = await stage.decisions("web");
    const row = decision?.candidates.find(({ kind }) => kind === "Cloud");
    expect(row?.verdicts.find(({ fits }) => !fits)).toMatchObject({
      filter: "new_cluster",
      reason: "NoTemplate",
    });
  });
});

describe("a new cluster that does not come", () => {
  async function waitingFor(more: object = {}): Promise<string> {
    await stage.values("site", { here: 0.1, there: 0.9 });
    await stage.cluster("a", { metrics: [weigh("here")] });
    await clouds.cloud("c", { metrics: [weigh("there")] });
    await stage.schedule(settings(more));
    await stage.app("web", auto);
    await stage.untilApp("web", "waits", ({ status }) => status.new_cluster !== undefined);
    return (await clouds.untilMade()).metadata.name;
  }

  async function untilGivenUp(code: string): Promise<void> {
    const { status } = await stage.untilOn("web", "a");
    expect(status.auto_cluster_create_started).toBeNull();
    expect(status.new_cluster).toMatchObject({ reason: { code }, ended: expect.any(String) });
  }

  it("because it failed: the application is placed on what is there, and gets no other one soon", async () => {
    const name = await waitingFor();
    await clouds.condition(name, {
      type: "Provisioned",
      status: "False",
      reason: "CREATE_FAILED",
      message: "no quota",
    });
    await untilGivenUp("ClusterFailed");
    await stage.setReachable("a", "False");
    await stage.untilApp("web", "waits", ({ status }) => status.reason !== null);
    expect(await clouds.made()).toHaveLength(1);
  });

  it("because it was not ready in time", async () => {
    await waitingFor({ wait_seconds: 0.3 });
    await untilGivenUp("ClusterLate");
  });

  it("because it is deleted", async () => {
    const name = await waitingFor();
    await stage.clusters.remove({ namespace, name });
    await untilGivenUp("ClusterDeleted");
  });

  it("because nobody wants it any more", async () => {
    await waitingFor();
    await stage.change("Application", "web", (body) => (body.spec.auto_cluster_create = false));
    await untilGivenUp("NotWanted");
  });
});

it("two schedulers, and one that comes back, make one cluster", async () => {
  await clouds.cloud("c");
  await stage.schedule(settings());
  const another = await stage.another(settings());
  try {
    await stage.app("web", auto);
    const made = await clouds.untilMade();
    await stage.untilApp("web", "waits", ({ status }) => status.new_cluster !== undefined);
    await stage.stop();
    await stage.schedule(settings());
    await clouds.untilBound(made.metadata.name, "c");
    await stage.setReachable(made.metadata.name, "True");
    await stage.untilOn("web", made.metadata.name);
    expect(await clouds.made()).toHaveLength(1);
  } finally {
    await another[Symbol.asyncDispose]();
  }
});

it("no more than a few are made at once in a namespace", async () => {
  await clouds.cloud("c");
  await stage.schedule(settings());
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  for (const name of names) {
    await stage.app(name, auto);
    await stage.untilApp(name, "was decided on", ({ status }) => status.decisions > 0);
  }
  expect((await clouds.made()).length).toBeLessThan(names.length);
  for (const { metadata } of await clouds.made()) await stage.setReachable(metadata.name, "True");
  for (const name of names) {
    await stage.untilApp(name, "is placed", ({ status }) => status.scheduled_to !== null);
  }
});

it(
  "a cluster that was made for an application is deleted when nobody uses it any more, and no other is",
  { timeout: 30_000 },
  async () => {
    await clouds.cloud("c");
    await stage.cluster("own", { labels: { own: "yes" } });
    await stage.schedule(settings({ deletion_retention: 0.2 }));
    const elsewhere = { cluster: { labels: ["!own"] } };
    await stage.app("web", { ...auto, constraints: elsewhere });
    const { metadata } = await clouds.untilMade();
    await stage.setReachable(metadata.name, "True");
    await stage.untilOn("web", metadata.name);
    const ref = { namespace, name: metadata.name };
    await stage.apps.remove({ namespace, name: "web" }, { force: true });
    await stage.untilCluster(metadata.name, ({ status }) =>
      status.conditions.some(({ type }) => type === "Retiring"),
    );
    // Nothing comes there any more.
    await stage.app("late", { constraints: elsewhere });
    await stage.untilApp("late", "waits", ({ status }) => status.reason !== null);
    await stage.untilCluster(metadata.name, (cluster) => cluster.metadata.deleted !== null);
    expect((await stage.clusters.mustGet(ref)).metadata.deleted).not.toBeNull();
    expect((await stage.clusters.mustGet({ namespace, name: "own" })).metadata.deleted).toBeNull();
  },
);

it(
  "an unused cluster that somebody is bound to by hand in its last moment stays",
  { timeout: 30_000 },
  async () => {
    await clouds.cloud("c");
    await stage.schedule(settings({ deletion_retention: 0.1 }));
    await stage.app("web", auto);
    const { metadata } = await clouds.untilMade();
    await stage.untilApp("web", "waits", ({ status }) => status.new_cluster !== undefined);
    await stage.setReachable(metadata.name, "True");
    await stage.untilOn("web", metadata.name);
    await stage.apps.remove({ namespace, name: "web" }, { force: true });
    const has = (type: string) => (cluster: Cluster) =>
      cluster.status.conditions.some((condition) => condition.type === type);
    await stage.untilCluster(metadata.name, has("Retiring"));
    await stage.app("late", { constraints: { migration: false } });
    const ref = { namespace, name: "late" };
    const { uid } = (await stage.apps.mustGet(ref)).metadata;
    const place = { namespace, name: metadata.name };
    await stage.apps.updateStatus(ref, uid, (app) => ({
      status: boundByRequest(app, place, new Date().toISOString()),
    }));
    const kept = await stage.untilCluster(metadata.name, (cluster) => !has("Unused")(cluster));
    expect(kept.metadata.deleted).toBeNull();
    expect(has("Retiring")(kept)).toBe(false);
  },
);
