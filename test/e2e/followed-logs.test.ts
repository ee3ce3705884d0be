import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import {
  followLogs,
  type FollowEnd,
  type LogMerge,
} from "../../apps/api/src/clusters/log-stream.ts";
import { logSources } from "../../apps/api/src/clusters/log-sources.ts";
import { connectKube } from "@octoplane/kube/http-kube";
import type { Kube } from "@octoplane/kube/kube";
import { kindOf, podsOf } from "@octoplane/kube/owned";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import { startSim, type Sim } from "@octoplane/kube-sim/start-sim";
import { systemClock, type Clock } from "@octoplane/shared/clock";
import { systemRandom } from "@octoplane/shared/random";
import { waitFor } from "../wait-for.ts";
import { meddle, peek } from "./field.ts";
import { runDeployment } from "./streams-field.ts";

/** A log that is followed over what breaks: no line is lost, and none comes twice. */

let sim: Sim;
let cluster: SimCluster;
let kube: Kube;

beforeAll(async () => {
  sim = await startSim({ clock: systemClock, random: systemRandom });
  cluster = sim.addCluster({ name: "edge", readyDelayMs: 10 });
  kube = connectKube(cluster.kubeconfig, { clock: systemClock });
});
afterEach(() => cluster.faults.clear());
afterAll(async () => {
  await kube[Symbol.asyncDispose]();
  await sim[Symbol.asyncDispose]();
});

/** A clock of somebody else's, which runs so much faster that nobody has to wait for it. */
function swiftClock(offsetMs: number): Clock {
  const pace = 50;
  const start = systemClock.monotonic();
  const monotonic = (): number => (systemClock.monotonic() - start) * pace;
  return {
    now: () => systemClock.now() + offsetMs,
    monotonic,
    after: (ms, callback) => systemClock.after(ms / pace, callback),
  };
}

/** Follows the log of a fresh application's one Pod. */
async function follow(
  name: string,
  offsetMs: number,
  query: LogMerge["query"],
  which: "one" | "all" = "one",
  endsWhen: FollowEnd = "never",
) {
  const root = await runDeployment(kube, name, 1);
  const { pods } = await podsOf(kube, [root]);
  const place = { namespace: "default", pod: pods[0]!.pod.metadata.name!, container: "main" };
  const ending = new AbortController();
  const told: string[] = [];
  const choice = {
    pod: which === "one" ? place.pod : undefined,
    workload: undefined,
    container: undefined,
    allContainers: false,
  };
  const end = followLogs(
    {
      kube,
      query: { follow: "true", ...query },
      prefix: false,
      clock: swiftClock(offsetMs),
      signal: ending.signal,
      write: async (bytes) => void told.push(bytes.toString()),
    },
    async () => await logSources(kube, [root], choice, ending.signal),
    () => endsWhen,
  );
  const reads = countReads(place.pod);
  return {
    pod: place.pod,
    reads,
    told: () => told.filter((line) => !line.startsWith("octoplane: ")),
    /** Its own words included, such as that a cluster does not answer. */
    all: () => told,
    write: (text: string) => cluster.writeLog(place, text),
    end,
    stop: async () => {
      ending.abort();
      await end;
    },
  };
}

/** Its process ends by itself, well behind the last line that it has written. */
async function endContainer(pod: string): Promise<void> {
  const [running] = peek(cluster, "Pod", pod).status.containerStatuses;
  const { startedAt } = running.state.running;
  const finishedAt = `${new Date(systemClock.now() + 2_000).toISOString().slice(0, 19)}Z`;
  const terminated = { exitCode: 0, reason: "Completed", startedAt, finishedAt };
  const ended = { ...running, ready: false, started: false, state: { terminated } };
  const status = { phase: "Succeeded", containerStatuses: [ended] };
  await meddle(cluster, `/api/v1/namespaces/default/pods/${pod}/status`, { status });
}

/** How often the log of a Pod has been asked for. */
function countReads(pod: string): () => number {
  let count = 0;
  cluster.traffic.listen(({ path }) => {
    if (path.endsWith(`/${pod}/log`)) count += 1;
  });
  return () => count;
}

