import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { controlPlaneBinaries } from "../control-plane/build.ts";
import { startControlPlane, type ControlPlane } from "../control-plane/control-plane.ts";
import { Rest } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import type { Report } from "./figure.ts";
import { startServer } from "./server.ts";

const turns = 5;

/**
 * An application of 155 objects on a real control plane: from its POST until all of it stands, beside `kubectl apply
 * --server-side` of the same file. Left out, with a word, where neither is built.
 */
export async function benchApply(report: Report): Promise<void> {
  const version = await run("kubectl", ["version", "--client"]);
  if (controlPlaneBinaries() === undefined || version !== 0) {
    process.stdout.write(
      "left out: 155 objects beside kubectl (needs kubectl, and what npm run test:kubernetes builds)\n",
    );
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "octoplane-apply-"));
  try {
    await using plane = await startControlPlane();
    await writeFile(join(folder, "kubeconfig"), plane.kubeconfig);
    const theirs: number[] = [];
    for (let turn = 0; turn < turns; turn += 1) {
      const file = join(folder, `theirs-${turn}.json`);
      const items = objects(`theirs-${turn}`);
      await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
      theirs.push(await timed(() => apply(file, join(folder, "kubeconfig"))));
    }
    const ours = await ourTimes(plane);
    report({
      name: "workloads.apply.155",
      value: median(ours),
      unit: "ms",
      baseline: { name: "kubectl apply --server-side", value: median(theirs) },
      goal: "1 x",
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function ourTimes(plane: ControlPlane): Promise<readonly number[]> {
  await using server = await startServer("apps/standalone/src/main.ts", [
    "--listen",
    "127.0.0.1:0",
    "--log-level",
    "error",
  ]);
  const rest = new Rest(
    () => server.address,
    () => server.token,
  );
  const { parse } = await import("yaml");
  await rest.ok("POST", "/kubernetes/namespaces/bench/clusters", {
    metadata: { name: "real" },
    spec: { kubeconfig: parse(plane.kubeconfig) as object },
  });
  const times: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const name = `ours-${turn}`;
    const path = "/kubernetes/namespaces/bench/applications";
    const spec = { manifest: objects(name), constraints: { cluster: { labels: [] } } };
    times.push(
      await timed(async () => {
        await rest.ok("POST", path, { metadata: { name }, spec });
        await waitFor(`${name} stands`, async () => {
          const { status } = await rest.ok("GET", `${path}/${name}?view=summary`);
          return status.observed_generation === 1;
        });
      }),
    );
  }
  return times;
}

/** As a large chart has them: configuration, accounts and rights above all, and a dozen workloads. */
function objects(name: string): readonly object[] {
  const metadata = (suffix: string) => ({ name: `${name}-${suffix}`, namespace: "default" });
  const each = (count: number, make: (index: number) => object): readonly object[] =>
    Array.from({ length: count }, (_, index) => make(index));
  return [
    ...each(80, (index) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadata(`map-${index}`),
      data: { text: "x".repeat(2_000) },
    })),
    ...each(30, (index) => ({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: metadata(`account-${index}`),
    })),
    ...each(30, (index) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata(`service-${index}`),
      spec: { selector: { app: name }, ports: [{ port: 80 }] },
    })),
    ...each(15, (index) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: metadata(`web-${index}`),
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: `${name}-${index}` } },
        template: {
          metadata: { labels: { app: `${name}-${index}` } },
          spec: { containers: [{ name: "web", image: "registry.example/web:1" }] },
        },
      },
    })),
  ];
}

async function apply(file: string, kubeconfig: string): Promise<void> {
  const words = ["--kubeconfig", kubeconfig, "apply", "--server-side", "-f", file];
  const status = await run("kubectl", words);
  if (status !== 0) throw new Error(`kubectl ended with ${String(status)}`);
}

/** Its exit status; `undefined` when there is no such program. */
async function run(program: string, args: readonly string[]): Promise<number | undefined> {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  return await new Promise((resolve) => {
    child.once("error", () => resolve(undefined));
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
