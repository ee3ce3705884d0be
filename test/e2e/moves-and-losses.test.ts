import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AppControllerConfigSchema,
  type AppControllerConfig,
} from "@octoplane/app-controller/config";
import { start as startAppController } from "@octoplane/app-controller/start";
import { start as startGc } from "@octoplane/gc/start";
import { readAs } from "@octoplane/kinds/read-input";
import { connectKube } from "@octoplane/kube/http-kube";
import { KubePool } from "@octoplane/kube/kube-pool";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import { readOrMakeKeyFile } from "@octoplane/process/key-file";
import { Resources } from "@octoplane/resources/resources";
import { Sealer } from "@octoplane/resources/sealer";
import { systemClock } from "@octoplane/shared/clock";
import { disposeAll } from "@octoplane/shared/lifecycle";
import { silentLog } from "@octoplane/shared/log";
import { Metrics } from "@octoplane/shared/metrics";
import { systemRandom } from "@octoplane/shared/random";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { applications, clusters, count, meddle, openField, peek, workers } from "./field.ts";
import type { Field } from "./field.ts";
import { configMap, echo, job } from "./manifests.ts";

/** Moves, lost clusters, restarts and second controllers. */

let field: Field;
beforeAll(async () => {
  field = await openField();
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

/** A cluster on which nothing ever becomes ready, until its delay is changed. */
const never = 1_000_000;
const path = (name: string): string => `/api/v1/namespaces/default/configmaps/${name}`;

/** An application that runs on the first cluster and cannot become healthy on the second, where it belongs now. */
async function stuckMove(name: string) {
  const [source, target] = await Promise.all([
    field.cluster(),
    field.cluster({ readyDelayMs: never }),
  ]);
  const app = await field.create(echo(name), source);
  await field.untilRuns(app, source);
  await field.move(app, target);
  await field.until(app, "has a copy on the target", ({ copies }) => copies.length === 2);
  await waitFor("the target's copy stands", () => peek(target, "Deployment", name));
  return { source, target, app };
}

/** Gives a cluster another name in its label, by which applications ask for it. */
async function relabel(cluster: SimCluster, name: string): Promise<void> {
  await field.rest.change(`${clusters}/${cluster.name}`, (body) => {
    body.metadata.labels = { name };
  });
}

/** Lets go on what waits for ever: Pods are made anew, with the delay of today. */
async function heal(cluster: SimCluster, name: string): Promise<void> {
  cluster.settings.readyDelayMs = 20;
  const pods = cluster.objects().filter(({ kind, metadata }) => {
    return kind === "Pod" && metadata.name.startsWith(name);
  });
  for (const { metadata } of pods) {
    await meddle(
      cluster,
      `/api/v1/namespaces/default/pods/${metadata.name}`,
      {},
      { method: "DELETE" },
    );
  }
}

describe.concurrent("a move", () => {
  it("to where it never becomes healthy takes nothing away, says why, and can be taken back", async () => {
    const { source, target, app } = await stuckMove("stuck");
    const { state, reason, running_on, services } = await field.until(app, "says why", (status) => {
      return status.reason !== null && status.state === "MIGRATING";
    });
    expect(state).toBe("MIGRATING");
    expect(running_on.name).toBe(source.name);
    expect(Object.keys(services)).not.toEqual([]);
    expect(reason.message).toContain(
      `not yet healthy on ${target.name}, so it stays on ${source.name}`,
    );
    expect(reason.message).toContain("Deployment stuck");
    expect(peek(source, "Deployment", "stuck").status.availableReplicas).toBe(1);
    await field.move(app, source);
    await field.untilRuns(app, source);
    expect(peek(target, "Deployment", "stuck")).toBeUndefined();
    await field.remove(app);
  });

  it("ends when the target becomes healthy at last", async () => {
    const { source, target, app } = await stuckMove("late");
    await heal(target, "late");
    await field.untilRuns(app, target);
    expect(peek(source, "Deployment", "late")).toBeUndefined();
    await field.remove(app);
  });

  it("goes through when the source is lost meanwhile, and cleans up there when it is back", async () => {
    const { source, target, app } = await stuckMove("orphan");
    source.faults.offline = true;
    await field.untilCluster(source.name, "OFFLINE");
    await heal(target, "orphan");
    await field.untilServes(app, target);
    source.faults.offline = false;
    await field.untilRuns(app, target);
    expect(peek(source, "Deployment", "orphan")).toBeUndefined();
    await field.remove(app);
  });

  it("is not undone when the lost source is deleted, which has to be forced", async () => {
    const { source, target, app } = await stuckMove("widow");
    source.faults.offline = true;
    await field.untilCluster(source.name, "OFFLINE");
    await heal(target, "widow");
    await field.untilServes(app, target);
    const preview = await field.rest.ok("GET", `${clusters}/${source.name}/cascade`);
    expect(preview.items).toEqual([]);
    await field.rest.ok("DELETE", `${clusters}/${source.name}`);
    await field.rest.ok("DELETE", `${clusters}/${source.name}?force=True`);
    await field.untilRuns(app, target);
    expect((await field.read(app)).metadata.deleted).toBeNull();
    await field.remove(app);
  });

  it("leaves behind what is done, which runs again where it belongs when it is changed", async () => {
    const [source, target] = await Promise.all([field.cluster(), field.cluster()]);
    const done = await field.create([job("done", {})], source);
    const service = await field.create(echo("lives"), source);
    await field.untilRuns(done, source, "COMPLETED");
    await field.untilRuns(service, source);
    // Neither fits its cluster any more, and both fit the other one.
    await relabel(source, "left");
    await relabel(target, source.name);
    await field.untilRuns(service, target);
    await field.untilRuns(done, source, "COMPLETED");
    expect(peek(target, "Job", "done")).toBeUndefined();
    await field.change(done, (spec) => {
      spec.manifest = [job("done-again", {})];
    });
    await field.untilRuns(done, target, "COMPLETED");
    await Promise.all([field.remove(done), field.remove(service)]);
  });

  it("that is interrupted by a deletion leaves nothing on either side", async () => {
    const { source, target, app } = await stuckMove("halfway");
    await field.remove(app);
    expect(peek(source, "Deployment", "halfway")).toBeUndefined();
    expect(peek(target, "Deployment", "halfway")).toBeUndefined();
  });

  it("after an update that failed still takes the old copy away last", async () => {
    const [source, target] = await Promise.all([
      field.cluster(),
      field.cluster({ readyDelayMs: never }),
    ]);
    const app = await field.create(echo("failing"), source);
    await field.untilRuns(app, source);
    source.faults.failNext(1_000, 500, { method: "PATCH" });
    await field.change(app, (spec) => void (spec.manifest[0].spec.replicas = 2));
    const failing = await field.until(app, "fails", ({ reason }) => reason !== null);
    expect(failing.running_on.name).toBe(source.name);
    expect(failing.container_health.running_pods).toBe(1);
    await field.move(app, target);
    await waitFor("the target's copy stands", () => peek(target, "Deployment", "failing"));
    await field.until(app, "says why", ({ reason }) => reason?.message.includes("not yet healthy"));
    expect(peek(source, "Deployment", "failing")).toBeDefined();
    source.faults.clear();
    await field.remove(app);
  });
});

describe.concurrent("a deletion", () => {
  it("waits for a cluster that is offline, says so, and ends when it is back", async () => {
    const cluster = await field.cluster();
    const app = await field.create([configMap("waiting", {})], cluster);
    await field.untilRuns(app, cluster);
    cluster.faults.offline = true;
    await field.untilCluster(cluster.name, "OFFLINE");
    await field.rest.ok("DELETE", `${applications}/${app}`);
    const { reason } = await field.until(app, "says why", (status) => {
      return status.state === "DELETING" && status.reason !== null;
    });
    expect(reason.code).toBe("CLUSTER_NOT_REACHABLE");
    cluster.faults.offline = false;
    await field.untilGone(app);
    expect(peek(cluster, "ConfigMap", "waiting")).toBeUndefined();
  });

  it("is possible although its cluster was forced away", async () => {
    const cluster = await field.cluster();
    const app = await field.create([configMap("left", {})], cluster);
    await field.untilRuns(app, cluster);
    await field.rest.ok("DELETE", `${clusters}/${cluster.name}?force=True`);
    await field.remove(app);
  });

  it("of applications that own each other ends", async () => {
    const cluster = await field.cluster();
    const names = await Promise.all(
      ["ring-a", "ring-b"].map((name) => field.create([configMap(name, {})], cluster, name)),
    );
    for (const [index, name] of names.entries()) {
      await field.untilRuns(name, cluster);
      const owner = {
        api: "kubernetes",
        kind: "Application",
        namespace: "system:admin",
        name: names[1 - index],
      };
      await field.rest.change(`${applications}/${name}`, (body) =>
        body.metadata.owners.push(owner),
      );
    }
    await field.remove("ring-a");
    await field.untilGone("ring-b");
    expect(peek(cluster, "ConfigMap", "ring-a")).toBeUndefined();
    expect(peek(cluster, "ConfigMap", "ring-b")).toBeUndefined();
  });
});

describe.concurrent("a cluster", () => {
  it("that loses one probe stays ONLINE, one that loses several is OFFLINE", async () => {
    const cluster = await field.cluster();
    const states = new Set<string>();
    const look = async (): Promise<void> => {
      states.add((await field.rest.ok("GET", `${clusters}/${cluster.name}`)).status.state);
    };
    const traffic = count(cluster);
    cluster.faults.disconnectNext(1, { path: "/version" });
    await waitFor("three probes", async () => {
      await look();
      return traffic.probes() >= 3;
    });
    expect([...states]).toEqual(["ONLINE"]);
    cluster.faults.offline = true;
    await field.untilCluster(cluster.name, "OFFLINE");
  });

  it("that is slow delays nobody else's applications, and is not OFFLINE", async () => {
    const [slow, quick] = await Promise.all([field.cluster(), field.cluster()]);
    slow.faults.latencyMs = 3_000;
    const late = await Promise.all(
      Array.from({ length: 2 * workers }, (_, index) =>
        field.create([configMap(`late-${index}`, {})], slow),
      ),
    );
    const app = await field.create(echo("quick"), quick);
    await field.untilRuns(app, quick);
    await field.remove(app);
    // Each takes several requests: had the quick one waited for some of them, they would run by now.
    for (const name of late) {
      expect((await field.read(name)).status.state).not.toBe("RUNNING");
    }
    const { status } = await field.rest.ok("GET", `${clusters}/${slow.name}`);
    expect(status.state).toBe("ONLINE");
    slow.faults.clear();
    for (const name of late) await field.untilRuns(name, slow);
  });

  it("that was built anew under the same name gets everything again", async () => {
    const cluster = await field.cluster();
    const { name } = cluster;
    const app = await field.create(echo("again"), cluster);
    await field.untilRuns(app, cluster);
    const before = peek(cluster, "Deployment", "again").metadata.uid;
    field.sim.removeCluster(name);
    const rebuilt = field.sim.addCluster({ name, readyDelayMs: 20 });
    await field.rest.change(`${clusters}/${name}`, (body) => {
      body.spec.kubeconfig = rebuilt.kubeconfig;
    });
    const after: Json = await waitFor("the Deployment is there again", () => {
      return peek(rebuilt, "Deployment", "again");
    });
    expect(after.metadata.uid).not.toBe(before);
    await field.until(app, "knows the new object", ({ copies }) => {
      return copies[0]?.objects.some(({ uid }: Json) => uid === after.metadata.uid);
    });
    await field.untilRuns(app, rebuilt);
    await field.remove(app);
    expect(peek(rebuilt, "Deployment", "again")).toBeUndefined();
  });
});

describe("a restart", () => {
  it("writes nothing to clusters where nothing has changed", async () => {
    const cluster = await field.cluster();
    const app = await field.create([...echo("steady"), configMap("steady", {})], cluster);
    await field.untilRuns(app, cluster);
    const traffic = count(cluster);
    await field.octoplane.restart();
    await waitFor("its kinds are watched again", () => traffic.watches().length >= 3);
    const probes = traffic.probes();
    await waitFor("some more probes", () => traffic.probes() >= probes + 3);
    expect(traffic.writes()).toEqual([]);
    await field.remove(app);
  });

  it("repairs what was changed and removed meanwhile", async () => {
    const cluster = await field.cluster();
    const manifest = [configMap("drifted", { ours: "wanted" }), configMap("removed", {})];
    const app = await field.create(manifest, cluster);
    await field.untilRuns(app, cluster);
    await field.octoplane.restart(async () => {
      await meddle(cluster, path("drifted"), { data: { ours: "changed" } });
      await meddle(cluster, path("removed"), {}, { method: "DELETE" });
    });
    await waitFor("both are as they should be", () => {
      const drifted = peek(cluster, "ConfigMap", "drifted").data.ours;
      return drifted === "wanted" && peek(cluster, "ConfigMap", "removed") !== undefined;
    });
    await field.remove(app);
  });

  it("between making objects and writing them down leaves nothing behind", async () => {
    const cluster = await field.cluster();
    const name = field.fresh("app");
    const manifest = [
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "half" } },
      configMap("half", {}),
    ];
    const made = new Promise<void>((resolve) => {
      cluster.traffic.listen(({ method }) => {
        if (method === "PATCH") resolve();
      });
    });
    // Everything of an apply is answered late, so that the process stops before it hears of it.
    await field.create(manifest, cluster, name);
    await made;
    cluster.faults.latencyMs = 300;
    await field.octoplane.restart(async () => {
      cluster.faults.latencyMs = 0;
    });
    await field.remove(name);
    expect(peek(cluster, "ConfigMap", "half")).toBeUndefined();
    expect(peek(cluster, "Namespace", "half")).toBeUndefined();
  });
});

