import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { CapacityCounter } from "@octoplane/cluster-controller/capacity-counter";
import type { Sim } from "@octoplane/kube-sim/start-sim";
import { connectKube } from "@octoplane/kube/http-kube";
import type { Kube } from "@octoplane/kube/kube";
import { systemClock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { inDefault, openSim, SimUser, until } from "./kube-sim-user.ts";

/** What the Pods of a cluster request, counted over HTTP, with a clock that stands still between two counts. */

let sim: Sim;
let user: SimUser;
let kube: Kube;
let counts: CapacityCounter;
let nowMs = 0;
let clusters = 0;
const heard: string[] = [];

beforeAll(async () => {
  sim = await openSim();
});
afterAll(() => sim[Symbol.asyncDispose]());

beforeEach(async () => {
  nowMs = 0;
  heard.length = 0;
  const cluster = sim.addCluster({ name: `count${(clusters += 1)}`, readyDelayMs: 5 });
  user = new SimUser(cluster);
  kube = connectKube(cluster.kubeconfig, { clock: systemClock });
  const clock = { ...systemClock, now: () => nowMs, monotonic: () => nowMs };
  const onCounted = (key: string): void => void heard.push(key);
  counts = new CapacityCounter({ clock, intervalMs: 1_000, onCounted });
  await until("an account for Pods", async () => {
    return (await user.get(`${inDefault}/serviceaccounts/default`)).status === 200;
  });
});
afterEach(async () => {
  await counts[Symbol.asyncDispose]();
  await kube[Symbol.asyncDispose]();
});

async function addPod(name: string, cpu: string): Promise<void> {
  const resources = { requests: { cpu, memory: "1Ki" } };
  const spec = { containers: [{ name: "c", image: "x", resources }] };
  const object = { apiVersion: "v1", kind: "Pod", metadata: { name }, spec };
  expect((await user.call("POST", `${inDefault}/pods`, object)).status).toBe(201);
}

/** One look of the controller, and what is known when its count has ended. */
async function look(key = "a"): Promise<unknown> {
  const seen = user.cluster.traffic;
  let asked = 0;
  const stop = seen.listen(({ path }) => void (asked += path === "/api/v1/pods" ? 1 : 0));
  counts.keepUp(key, async () => kube);
  await counts.idle();
  stop();
  return asked === 0 ? "nothing was asked" : counts.of(key);
}

it("adds up what Pods request that are not over, at its interval, and tells when the sum is another", async () => {
  expect(counts.of("a")).toBeUndefined();
  await addPod("one", "500m");
  await addPod("two", "250m");
  expect(await look()).toMatchObject({ cpuCores: 0.75, memoryBytes: 2_048, pods: 2, sameSince: 0 });
  expect(await look()).toBe("nothing was asked");
  nowMs = 1_000;
  expect(await look()).toMatchObject({ at: 1_000, sameSince: 0 });
  expect(heard).toEqual(["a"]);
  await addPod("three", "1");
  nowMs = 2_000;
  expect(await look()).toMatchObject({ cpuCores: 1.75, at: 2_000, sameSince: 2_000 });
  expect(heard).toEqual(["a", "a"]);
});

it("believes what it counted last until it fails some times, and nothing where it may not look", async () => {
  await addPod("one", "1");
  const next = async (): Promise<unknown> => {
    nowMs += 1_000;
    return await look();
  };
  const known = { cpuCores: 1, pods: 1 };
  expect(await next()).toMatchObject(known);
  user.cluster.faults.errorRate = 1;
  for (let turn = 1; turn < limits.capacityFailuresMax; turn += 1) {
    expect(await next()).toMatchObject(known);
  }
  expect(await next()).toBe("unknown");
  user.cluster.faults.errorRate = 0;
  expect(await next()).toMatchObject(known);
  user.cluster.faults.forbids = (_method, path) => path === "/api/v1/pods";
  expect(await next()).toBe("unknown");
});

it("counts some clusters at once, each once, and forgets the one that is dropped", async () => {
  user.cluster.faults.latencyMs = 50;
  const keys = Array.from({ length: limits.capacityCountsMax + 5 }, (_, index) => `c${index}`);
  for (const key of [...keys, ...keys]) counts.keepUp(key, async () => kube);
  counts.drop("c0");
  await counts.idle();
  expect(heard).toHaveLength(limits.capacityCountsMax - 1);
  expect(heard).not.toContain("c0");
  for (const key of keys) counts.keepUp(key, async () => kube);
  await counts.idle();
  expect(new Set(heard)).toEqual(new Set(keys));
});

it("ends at once when it is disposed of, whatever the cluster does", async () => {
  user.cluster.faults.hangNext(1, { path: "/api/v1/pods" });
  counts.keepUp("a", async () => kube);
  await counts[Symbol.asyncDispose]();
  expect(counts.of("a")).toBeUndefined();
});
