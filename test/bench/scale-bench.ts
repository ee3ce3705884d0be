import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSim, type Sim } from "@octoplane/kube-sim/start-sim";
import { systemClock } from "@octoplane/shared/clock";
import { systemRandom } from "@octoplane/shared/random";
import { Rest } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import type { Report } from "./figure.ts";
import { startServer } from "./server.ts";

const sample = JSON.parse(readFileSync(join(import.meta.dirname, "application.json"), "utf8")) as {
  readonly spec: object;
};
const clusters = 1_000;
const applications = 10_000;
const main = "apps/standalone/src/main.ts";
const flags = ["--listen", "127.0.0.1:0", "--log-level", "error"];

/** Memory with 1,000 clusters and 10,000 applications, and the time until it is ready again after a restart with those. */
export async function benchScale(report: Report): Promise<void> {
  const names = Array.from({ length: clusters }, (_, index) => `site-${index}`);
  await using sim = await startSim({
    clusters: names.map((name) => ({ name, readyDelayMs: 10 })),
    clock: systemClock,
    random: systemRandom,
  });
  const dataDir = await mkdtemp(join(tmpdir(), "octoplane-bench-"));
  try {
    await measure(report, sim, names, dataDir);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measure(
  report: Report,
  sim: Sim,
  names: readonly string[],
  dataDir: string,
): Promise<void> {
  const first = await startServer(main, flags, { dataDir });
  report({ name: "scale.memory.empty", value: await first.memory(), unit: "MB" });
  const rest = new Rest(
    () => first.address,
    () => first.token,
  );
  await many(names.length, async (index) => {
    const name = names[index]!;
    const metadata = { name, labels: { location: "DE", site: name } };
    await rest.ok("POST", "/kubernetes/namespaces/bench/clusters", {
      metadata,
      spec: { kubeconfig: sim.cluster(name).kubeconfig },
    });
  });
  await many(applications, async (index) => {
    const name = `app-${index}`;
    const labels = [`site is ${names[index % names.length]}`];
    const spec = { ...renamed(name), constraints: { cluster: { labels } } };
    await rest.ok("POST", "/kubernetes/namespaces/bench/applications", {
      metadata: { name },
      spec,
    });
  });
  await settle(rest);
  report({ name: "scale.memory.1000x10000", value: await first.memory(), unit: "MB" });
  await first[Symbol.asyncDispose]();
  const began = performance.now();
  await using second = await startServer(main, flags, { dataDir });
  const again = new Rest(
    () => second.address,
    () => second.token,
  );
  await again.ok("GET", "/kubernetes/namespaces/bench/applications/app-0");
  report({ name: "scale.restart.ready", value: (performance.now() - began) / 1_000, unit: "s" });
  await waitFor(
    "a new application runs after the restart",
    async () => {
      await again.call("POST", "/kubernetes/namespaces/bench/applications", {
        metadata: { name: "after" },
        spec: { ...renamed("after"), constraints: { cluster: { labels: ["site is site-1"] } } },
      });
      const { body } = await again.call("GET", "/kubernetes/namespaces/bench/applications/after");
      return body.status?.state === "RUNNING";
    },
    { deadlineMs: 120_000 },
  );
  report({ name: "scale.restart.working", value: (performance.now() - began) / 1_000, unit: "s" });
}

function renamed(name: string): object {
  return JSON.parse(JSON.stringify(sample.spec).replaceAll("echo-demo", name)) as object;
}

async function settle(rest: Rest): Promise<void> {
  await waitFor(
    "all applications run",
    async () => {
      for (let next: string | undefined = ""; next !== undefined;) {
        const page: string = next === "" ? "" : `&continue=${next}`;
        const { items, metadata } = await rest.ok(
          "GET",
          `/kubernetes/applications?limit=1000${page}`,
        );
        if (items.some((app: { status: { state: string } }) => app.status.state !== "RUNNING"))
          return undefined;
        next = metadata.continue;
      }
      return true;
    },
    { deadlineMs: 300_000 },
  );
}

async function many(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      for (let index = next; index < count; index = next) {
        next += 1;
        await work(index);
      }
    }),
  );
}