describe("two sets of controllers over one store", () => {
  it("do no harm to each other", async () => {
    const [source, target] = await Promise.all([field.cluster(), field.cluster()]);
    const second = await startSecond(field);
    try {
      const names = Array.from({ length: 10 }, (_, index) => `twice-${index}`);
      for (const name of names) await field.create(echo(name), source, name);
      for (const name of names) await field.untilRuns(name, source);
      for (const name of names) await field.move(name, target);
      for (const name of names) await field.untilRuns(name, target);
      const traffic = count(target);
      const probes = traffic.probes();
      await waitFor("some more probes", () => traffic.probes() >= probes + 3);
      expect(traffic.writes()).toEqual([]);
      for (const name of names) await field.remove(name);
      await waitFor("nothing is left", () => {
        const left = [source, target].flatMap((cluster) => cluster.objects());
        return !left.some(({ metadata }) => metadata.name.startsWith("twice-"));
      });
    } finally {
      await second[Symbol.asyncDispose]();
    }
  });
});

async function startSecond({ octoplane }: Field): Promise<AsyncDisposable> {
  const clock = systemClock;
  const random = systemRandom;
  const key = await readOrMakeKeyFile(join(octoplane.dataDir, "sealing.key"), random);
  const sealer = new Sealer(key, random);
  const resources = new Resources({ store: octoplane.store, sealer, clock, random }, silentLog);
  const kubes = new KubePool((kubeconfig) => connectKube(kubeconfig, { clock }));
  const parts = { resources, kubes, log: silentLog, metrics: new Metrics() };
  const gc = await startGc({}, parts);
  const given = { worker_count: 8, start_grace: 0.4 };
  const settings = readAs<AppControllerConfig>(AppControllerConfigSchema, given);
  const controller = await startAppController(settings, parts);
  return { [Symbol.asyncDispose]: () => disposeAll([resources, kubes, gc, controller]) };
}
