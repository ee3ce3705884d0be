import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isoTime } from "@octoplane/shared/clock";
import { waitFor } from "../wait-for.ts";
import { namespace } from "./resources/bench.ts";
import { Stage } from "./scheduler-stage.ts";

/** Expressions, pins, neighbours and capacity, through the real scheduler over a real store. */

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage[Symbol.asyncDispose]());

const within = (cluster: object): object => ({ constraints: { cluster } });

async function labelled(name: string, labels: object, spec: object = {}): Promise<void> {
  await stage.app(name, spec);
  await stage.change("Application", name, (body) => Object.assign(body.metadata, { labels }));
}

/** Where applications belong now, by their names. */
async function places(names: readonly string[]): Promise<readonly (string | undefined)[]> {
  const apps = names.map((name) => stage.apps.mustGet({ namespace, name }));
  return (await Promise.all(apps)).map(({ status }) => status.scheduled_to?.name);
}

async function setFree(name: string, cpu: number, pods = 1_000): Promise<void> {
  const ref = { namespace, name };
  const { metadata } = await stage.clusters.mustGet(ref);
  const capacity = {
    cpu_cores: 100,
    memory_bytes: 2 ** 40,
    pods: 1_000,
    nodes: 1,
    nodes_ready: 1,
    cpu_free_cores: cpu,
    memory_free_bytes: 2 ** 40,
    pods_free: pods,
    free_at: isoTime(Date.now()),
  };
  await stage.clusters.updateStatus(ref, metadata.uid, (current) => ({
    status: { ...current.status, capacity },
  }));
}

function requesting(cpu: string): object {
  const containers = [{ name: "main", image: "x", resources: { requests: { cpu } } }];
  return {
    manifest: [{ apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers } }],
  };
}

describe("what is written of an application decides where it may stand", () => {
  it("an expression, and a change of the cluster that makes it true", async () => {
    await stage.schedule();
    await stage.cluster("a", { labels: { tier: "silver" } });
    await stage.app("web", within({ expressions: ['labels.tier == "gold"'] }));
    await stage.untilApp("web", "waits", ({ status }) => status.reason !== null);
    await stage.change("Cluster", "a", (body) =>
      Object.assign(body.metadata.labels, { tier: "gold" }),
    );
    await stage.untilOn("web", "a");
  });

  it("an expression over what the cluster has, when that is measured", async () => {
    await stage.schedule();
    await stage.cluster("a");
    await stage.app("web", within({ expressions: ["cluster.cpu_free_cores > 2"] }));
    await stage.untilApp("web", "waits", ({ status }) => status.reason !== null);
    await setFree("a", 3);
    await stage.untilOn("web", "a");
  });

  it("a pin, which moves it when it changes", async () => {
    await stage.schedule({ reschedule_after: 3_600 });
    await stage.cluster("a");
    await stage.cluster("b");
    await stage.app("web", { placement: { cluster: "b" } });
    await stage.untilOn("web", "b");
    await stage.change("Application", "web", (body) => {
      body.spec.placement.cluster = "a";
    });
    await stage.untilOn("web", "a");
  });
});

describe("applications among others", () => {
  it("stand apart when all of them come at once, and who finds no place waits until one leaves", async () => {
    const clusters = ["a", "b", "c"];
    for (const name of clusters) await stage.cluster(name);
    const names = ["w1", "w2", "w3", "w4"];
    const rules = within({ applications: [{ apart: "app=web" }] });
    for (const name of names) await labelled(name, { app: "web" }, rules);
    await stage.schedule({ reschedule_after: 3_600 });
    const placed = async (count: number): Promise<readonly (string | undefined)[]> =>
      await waitFor(`${count} have a place`, async () => {
        const found = await places(names);
        return found.filter((name) => name !== undefined).length === count ? found : undefined;
      });
    const three = await placed(3);
    expect(three.filter((name) => name !== undefined).toSorted()).toEqual(clusters);
    const gone = names[three.findIndex((name) => name !== undefined)]!;
    await stage.change("Application", gone, (body) => {
      body.metadata.labels = { app: "other" };
      body.spec.constraints.cluster.applications = [];
    });
    await placed(4);
  });

  it("wait for those they want to be with, and follow them", async () => {
    await stage.schedule({ reschedule_after: 3_600 });
    await stage.cluster("a");
    await stage.cluster("b");
    await stage.app("web", within({ applications: [{ together: "tier=db" }] }));
    await stage.untilApp("web", "waits", ({ status }) => status.reason !== null);
    await labelled("db", { tier: "db" }, { placement: { cluster: "b" } });
    await stage.untilOn("web", "b");
    await stage.change("Application", "db", (body) => {
      body.spec.placement.cluster = "a";
    });
    await stage.untilOn("db", "a");
    await stage.untilOn("web", "a");
  });

  it("are spread evenly over a label when all of them come at once", async () => {
    for (const [name, region] of [
      ["a", "eu"],
      ["b", "eu"],
      ["c", "us"],
    ]) {
      await stage.cluster(name!, { labels: { region } });
    }
    const names = Array.from({ length: 10 }, (_, index) => `w${index}`);
    const rules = within({ spread: [{ by: "region" }] });
    for (const name of names) await labelled(name, { app: "web" }, rules);
    await stage.schedule({ reschedule_after: 3_600 });
    const found = await waitFor("all have a place", async () => {
      const all = await places(names);
      return all.includes(undefined) ? undefined : all;
    });
    expect(found.filter((name) => name === "c")).toHaveLength(5);
  });
});

describe("capacity", () => {
  it("is never promised twice to applications that come all at once", async () => {
    const clusters = ["a", "b", "c", "d"];
    for (const name of clusters) {
      await stage.cluster(name);
      await setFree(name, 5);
    }
    const names = Array.from({ length: 60 }, (_, index) => `w${index}`);
    await Promise.all(names.map((name) => stage.app(name, requesting("500m"))));
    await stage.schedule({ reschedule_after: 3_600 });
    const found = await waitFor("40 have a place, the rest is told why not", async () => {
      const apps = await Promise.all(names.map((name) => stage.apps.mustGet({ namespace, name })));
      const isDecided = apps.every(({ status }) => status.decisions > 0);
      return isDecided ? apps.map(({ status }) => status.scheduled_to?.name) : undefined;
    });
    for (const name of clusters) {
      expect(found.filter((one) => one === name).length).toBeLessThanOrEqual(10);
    }
    expect(found.filter((one) => one !== undefined)).toHaveLength(40);
    const waiting = names[found.indexOf(undefined)]!;
    const [newest] = await stage.decisions(waiting);
    expect(newest?.candidates[0]?.verdicts.find(({ fits }) => !fits)).toMatchObject({
      filter: "capacity",
      reason: "TooLittleFree",
      message: "it requests 0.5 CPU cores, and 0 is free and not promised",
    });
    // What is promised stays promised over a restart of the scheduler, and more room is used.
    await stage.stop();
    await stage.schedule({ reschedule_after: 3_600 });
    await setFree("a", 6);
    await waitFor("two more have a place", async () => {
      const all = await places(names);
      return all.filter((one) => one !== undefined).length === 42;
    });
    expect((await places(names)).filter((one) => one === "a")).toHaveLength(12);
  });
});
