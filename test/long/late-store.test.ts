import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  AppControllerConfigSchema,
  type AppControllerConfig,
} from "@octoplane/app-controller/config";
import { start as startAppController } from "@octoplane/app-controller/start";
import { start as startGc } from "@octoplane/gc/start";
import { ApplicationKind } from "@octoplane/kinds/application";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { anyKind } from "@octoplane/kinds/kind";
import { readAs, readInput } from "@octoplane/kinds/read-input";
import { connectKube } from "@octoplane/kube/http-kube";
import { KubePool } from "@octoplane/kube/kube-pool";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import { startSim, type Sim } from "@octoplane/kube-sim/start-sim";
import { boundByRequest } from "@octoplane/resources/binding";
import { Resources } from "@octoplane/resources/resources";
import { Sealer } from "@octoplane/resources/sealer";
import { isoTime, systemClock } from "@octoplane/shared/clock";
import { disposeAll } from "@octoplane/shared/lifecycle";
import { silentLog } from "@octoplane/shared/log";
import { Metrics } from "@octoplane/shared/metrics";
import { seededRandom, systemRandom } from "@octoplane/shared/random";
import { FaultyStore, type Faults } from "@octoplane/store/faulty-store";
import { openStore } from "@octoplane/store/open";
import type { Store } from "@octoplane/store/store";
import { waitFor } from "../wait-for.ts";
import { count, peek } from "../e2e/field.ts";
import { echo } from "../e2e/manifests.ts";

/** Controllers that hear of everything late, and whose store fails, against one that is quick: the cluster. */

const clock = systemClock;
const namespace = "team";
const late: Faults = { delay: 1, delayMostMs: 120, refused: 0, lostAnswer: 0, droppedWatch: 0 };
const failing: Faults = {
  delay: 0.5,
  delayMostMs: 30,
  refused: 0.1,
  lostAnswer: 0.1,
  droppedWatch: 0.2,
};

let sim: Sim;
let directory: string;
let store: Store;
let quick: Resources;
let source: SimCluster;
let target: SimCluster;

beforeEach(async () => {
  sim = await startSim({ clock, random: systemRandom });
  directory = await mkdtemp(join(tmpdir(), "octoplane-late-"));
  store = await openStore(
    `lmdb://${directory}`,
    {},
    { clock, random: systemRandom, log: silentLog },
  );
  quick = resourcesOver(store);
  source = sim.addCluster({ name: "source", readyDelayMs: 5 });
  target = sim.addCluster({ name: "target", readyDelayMs: 5 });
  for (const { name, kubeconfig } of [source, target]) {
    const body = { metadata: { name }, spec: { kubeconfig } };
    await quick.of(ClusterKind).create(readInput(anyKind(ClusterKind), body), namespace);
  }
});
afterEach(async () => {
  await disposeAll([sim, store, quick]);
  await rm(directory, { recursive: true, force: true });
});

function resourcesOver(over: Store): Resources {
  const sealer = new Sealer(Buffer.alloc(32), systemRandom);
  return new Resources({ store: over, sealer, clock, random: systemRandom }, silentLog);
}

async function startControllers(faults: Faults, seed: number): Promise<AsyncDisposable> {
  const resources = resourcesOver(
    new FaultyStore(store, { random: seededRandom(seed), clock, faults }),
  );
  const kubes = new KubePool((kubeconfig) => connectKube(kubeconfig, { clock }));
  const parts = { resources, kubes, log: silentLog, metrics: new Metrics() };
  const gc = await startGc({}, parts);
  const controller = await startAppController(
    readAs<AppControllerConfig>(AppControllerConfigSchema, { worker_count: 8, start_grace: 1 }),
    parts,
  );
  return { [Symbol.asyncDispose]: () => disposeAll([resources, kubes, gc, controller]) };
}

async function create(name: string): Promise<void> {
  const body = { metadata: { name }, spec: { manifest: echo(name) } };
  await quick.of(ApplicationKind).create(readInput(anyKind(ApplicationKind), body), namespace);
}

/** What the scheduler does. */
async function bind(name: string, to: SimCluster): Promise<void> {
  const applications = quick.of(ApplicationKind);
  const { metadata } = await applications.mustGet({ namespace, name });
  await applications.updateStatus({ namespace, name }, metadata.uid, (current) => ({
    status: boundByRequest(current, { namespace, name: to.name }, isoTime(clock.now())),
  }));
}

async function untilRuns(name: string, on: SimCluster): Promise<void> {
  let last: unknown;
  await waitFor(
    `${name} runs on ${on.name}`,
    async () => {
      const { status } = await quick.of(ApplicationKind).mustGet({ namespace, name });
      last = status;
      const isThere = status.running_on?.name === on.name && status.copies.length === 1;
      return status.state === "RUNNING" && isThere;
    },
    { seen: () => last },
  );
}

async function remove(name: string): Promise<void> {
  await quick.of(ApplicationKind).remove({ namespace, name });
  await waitFor(`${name} is gone`, async () => {
    return (await quick.of(ApplicationKind).get({ namespace, name })) === undefined;
  });
}

it("writes each object once although the cluster answers sooner than the store", async () => {
  const controllers = await startControllers(late, 1);
  try {
    const traffic = count(source);
    await create("patient");
    await bind("patient", source);
    await untilRuns("patient", source);
    expect(traffic.writes()).toHaveLength(2);
    await bind("patient", target);
    await untilRuns("patient", target);
    await remove("patient");
    expect(peek(target, "Deployment", "patient")).toBeUndefined();
  } finally {
    await controllers[Symbol.asyncDispose]();
  }
});

it("forgets no copy when an application moves to and fro faster than the controllers hear of it", async () => {
  const controllers = await startControllers(late, 2);
  try {
    await create("restless");
    for (const to of [source, target, source, target, source]) {
      const traffic = count(to);
      await bind("restless", to);
      await waitFor("its objects are being made, or were never taken away", async () => {
        const { status } = await quick.of(ApplicationKind).mustGet({ namespace, name: "restless" });
        return traffic.writes().length > 0 || status.running_on?.name === to.name;
      });
      traffic.stop();
    }
    await untilRuns("restless", source);
    expect(peek(target, "Deployment", "restless")).toBeUndefined();
    await bind("restless", target);
    await remove("restless");
    for (const cluster of [source, target]) {
      expect(peek(cluster, "Deployment", "restless")).toBeUndefined();
    }
  } finally {
    await controllers[Symbol.asyncDispose]();
  }
});

it.each([1, 2, 3])(
  "two sets over a store that fails leave nothing behind (seed %i)",
  async (seed) => {
    const both = await Promise.all([
      startControllers(failing, seed),
      startControllers(failing, seed + 100),
    ]);
    try {
      const names = ["a", "b", "c"];
      for (const name of names) await create(name);
      for (const name of names) await bind(name, source);
      await untilRuns("a", source);
      for (const name of names) await bind(name, target);
      await untilRuns("b", target);
      await Promise.all(names.map(remove));
      // Whoever was still applying finds out that the application has gone, and takes it away again.
      await waitFor("nothing is left", () => {
        const left = [source, target].flatMap((cluster) => cluster.objects());
        return !left.some(
          ({ kind, metadata }) => kind === "Deployment" && names.includes(metadata.name),
        );
      });
    } finally {
      await disposeAll(both);
    }
  },
);
