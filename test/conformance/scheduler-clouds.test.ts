import { GlobalCloudKind, CloudKind } from "@octoplane/kinds/cloud";
import { readDecisions } from "@octoplane/resources/decision-log";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CloudStage } from "./cloud-stage.ts";
import { namespace } from "./resources/bench.ts";
import { Stage } from "./scheduler-stage.ts";

/** What the real scheduler makes of clouds and projects, over a real store. */

let stage: Stage;
let clouds: CloudStage;
beforeEach(async () => {
  stage = await Stage.open();
  clouds = new CloudStage(stage);
});
afterEach(() => stage[Symbol.asyncDispose]());

const weigh = (name: string, weight = 1) => ({ name, weight, namespaced: false });

describe("clusters that are to be made", () => {
  it("go to a cloud that satisfies their constraints, those of the namespace first, and stay there", async () => {
    await clouds.globalCloud("berlin", { labels: { location: "DE" } });
    await clouds.cloud("oslo", { labels: { location: "NO" } });
    await stage.schedule();
    await clouds.toscaCluster("de", { constraints: { cloud: { labels: ["location is DE"] } } });
    const { status } = await clouds.untilBound("de", "berlin");
    expect(status.scheduled_to).toEqual({
      api: "infrastructure",
      kind: "GlobalCloud",
      namespace: null,
      name: "berlin",
    });
    await clouds.toscaCluster("any");
    await clouds.untilBound("any", "oslo");
    await clouds.cloud("aaa", { labels: { location: "DE" } });
    await clouds.toscaCluster("late", { constraints: { cloud: { labels: ["location is DE"] } } });
    await clouds.untilBound("late", "aaa");
    expect(
      (await stage.clusters.mustGet({ namespace, name: "de" })).status.scheduled_to?.name,
    ).toBe("berlin");
  });

  it("go to the cloud with the best metrics, and the record says why", async () => {
    await stage.values("site", { good: 0.9, bad: 0.2 });
    await clouds.cloud("b-good", { metrics: [weigh("good")] });
    await clouds.cloud("a-bad", { metrics: [weigh("bad")] });
    await clouds.cloud("0-none");
    await stage.schedule();
    await clouds.toscaCluster("made");
    const { metadata } = await clouds.untilBound("made", "b-good");
    const [decision] = await readDecisions(stage.bench.store, metadata.uid);
    expect(decision).toMatchObject({
      sequence: 1,
      outcome: "placed",
      chosen: { namespace, name: "b-good" },
      runner_up: { namespace, name: "a-bad" },
      candidates_total: 3,
    });
    expect(decision?.candidates.map(({ cluster, kind }) => [cluster.name, kind])).toEqual([
      ["b-good", "Cloud"],
      ["a-bad", "Cloud"],
      ["0-none", "Cloud"],
    ]);
  });

  it("wait when nothing fits, say why, and are bound when a cloud comes that does", async () => {
    await clouds.cloud("oslo", { labels: { location: "NO" } });
    await stage.schedule();
    await clouds.toscaCluster("de", { constraints: { cloud: { labels: ["location is DE"] } } });
    const waiting = await stage.untilCluster("de", ({ status }) => status.state === "FAILED");
    expect(waiting.status.reason?.code).toBe("NO_SUITABLE_RESOURCE");
    await clouds.edit(CloudKind, "oslo", (body) => (body.metadata.labels = { location: "DE" }));
    const { status } = await clouds.untilBound("de", "oslo");
    expect([status.state, status.reason]).toEqual(["PENDING", null]);
  });

  it("are bound anew when their cloud was removed before anybody began to make them", async () => {
    await clouds.globalCloud("first");
    await stage.schedule();
    await clouds.toscaCluster("made");
    await clouds.untilBound("made", "first");
    await clouds.globalCloud("second");
    await stage.bench.resources.of(GlobalCloudKind).remove({ name: "first" }, { force: true });
    await clouds.untilBound("made", "second");
  });

  it("a cloud whose metrics fail takes none", async () => {
    await stage.values("site", { good: 0.9 });
    await clouds.cloud("failing", { metrics: [weigh("missing")] });
    await stage.schedule();
    await clouds.toscaCluster("made");
    await stage.untilCluster("made", ({ status }) => status.state === "FAILED");
    await clouds.cloud("works");
    await clouds.untilBound("made", "works");
  });
});

