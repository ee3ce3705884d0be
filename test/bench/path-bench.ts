import { startSim, type Sim } from "@octoplane/kube-sim/start-sim";
import { systemClock } from "@octoplane/shared/clock";
import { systemRandom } from "@octoplane/shared/random";
import { hasEtcd, startEtcd } from "../conformance/etcd-server.ts";
import { openConstellation, type Constellation } from "../constellation.ts";
import { waitFor } from "../wait-for.ts";
import { percentile, type Report } from "./figure.ts";

const base = "/kubernetes/namespaces/bench";

/**
 * The whole way of an application. Octoplane, its clusters and the load share one process here, so the figures are what
 * two cores do for all of them together.
 */
export async function benchPath(report: Report): Promise<void> {
  await onePath(report, "lmdb");
  if (!hasEtcd()) return;
  await using etcd = await startEtcd({ fsync: true });
  await onePath(report, "etcd", etcd.url);
}

async function onePath(report: Report, store: string, storeUrl?: string): Promise<void> {
  const names = Array.from({ length: 100 }, (_, index) => `site-${index}`);
  await using sim = await startSim({
    clusters: names.map((name) => ({ name, readyDelayMs: 10 })),
    clock: systemClock,
    random: systemRandom,
  });
  const settings = { scheduler: {}, cluster_controller: {} };
  await using octoplane = await openConstellation({
    settings,
    ...(storeUrl === undefined ? {} : { storeUrl }),
  });
  await Promise.all(
    names.map((name) =>
      octoplane.rest.ok("POST", `${base}/clusters`, {
        metadata: { name, labels: { site: name } },
        spec: { kubeconfig: sim.cluster(name).kubeconfig },
      }),
    ),
  );
  await waitFor("all clusters are ONLINE", async () => {
    const { items } = await octoplane.rest.ok("GET", `${base}/clusters`);
    return items.every(
      (cluster: { status: { state: string } }) => cluster.status.state === "ONLINE",
    );
  });
  await existence(report, store, { octoplane, sim, names });
  await throughput(report, store, { octoplane, names });
}

/** From the request to the object on the cluster: one at a time, and 100 at once. */
async function existence(
  report: Report,
  store: string,
  world: {
    readonly octoplane: Constellation;
    readonly sim: Sim;
    readonly names: readonly string[];
  },
): Promise<void> {
  const { octoplane, sim, names } = world;
  const one = async (prefix: string, index: number): Promise<number> => {
    const name = `${prefix}-${index}`;
    const site = names[index % names.length]!;
    const began = performance.now();
    await create(octoplane, name, site);
    const cluster = sim.cluster(site);
    const place = { apiVersion: "v1", kind: "ConfigMap", name, namespace: "default" };
    while (cluster.object(place) === undefined) {
      if (performance.now() - began > 30_000) throw new Error(`${name} does not appear on ${site}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return performance.now() - began;
  };
  for (let index = 0; index < 100; index += 1) await one("warm", index);
  const single: number[] = [];
  for (let index = 0; index < 100; index += 1) single.push(await one("single", index));
  const together = await Promise.all(
    Array.from({ length: 100 }, (_, index) => one("together", index)),
  );
  const say = (name: string, value: number, goal?: string): void =>
    report({
      name: `path.${store}.${name}`,
      value,
      unit: "ms",
      ...(goal === undefined ? {} : { goal }),
    });
  say("exists.single.p50", percentile(single, 0.5), "50 ms");
  say("exists.single.p99", percentile(single, 0.99), "300 ms");
  say("exists.together.p50", percentile(together, 0.5));
  say("exists.together.p99", percentile(together, 0.99));
}

/** Applications created, placed and running per second. */
async function throughput(
  report: Report,
  store: string,
  world: { readonly octoplane: Constellation; readonly names: readonly string[] },
): Promise<void> {
  const { octoplane, names } = world;
  const count = 1_000;
  const began = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      for (let index = (next += 1); index <= count; index = next += 1) {
        await create(octoplane, `flow-${index}`, names[index % names.length]!);
      }
    }),
  );
  const settled = await waitFor(
    "all run",
    async () => {
      const { items } = await octoplane.rest.ok("GET", `${base}/applications`);
      const running = items.filter(
        (app: { metadata: { name: string }; status: { state: string } }) =>
          app.metadata.name.startsWith("flow-") && app.status.state === "RUNNING",
      );
      return running.length === count ? performance.now() : undefined;
    },
    { deadlineMs: 120_000 },
  );
  const value = count / ((settled - began) / 1_000);
  report({ name: `path.${store}.running`, value, unit: "/s" });
}

async function create(octoplane: Constellation, name: string, site: string): Promise<void> {
  await octoplane.rest.ok("POST", `${base}/applications`, {
    metadata: { name },
    spec: {
      manifest: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { of: name } }],
      constraints: { cluster: { labels: [`site is ${site}`] } },
    },
  });
}
