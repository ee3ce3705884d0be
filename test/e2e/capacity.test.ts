import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { clusters, meddle, openField, type Field } from "./field.ts";
import { echo } from "./manifests.ts";

/** What clusters have free, from the Pods on them to decisions and metrics. */

let field: Field;
beforeAll(async () => {
  field = await openField({ cluster_controller: { probe_interval: 0.1, capacity_interval: 0.1 } });
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

async function status({ name }: SimCluster): Promise<Json> {
  return (await field.rest.ok("GET", `${clusters}/${name}`)).status;
}

async function untilFree(cluster: SimCluster, cores: number): Promise<Json> {
  let last: Json;
  return await waitFor(
    `${cores} cores are free`,
    async () => {
      last = (await status(cluster)).capacity;
      return last?.cpu_free_cores === cores && last;
    },
    { deadlineMs: 30_000, seen: () => last },
  );
}

function requesting(name: string, cpu: string, replicas = 1): Json[] {
  const [deployment] = echo(name, { replicas });
  deployment.spec.template.spec.containers[0].resources = { requests: { cpu, memory: "64Mi" } };
  return [deployment];
}

const nodeSize = { cpu: "2", memory: "4Gi", pods: "20" };

describe("what is free on a cluster", () => {
  it("is what its Pods leave, whoever made them, and what is over holds nothing", async () => {
    const cluster = await field.cluster({ nodes: 2, nodeSize });
    await untilFree(cluster, 4);
    const app = await field.create(requesting("web", "500m", 3), cluster);
    await field.untilRuns(app, cluster);
    const capacity = await untilFree(cluster, 2.5);
    expect(capacity).toMatchObject({
      memory_free_bytes: 8 * 2 ** 30 - 3 * 64 * 2 ** 20,
      pods_free: 37,
    });
    const spec = { containers: [{ name: "c", image: "x", resources: { requests: { cpu: "1" } } }] };
    const metadata = { name: "stranger", namespace: "default" };
    const path = "/api/v1/namespaces/default/pods";
    const pod = { apiVersion: "v1", kind: "Pod", metadata, spec };
    await meddle(cluster, path, pod, { method: "POST" });
    await untilFree(cluster, 1.5);
    await meddle(cluster, `${path}/stranger`, {}, { method: "DELETE" });
    await untilFree(cluster, 2.5);
    await field.remove(app);
    await untilFree(cluster, 4);
  });

  it("keeps away what does not fit, until there is room", async () => {
    const cluster = await field.cluster({ nodeSize });
    await untilFree(cluster, 2);
    const first = await field.create(requesting("first", "1500m"), cluster);
    await field.untilRuns(first, cluster);
    const second = await field.create(requesting("second", "1"), cluster);
    await field.until(second, "waits", ({ state }) => state === "DEGRADED");
    const [decision] = (
      await field.rest.ok(
        "GET",
        `/kubernetes/namespaces/system:admin/applications/${second}/decisions`,
      )
    ).items;
    const row = decision.candidates.find((one: Json) => one.cluster.name === cluster.name);
    expect(row.verdicts.find(({ fits }: Json) => !fits)).toMatchObject({
      filter: "capacity",
      reason: "TooLittleFree",
    });
    await field.remove(first);
    await field.untilRuns(second, cluster);
    await field.remove(second);
  });

  it("is not known of a cluster whose Pods nobody may list, and then keeps nothing away", async () => {
    const cluster = await field.cluster({ nodeSize });
    cluster.faults.forbids = (_method, path) => path === "/api/v1/pods";
    await waitFor("what is free is unknown", async () => {
      const { capacity } = await status(cluster);
      return capacity.cpu_cores === 2 && capacity.cpu_free_cores === undefined;
    });
    const app = await field.create(requesting("large", "100"), cluster);
    await field.until(app, "is placed", ({ scheduled_to: to }) => to?.name === cluster.name);
  });

  it("and how long it takes to answer are values of metrics", async () => {
    const cluster = await field.cluster({ nodeSize });
    await untilFree(cluster, 2);
    const core = "/core";
    const [provider, free, latency] = ["own", "free", "latency"].map((name) => field.fresh(name));
    await field.rest.ok("POST", `${core}/globalmetricsproviders`, {
      metadata: { name: provider },
      spec: { type: "cluster", cluster: {} },
    });
    for (const [name, metric] of [
      [free, "cpu.free"],
      [latency, "api.latency"],
    ]) {
      await field.rest.ok("POST", `${core}/globalmetrics`, {
        metadata: { name },
        spec: { min: 0, max: 100_000, provider: { name: provider, metric } },
      });
    }
    await field.rest.change(`${clusters}/${cluster.name}`, (body) => {
      body.spec.metrics = [free, latency].map((name) => ({ name, weight: 1, namespaced: false }));
    });
    const value = async (name: string): Promise<number> =>
      await waitFor(
        `a value of ${name}`,
        async () =>
          (await field.rest.ok("GET", `${core}/globalmetrics/${name}/value`)).clusters?.[0]?.value,
      );
    expect(await value(free!)).toBe(2);
    expect(await value(latency!)).toBeGreaterThan(0);
  });
});
