import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { startSim, type Sim } from "@octoplane/kube-sim/start-sim";
import { systemClock } from "@octoplane/shared/clock";
import { systemRandom } from "@octoplane/shared/random";
import { benchApply } from "./apply-bench.ts";
import { percentile, type Report } from "./figure.ts";
import type { LargeWriting } from "./large-writer.ts";
import { Rest } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { startServer, type BenchServer } from "./server.ts";

const main = "apps/standalone/src/main.ts";
const flags = ["--listen", "127.0.0.1:0", "--log-level", "error"];
const path = "/kubernetes/namespaces/bench/applications";

/** Many applications at rest, large ones that are written while others read, and one of 155 objects beside kubectl. */
export async function benchWorkloads(report: Report): Promise<void> {
  const names = Array.from({ length: 20 }, (_, index) => `site-${index}`);
  await using sim = await startSim({
    clusters: names.map((name) => ({ name, readyDelayMs: 10 })),
    clock: systemClock,
    random: systemRandom,
  });
  {
    await using server = await startServer(main, flags);
    const rest = new Rest(
      () => server.address,
      () => server.token,
    );
    for (const name of names) {
      await rest.ok("POST", "/kubernetes/namespaces/bench/clusters", {
        metadata: { name, labels: { site: name } },
        spec: { kubeconfig: sim.cluster(name).kubeconfig },
      });
    }
    await benchRest(report, { sim, server, rest, names });
    await benchLarge(report, server, rest);
  }
  await benchApply(report);
}

interface Field {
  readonly sim: Sim;
  readonly server: BenchServer;
  readonly rest: Rest;
  readonly names: readonly string[];
}

const seconds = 30;

/** 1,000 applications of 12 objects: what they cost when nothing happens. */
async function benchRest(report: Report, { sim, server, rest, names }: Field): Promise<void> {
  for (let first = 0; first < 1_000; first += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const name = `app-${first + index}`;
        const labels = [`site is ${names[(first + index) % names.length]}`];
        const spec = { manifest: twelve(name), constraints: { cluster: { labels } } };
        await rest.ok("POST", path, { metadata: { name }, spec });
      }),
    );
  }
  await untilAllRun(rest);
  let asked = 0;
  const unlisten = names.map((name) =>
    sim.cluster(name).traffic.listen(({ isWatch, path: asking }) => {
      // Clusters are probed, applications or not.
      if (!isWatch && /configmaps|services|deployments/.test(asking)) asked += 1;
    }),
  );
  const before = await cpuSeconds(server.pid);
  await pass(seconds * 1_000);
  const share = ((await cpuSeconds(server.pid)) - before) / seconds;
  for (const end of unlisten) end();
  report({ name: "workloads.rest.cpu", value: share * 100, unit: "%", goal: "5 % of a core" });
  report({ name: "workloads.rest.requests", value: asked, unit: "", goal: "none" });
}

/** How long a small object is waited for while one of 2 MB is written and listed over and over. */
async function benchLarge(report: Report, server: BenchServer, rest: Rest): Promise<void> {
  const manifest = Array.from({ length: 155 }, (_, index) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `part-${index}`, namespace: "default" },
    data: { text: `${index} `.repeat(4_500) },
  }));
  const nowhere = { cluster: { labels: ["site is nowhere"] } };
  const large = (backoff_delay: number) =>
    JSON.stringify({
      metadata: { name: "large" },
      spec: { manifest, constraints: nowhere, backoff_delay },
    });
  await rest.ok("POST", path, JSON.parse(large(1)));
  const alone = await waits(rest, async () => await pass(3_000));
  const { address, token } = server;
  const workerData: LargeWriting = {
    address,
    token,
    path: `${path}/large`,
    list: `${path}?fieldSelector=metadata.name=large`,
    bodies: [large(2), large(3)],
    seconds: 10,
  };
  const beside = await waits(rest, async () => {
    const writer = new Worker(new URL("large-writer.ts", import.meta.url), { workerData });
    await once(writer, "exit");
  });
  report({
    name: "workloads.large.get.p99",
    value: percentile(beside, 0.99),
    unit: "ms",
    baseline: { name: "p99 without it", value: percentile(alone, 0.99) },
    goal: "50 ms",
  });
}

/** Milliseconds of every read of a small object, one after the other, for as long as the work takes. */
async function waits(rest: Rest, work: () => Promise<void>): Promise<readonly number[]> {
  const samples: number[] = [];
  let isOver = false;
  const reading = (async () => {
    while (!isOver) {
      const began = performance.now();
      await rest.ok("GET", `${path}/app-1`);
      samples.push(performance.now() - began);
    }
  })();
  try {
    await work();
  } finally {
    isOver = true;
    await reading;
  }
  return samples;
}

function twelve(name: string): readonly object[] {
  const labels = { app: name };
  const configuration = Array.from({ length: 9 }, (_, index) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `${name}-${index}`, namespace: "default" },
    data: { key: "value" },
  }));
  const service = (suffix: string) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: `${name}${suffix}`, namespace: "default" },
    spec: { selector: labels, ports: [{ port: 80 }] },
  });
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "web", image: "registry.example/web:1" }] },
      },
    },
  };
  return [...configuration, service(""), service("-admin"), deployment];
}

async function untilAllRun(rest: Rest): Promise<void> {
  await waitFor(
    "all applications run",
    async () => {
      const { items } = await rest.ok("GET", `${path}?view=summary`);
      return items.every((app: { status: { state: string } }) => app.status.state === "RUNNING");
    },
    { deadlineMs: 300_000 },
  );
}

/** CPU time of a process (proc(5), /proc/pid/stat, fields 14 and 15), in clock ticks of 10 ms. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function pass(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
