import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { waitFor } from "../wait-for.ts";
import { deployment, manifestText } from "./manifests.ts";
import { openRokField, type RokField } from "./rok-field.ts";

/** What Pods and nodes use, at the command line. */

const resources = {
  requests: { cpu: "100m", memory: "64Mi" },
  limits: { cpu: "200m", memory: "128Mi" },
};
const shop = manifestText([
  deployment("web", {
    replicas: 2,
    containers: [
      { name: "main", image: "example.org/web:1", resources },
      { name: "side", image: "example.org/side:1" },
    ],
  }),
  deployment("idle", { containers: [{ name: "main", image: "example.org/does-not-exist:1" }] }),
]);

let field: RokField;

interface Usage {
  readonly name: string;
  readonly measured: string | null;
  readonly used: { readonly cpu_cores: number | null; readonly memory_bytes: number | null };
}

const usages = async (line: string): Promise<readonly Usage[]> =>
  JSON.parse((await field.good(`${line} -o json`)).out) as readonly Usage[];

const cellsOf = (out: string): readonly (readonly string[])[] =>
  out
    .trimEnd()
    .split("\n")
    .map((row) => row.split(/ {2,}/));

beforeAll(async () => {
  field = await openRokField(["edge"], { files: { "shop.yaml": shop } });
  await field.good("kube cluster register -k edge.yaml --wait");
  await field.good("kube app create shop -f shop.yaml");
  await waitFor("three Pods, two of which are ready", async () => {
    const { status, out } = await field.rok("kube app pods shop -o json");
    const pods = status === 0 ? (JSON.parse(out) as { ready: string; reason: string }[]) : [];
    return pods.length === 3 && pods.filter(({ ready }) => ready === "2/2").length === 2;
  });
});

afterAll(async () => await field?.[Symbol.asyncDispose]());

describe("a cluster that measures nothing", () => {
  test("says so, and what to install", async () => {
    for (const line of ["kube app top shop", "kube cluster top edge"]) {
      const { status, err } = await field.rok(line);
      expect([line, status]).toEqual([line, exitStatus.refused]);
      expect(err).toContain("cluster edge does not tell what its");
      expect(err).toContain("install metrics-server");
    }
  });
});

describe("a cluster that got metrics-server", () => {
  beforeAll(() => void (field.sim.cluster("edge").settings.metrics = true));

  test("tells what the Pods of an application use, beside what they request", async () => {
    const [titles, ...rows] = cellsOf((await field.good("kube app top shop")).out);
    expect(titles).toEqual(
      "pod,workload,cpu,cpu request,cpu %,memory,memory request,memory %".split(","),
    );
    const pods = rows.filter(([name]) => name?.startsWith("web-"));
    expect(pods).toHaveLength(2);
    for (const [, workload, cpu, cpuRequest, cpuShare, memory, memoryRequest] of pods) {
      expect([workload, cpuRequest, memoryRequest]).toEqual(["Deployment/web", "100m", "64Mi"]);
      expect([cpu, memory]).toEqual([
        expect.stringMatching(/^\d+m$/),
        expect.stringMatching(/^\d+Mi$/),
      ]);
      const share = Number.parseInt(cpuShare!, 10) - Number.parseInt(cpu!, 10);
      expect(Math.abs(share)).toBeLessThanOrEqual(1);
    }
    // It has never run.
    expect(rows.filter(([name]) => name?.startsWith("idle-"))).toEqual([
      [expect.stringMatching(/^idle-/), "Deployment/idle"],
    ]);
  });

  test("tells of containers, in order of what they use, and all together", async () => {
    const line = "kube app top shop --containers --sort-by memory --sum";
    const [titles, ...rows] = cellsOf((await field.good(line)).out);
    expect(titles?.slice(0, 3)).toEqual(["pod", "container", "workload"]);
    expect(rows.map(([, container]) => container).filter((one) => one === "side")).toHaveLength(2);
    const [all, ...containers] = rows.toReversed();
    expect(all?.[0]).toBe("all");
    const used = containers
      .toReversed()
      .flatMap((row) => row.filter((cell) => /^\d+Mi$/.test(cell)).slice(0, 1))
      .map((cell) => Number.parseInt(cell, 10));
    expect(used).toHaveLength(4);
    expect(used).toEqual(used.toSorted((left, right) => right - left));
    const sum = used.reduce((left, right) => left + right, 0);
    const told = Number.parseInt(all?.find((cell) => cell.endsWith("Mi")) ?? "", 10);
    expect(told - sum).toBeGreaterThanOrEqual(0);
    expect(told - sum).toBeLessThanOrEqual(used.length);
  });

  test("tells the same to programs, in plain numbers", async () => {
    const pods = await usages("kube app top shop --sort-by cpu");
    expect(await usages("kube app top shop --sort-by cpu --cluster edge")).toEqual(
      pods.map((pod) => ({ ...pod, measured: pod.measured && expect.any(String) })),
    );
    const cores = pods.map(({ used }) => used.cpu_cores);
    expect(cores[0]).toBeGreaterThan(cores[1] ?? Infinity);
    expect(cores[2]).toBeNull();
    expect(pods[0]).toMatchObject({
      cluster: "edge",
      measured: expect.stringMatching(/Z$/),
      requests: { cpu_cores: 0.1, memory_bytes: 64 * 2 ** 20 },
      limits: { cpu_cores: null, memory_bytes: null },
      containers: [
        { name: "main", limits: { cpu_cores: 0.2, memory_bytes: 128 * 2 ** 20 } },
        { name: "side", requests: { cpu_cores: null, memory_bytes: null } },
      ],
    });
  });

  test("tells what its nodes use, of what they have", async () => {
    const [titles, ...rows] = cellsOf((await field.good("kube cluster top edge")).out);
    expect(titles).toEqual(["node", "cpu", "cpu %", "memory", "memory %"]);
    expect(rows).toEqual([
      [
        "edge-node-0",
        expect.stringMatching(/^\d+m$/),
        expect.stringMatching(/^\d+%$/),
        expect.stringMatching(/^\d+Mi$/),
        expect.stringMatching(/^\d+%$/),
      ],
    ]);
    const [node] = await usages("kube cluster top edge");
    expect(node).toMatchObject({ capacity: { cpu_cores: 32, memory_bytes: 2 ** 38 } });
    const pods = await usages("kube app top shop");
    const ofPods = pods.reduce((sum, { used }) => sum + (used.cpu_cores ?? 0), 0);
    expect(node?.used.cpu_cores).toBeGreaterThan(ofPods);
    expect((await field.good("kube cluster top edge -o name")).out).toBe("node/edge-node-0\n");
  });

  test("says so when what measures does not answer, and when it is gone again", async () => {
    const { faults, settings } = field.sim.cluster("edge");
    faults.silentGroups.add("metrics.k8s.io");
    const silent = await field.rok("kube app top shop");
    expect(silent).toMatchObject({ status: exitStatus.unreachable });
    expect(silent.err).toContain("cluster edge");
    faults.silentGroups.clear();
    settings.metrics = false;
    const gone = await field.rok("kube cluster top edge");
    expect([gone.status, gone.err]).toEqual([
      exitStatus.refused,
      expect.stringContaining("install metrics-server"),
    ]);
    expect((await field.rok("kube app top nothing")).status).toBe(exitStatus.notFound);
    expect((await field.rok("kube app top shop --sort-by disk")).status).toBe(exitStatus.usage);
  });
});