/** Cuts what is open; the next two attempts fail as well. */
async function breakOff(log: Awaited<ReturnType<typeof follow>>): Promise<void> {
  const before = log.reads();
  cluster.faults.failNext(2, 500, { path: "/log" });
  cluster.faults.disconnect();
  log.write("meanwhile");
  await waitFor("the attempts", () => log.reads() >= before + 3, { deadlineMs: 20_000 });
}

it.each([
  ["the same time", 0],
  ["an hour later", 3_600_000],
  ["an hour earlier", -3_600_000],
])(
  "what was written while a cluster was away follows, on a clock that tells %s",
  async (_, offset) => {
    const log = await follow(`broken-${offset + 3_600_000}`, offset, {});
    await waitFor("its start", () => log.told().includes("ready\n"));
    log.write("before");
    log.write("before");
    await waitFor(
      "both lines",
      () => log.told().filter((line) => line === "before\n").length === 2,
    );
    await breakOff(log);
    log.write("after");
    await waitFor("the last line", () => log.told().at(-1) === "after\n");
    await log.stop();
    expect(log.told().slice(-4)).toEqual(["before\n", "before\n", "meanwhile\n", "after\n"]);
    expect(log.told().filter((line) => line === "ready\n")).toHaveLength(1);
  },
);

it("nothing is lost of a log from which nothing has come yet", async () => {
  const log = await follow("silent", 0, { tailLines: "0" });
  await waitFor("it is read", () => log.reads() >= 1);
  await breakOff(log);
  await waitFor("the line", () => log.told().includes("meanwhile\n"));
  await log.stop();
  expect(log.told().filter((line) => line === "meanwhile\n")).toHaveLength(1);
});

it("a Pod that comes later is followed from its first line, however few of the others' were asked for", async () => {
  const log = await follow("replaced", 0, { tailLines: "0" }, "all");
  await waitFor("it is read", () => log.reads() >= 1);
  const served = await kindOf(kube, "", "Pod");
  const ref = { served, namespace: "default", name: log.pod };
  await kube.delete(ref, { propagation: "Background" });
  await waitFor("the first line of the next", () => log.told().includes("ready\n"));
  expect(log.told().filter((line) => line.startsWith("starting"))).toHaveLength(1);
  await log.stop();
});

it("a log is neither over nor begun anew because a cluster does not tell its Pods for a while", async () => {
  const log = await follow("hidden", 0, {}, "all", "now");
  await waitFor("its start", () => log.told().includes("ready\n"));
  cluster.faults.failNext(3, 503, { path: "/pods" });
  cluster.faults.disconnect();
  log.write("late");
  await waitFor("the line", () => log.told().includes("late\n"));
  await log.stop();
  expect(log.told().filter((line) => line === "ready\n")).toHaveLength(1);
});

it("the last lines of a container that ends while its cluster is away follow, before the log is over", async () => {
  const log = await follow("ended", 0, {}, "one", "with-pods");
  await waitFor("its start", () => log.told().includes("ready\n"));
  log.write("before");
  await waitFor("the line", () => log.told().includes("before\n"));
  cluster.faults.failNext(2, 500, { path: "/log" });
  cluster.faults.disconnect();
  log.write("last words");
  await endContainer(log.pod);
  await log.end;
  expect(log.told().slice(-3)).toEqual(["before\n", "last words\n", "done: Completed\n"]);
  expect(log.told().filter((line) => line === "before\n")).toHaveLength(1);
});

it("a container that ends in front of its reader is read to its end once, and no line comes twice", async () => {
  const log = await follow("watched", 0, {}, "one", "with-pods");
  await waitFor("its start", () => log.told().includes("ready\n"));
  log.write("before");
  log.write("last words");
  await endContainer(log.pod);
  await log.end;
  expect(log.all().slice(-3)).toEqual(["before\n", "last words\n", "done: Completed\n"]);
  expect(log.all()).toHaveLength(5);
  expect(log.reads()).toBeLessThanOrEqual(2);
});

it("what a cluster does not have any more of a container that has ended is not asked for again", async () => {
  const log = await follow("forgotten", 0, {}, "one", "with-pods");
  await waitFor("its start", () => log.told().includes("ready\n"));
  cluster.faults.forbids = (_, path) => path.endsWith(`/${log.pod}/log`);
  cluster.faults.disconnect();
  await endContainer(log.pod);
  await log.end;
  expect(log.told()).toHaveLength(2);
});