it("a cloud and a global cloud of one name have each their own state, written once, and cleared when it is over", async () => {
  await stage.values("site", { good: 0.9 });
  await clouds.cloud("twin", { metrics: [weigh("missing"), weigh("good")] });
  await clouds.globalCloud("twin", { metrics: [weigh("good")] });
  await clouds.project("p", "t-1", { metrics: [weigh("missing")] });
  await stage.schedule();
  const failing = await clouds.untilCloud("twin", ({ status }) => status.state !== "ONLINE");
  expect(failing.status).toMatchObject({
    state: "FAILING_METRICS",
    metrics_reasons: { missing: { code: "UNKNOWN_METRIC" } },
  });
  expect(Object.keys(failing.status.metrics_reasons)).toEqual(["missing"]);
  const well = await clouds.untilGlobalCloud("twin", (one) => one.status.conditions.length > 0);
  expect(well.status).toMatchObject({ state: "ONLINE", metrics_reasons: {} });
  await clouds.untilProject("p", ({ status }) => status.state === "FAILING_METRICS");
  await stage.metric("missing", "site", "good");
  const recovered = await clouds.untilCloud("twin", ({ status }) => status.state === "ONLINE");
  expect(recovered.status.metrics_reasons).toEqual({});
  await clouds.untilProject("p", ({ status }) => status.state === "ONLINE");
  // Many rounds of metrics later nothing more was written.
  const version = recovered.metadata.resource_version;
  await stage.values("site", { good: 0.1 });
  await stage.values("site", { good: 0.8 });
  await stage.app("late");
  await stage.untilApp("late", "was decided on", ({ status }) => status.decisions > 0);
  const after = await clouds.untilCloud("twin", () => true);
  expect(after.metadata.resource_version).toBe(version);
});

describe("what a cluster has of its cloud", () => {
  async function heirs(): Promise<void> {
    await stage.values("site", { good: 0.9 });
    await clouds.cloud("berlin", {
      labels: { location: "DE", tier: "gold" },
      metrics: [weigh("good")],
    });
    const inherits = { inherit_metrics: true };
    await clouds.toscaCluster("heir", inherits, { inherit_labels: true });
    await clouds.toscaCluster("plain");
    const named = { cloud: { labels: ["location is DE"], metrics: null } };
    await clouds.toscaCluster("named", { constraints: named });
    await stage.schedule();
    for (const name of ["heir", "plain", "named"]) {
      await clouds.untilBound(name, "berlin");
      await stage.setReachable(name, "True");
    }
  }

  it("decides about applications, is stored nowhere, and follows the cloud", async () => {
    await heirs();
    await stage.app("gold", { constraints: { cluster: { labels: ["tier is gold"] } } });
    await stage.untilOn("gold", "heir");
    await stage.app("metric", { constraints: { cluster: { metrics: ["good > 0.5"] } } });
    await stage.untilOn("metric", "heir");
    const stored = await stage.clusters.mustGet({ namespace, name: "heir" });
    expect([stored.metadata.labels, stored.spec.metrics]).toEqual([{}, []]);
    await clouds.edit(CloudKind, "berlin", (body) => (body.metadata.labels.tier = "iron"));
    await stage.untilApp("gold", "waits", ({ status }) => status.reason !== null);
    await clouds.edit(CloudKind, "berlin", (body) => (body.metadata.labels.tier = "gold"));
    await stage.untilApp("gold", "fits again", ({ status }) => status.reason === null);
  });

  it("a label that its own constraints name is inherited too, and no other", async () => {
    await heirs();
    const [only] = [(labels: string) => ({ constraints: { cluster: { labels: [labels] } } })];
    await stage.app("german", {
      ...only("location is DE"),
      placement: { cluster: "named" },
    });
    await stage.untilOn("german", "named");
    await stage.app("gold", { ...only("tier is gold"), placement: { cluster: "named" } });
    await stage.untilApp("gold", "waits", ({ status }) => status.reason !== null);
    await stage.app("nowhere", { ...only("location"), placement: { cluster: "plain" } });
    await stage.untilApp("nowhere", "waits", ({ status }) => status.reason !== null);
  });
});

describe("Magnum clusters", () => {
  it("go to the best project of their own namespace, with its template, and wait when there is none", async () => {
    await stage.values("site", { good: 0.9, bad: 0.1 });
    await clouds.project("foreign", "t-foreign", { place: "others", labels: { tier: "gold" } });
    await clouds.project("bad", "t-bad", { labels: { tier: "gold" }, metrics: [weigh("bad")] });
    await clouds.project("good", "t-good", { metrics: [weigh("good")] });
    await stage.schedule();
    await clouds.magnum("any");
    const { status } = await clouds.untilMagnum("any", (one) => one.status.project !== null);
    expect([status.project?.name, status.template]).toEqual(["good", "t-good"]);
    await clouds.magnum("gold", ["tier is gold"]);
    const gold = await clouds.untilMagnum("gold", (one) => one.status.project !== null);
    expect(gold.status.project?.name).toBe("bad");
    expect([gold.metadata.labels, gold.spec.metrics]).toEqual([{}, []]);
    await clouds.magnum("later", ["tier is iron"]);
    const waiting = await clouds.untilMagnum("later", (one) => one.status.state === "FAILED");
    expect(waiting.status.reason?.code).toBe("NO_SUITABLE_RESOURCE");
    await clouds.project("iron", "t-iron", { labels: { tier: "iron" } });
    await clouds.untilMagnum("later", (one) => one.status.template === "t-iron");
  });
});
