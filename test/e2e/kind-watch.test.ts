import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { KindWatch } from "@octoplane/app-controller/kind-watch";
import { ownerLabel } from "@octoplane/delivery/mark";
import { observe } from "@octoplane/app-controller/observed";
import { connectKube } from "@octoplane/kube/http-kube";
import type { Kube, ServedKind } from "@octoplane/kube/kube";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import { startSim, type Sim } from "@octoplane/kube-sim/start-sim";
import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { systemRandom } from "@octoplane/shared/random";
import { waitFor } from "../wait-for.ts";

const served: ServedKind = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
  verbs: [],
};

let sim: Sim;
let cluster: SimCluster;
let kube: Kube;
let watch: KindWatch;
let told: string[];
let counter = 0;

beforeAll(async () => {
  sim = await startSim({ clock: systemClock, random: systemRandom });
});
afterAll(async () => await sim?.[Symbol.asyncDispose]());

beforeEach(() => {
  cluster = sim.addCluster({ name: `c-${(counter += 1)}` });
  kube = connectKube(cluster.kubeconfig, { clock: systemClock });
  told = [];
});
afterEach(async () => {
  await watch[Symbol.asyncDispose]();
  await kube[Symbol.asyncDispose]();
});

function open(): KindWatch {
  watch = new KindWatch({
    kube,
    served,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    onChange: (owner) => void told.push(owner),
  });
  return watch;
}

async function put(name: string, owner: string, value = "1") {
  const metadata = { name, namespace: "default", labels: { [ownerLabel]: owner } };
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { value } };
  const ref = { served, namespace: "default", name };
  return (await kube.apply(ref, object, { force: true })).object;
}

async function remove(name: string): Promise<void> {
  await kube.delete({ served, namespace: "default", name }, { propagation: "Background" });
}

const id = (name: string): string => `|ConfigMap|default|${name}`;

it("shows what is ours and tells whose it is, and nothing of what is not", async () => {
  await put("before", "a");
  open();
  await watch.ready();
  await put("after", "b");
  await waitFor("both are shown", () => watch.get(id("before")) && watch.get(id("after")));
  await remove("before");
  await waitFor("it has gone", () => !watch.get(id("before")));
  expect(told).toEqual(["a", "b", "a"]);
  expect([...watch.all()]).toHaveLength(1);
});

it("goes on after its connection was cut, without an event lost or told twice", async () => {
  open();
  await watch.ready();
  for (let round = 0; round < 5; round += 1) {
    await put(`round-${round}`, "a");
    cluster.faults.disconnect();
  }
  await waitFor("all are shown", () => [...watch.all()].length === 5);
  expect(told).toHaveLength(5);
});

it("lists anew when its version has been forgotten, and finds what came and went meanwhile", async () => {
  await put("goes", "a");
  open();
  await watch.ready();
  cluster.faults.failNext(2, 503, { method: "GET" });
  cluster.faults.disconnect();
  await remove("goes");
  await put("comes", "b");
  cluster.compact();
  await waitFor("it is true again", () => !watch.get(id("goes")) && watch.get(id("comes")));
  expect(told).toEqual(["a", "a", "b"]);
});

it("believes an answer to a write until the watch has passed it, and no longer", async () => {
  open();
  await watch.ready();
  const first = observe(await put("noted", "a", "1"));
  watch.note(first);
  expect(watch.get(id("noted"))?.resourceVersion).toBe(first.resourceVersion);
  const second = observe(await put("noted", "a", "2"));
  await waitFor(
    "the watch is ahead",
    () => watch.get(id("noted"))?.resourceVersion === second.resourceVersion,
  );
  watch.note(first);
  expect(watch.get(id("noted"))?.resourceVersion).toBe(second.resourceVersion);
  await remove("noted");
  await waitFor("it has gone", () => !watch.get(id("noted")));
  watch.note(second);
  expect(watch.get(id("noted"))).toBeUndefined();
});

it("says that it may not watch, at the beginning and later, and whom that concerns", async () => {
  await put("mine", "a");
  open();
  await watch.ready();
  expect(watch.end).toBeUndefined();
  told.length = 0;
  cluster.faults.forbids = () => true;
  cluster.faults.disconnect();
  await waitFor("it has ended", () => watch.end?.why === "forbidden");
  expect(told).toEqual(["a"]);
  expect(watch.get(id("mine"))).toBeUndefined();
  await watch[Symbol.asyncDispose]();
  open();
  await watch.ready();
  expect(watch.end?.why).toBe("forbidden");
});

it("tells the first who ask when the cluster does not answer, and leaves nobody waiting when it is closed", async () => {
  cluster.faults.offline = true;
  open();
  await expect(watch.ready()).rejects.toMatchObject({ reason: "Unreachable" });
  await watch[Symbol.asyncDispose]();
  cluster.faults.offline = false;
  cluster.faults.hangNext(1);
  open();
  const waiting = expect(watch.ready()).rejects.toMatchObject({ reason: "Aborted" });
  await watch[Symbol.asyncDispose]();
  await waiting;
});
