import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { setCondition } from "@octoplane/kinds/condition";
import { anyKind } from "@octoplane/kinds/kind";
import { GlobalMetricKind } from "@octoplane/kinds/metric";
import { GlobalMetricsProviderKind } from "@octoplane/kinds/metrics-provider";
import { readAs, readInput } from "@octoplane/kinds/read-input";
import { decisionPrefix, partKey } from "@octoplane/resources/keys";
import { readMetricValue } from "@octoplane/resources/metric-values";
import { SchedulerConfigSchema, type SchedulerConfig } from "@octoplane/scheduler/config";
import { start } from "@octoplane/scheduler/start";
import { isoTime, systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { Metrics } from "@octoplane/shared/metrics";
import { openStore } from "@octoplane/store/open";
import type { Store } from "@octoplane/store/store";
import { hasEtcd, startEtcd } from "../conformance/etcd-server.ts";
import { openBench, type Bench } from "../conformance/resources/bench.ts";
import { waitFor } from "../wait-for.ts";
import { perSecond, type Report } from "./figure.ts";

/**
 * How placement grows with the fleet: the scheduler alone, over a real store. Every application is placed once, with its decision
 * record, and then one metric of one cluster changes. The baseline is a bare loop of commits of the same number and size of
 * records on the same store; etcd is spared the largest fleet. `FROM` and `TO` in the environment choose some of the sizes, as
 * numbers in their list.
 */
export async function benchGrowth(report: Report): Promise<void> {
  const points = [
    { clusters: 10, applications: 2_000 },
    { clusters: 100, applications: 4_000 },
    { clusters: 1_000, applications: 10_000 },
    { clusters: 5_000, applications: 10_000 },
    { clusters: 1_000, applications: 100_000 },
  ];
  const { FROM: from = "0", TO: to = `${points.length}` } = process.env;
  const chosen = points.slice(Number(from), Number(to));
  for (const point of chosen) await onLmdb(report, point);
  if (!hasEtcd()) return;
  const largest = points.at(-1);
  for (const point of chosen) if (point !== largest) await onEtcd(report, point);
}

interface Point {
  readonly clusters: number;
  readonly applications: number;
}

async function onLmdb(report: Report, point: Point): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "octoplane-bench-"));
  try {
    const store = await openStore(`lmdb://${folder}`, {}, { clock: systemClock, log: silentLog });
    await measure(report, store, { ...point, on: "lmdb" });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function onEtcd(report: Report, point: Point): Promise<void> {
  await using server = await startEtcd({ fsync: true });
  const store = await openStore(server.url, {}, { clock: systemClock, log: silentLog });
  await measure(report, store, { ...point, on: "etcd" });
}

const namespace = "bench";

async function measure(
  report: Report,
  store: Store,
  point: Point & { readonly on: string },
): Promise<void> {
  await using bench = openBench(store);
  const name = (what: string): string =>
    `growth.${point.on}.${point.clusters}x${point.applications}.${what}`;
  await seed(bench, point);
  const empty = heapBytes();
  const metrics = new Metrics();
  const settings = { reschedule_after: 0, metrics: { interval: 3_600 } };
  const began = performance.now();
  await using _scheduler = await start(readAs<SchedulerConfig>(SchedulerConfigSchema, settings), {
    resources: bench.resources,
    log: silentLog,
    metrics,
  });
  const feed = bench.resources.feed(ApplicationKind);
  await waitFor("every application is placed", () => placedIn(feed.objects), {
    deadlineMs: 600_000,
  });
  const rate = point.applications / ((performance.now() - began) / 1_000);
  const sizes = await sizesOf(store, [...feed.objects.values()][0]!);
  const bare = await bareRate(store, sizes);
  report({
    name: name("placements"),
    value: rate,
    unit: "/s",
    baseline: { name: `commits of ${sizes.length} records of ${sum(sizes)} bytes`, value: bare },
    goal: "0.5 x",
  });
  report({ name: name("memory"), value: (heapBytes() - empty) / 2 ** 20, unit: "MB" });
  await measureChange(report, bench, { metrics, name });
}

/**
 * The metric of the worst cluster gets worse still: it tells how many applications are decided on anew. All whom the new value
 * concerns are woken when it is read, and only then it is written down; nobody comes later.
 */
async function measureChange(
  report: Report,
  bench: Bench,
  { metrics, name }: { readonly metrics: Metrics; readonly name: (what: string) => string },
): Promise<void> {
  const looked = async (): Promise<number> => {
    const { values } = await metrics.counter("octoplane_reconciles_total", "").get();
    return values
      .filter(({ labels }) => labels["controller"] === "scheduler-applications")
      .reduce((total, { value }) => total + value, 0);
  };
  const quiet = async (): Promise<number> => {
    let last = await looked();
    await waitFor("the scheduler is quiet", async () => {
      const before = last;
      await new Promise((resolve) => setTimeout(resolve, 300));
      last = await looked();
      return last === before;
    });
    return last;
  };
  const { metadata } = await bench.resources.of(anyKind(GlobalMetricKind)).mustGet({ name: "m0" });
  const before = await quiet();
  await setValues(bench, (values) => ({ ...values, m0: 0 }));
  await waitFor(
    "the new value is written down",
    async () => (await readMetricValue(bench.store, metadata.uid))?.value === 0,
    { deadlineMs: 60_000 },
  );
  report({ name: name("change.decisions"), value: (await quiet()) - before, unit: "" });
}

/**
 * Each cluster has a metric of its own, the first of them the worst and the last the best, and lies in one of 50 zones, or alone
 * in its own where there are fewer clusters. The applications are spread evenly over the zones: a constraint binds each to one.
 */
async function seed(bench: Bench, { clusters, applications }: Point): Promise<void> {
  const values: Record<string, number> = {};
  for (let index = 0; index < clusters; index += 1) values[`m${index}`] = (index + 1) / clusters;
  await bench.resources
    .of(anyKind(GlobalMetricsProviderKind))
    .create(providerOf(values), namespace);
  await many(clusters, async (index) => {
    const metric = `m${index}`;
    const spec = { allowed_values: [], min: 0, max: 1, provider: { name: "values", metric } };
    const body = readInput(anyKind(GlobalMetricKind), { metadata: { name: metric }, spec });
    await bench.resources.of(anyKind(GlobalMetricKind)).create(body, namespace);
    await createCluster(bench, index);
  });
  await many(applications, async (index) => {
    const constraints = { cluster: { labels: [`zone is z${index % Math.min(clusters, 50)}`] } };
    const metadata = { name: `app-${index}` };
    const manifest = [{ apiVersion: "v1", kind: "ConfigMap", metadata }];
    const body = readInput(anyKind(ApplicationKind), { metadata, spec: { manifest, constraints } });
    await bench.resources.of(ApplicationKind).create(body, namespace);
  });
}

async function createCluster(bench: Bench, index: number): Promise<void> {
  const name = `cluster-${index}`;
  const clusters = bench.resources.of(ClusterKind);
  const body = readInput(anyKind(ClusterKind), {
    metadata: { name, labels: { zone: `z${index % 50}`, region: `r${index % 7}` } },
    spec: { kubeconfig: kubeconfig(name), metrics: [{ name: `m${index}`, weight: 1 }] },
  });
  const { metadata } = await clusters.create(body, namespace);
  await clusters.updateStatus({ namespace, name }, metadata.uid, (current) => ({
    status: {
      ...current.status,
      conditions: [
        ...setCondition(
          current.status.conditions,
          {
            type: "Reachable",
            status: "True",
            reason: "Answers",
            message: "",
            observed_generation: 1,
          },
          isoTime(systemClock.now()),
        ),
      ],
    },
  }));
}

function kubeconfig(name: string): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server: "https://127.0.0.1:6443" } }],
    users: [{ name, user: { token: "token" } }],
  };
}

function providerOf(values: Readonly<Record<string, number>>) {
  return readInput(anyKind(GlobalMetricsProviderKind), {
    metadata: { name: "values" },
    spec: { type: "static", static: { metrics: values } },
  });
}

async function setValues(
  bench: Bench,
  change: (values: Readonly<Record<string, number>>) => Readonly<Record<string, number>>,
): Promise<void> {
  const providers = bench.resources.of(anyKind(GlobalMetricsProviderKind));
  const { spec } = (await providers.mustGet({ name: "values" })) as unknown as {
    readonly spec: { readonly static: { readonly metrics: Readonly<Record<string, number>> } };
  };
  await providers.update({ name: "values" }, providerOf(change(spec.static.metrics)));
}

function placedIn(objects: ReadonlyMap<string, Application>): boolean {
  for (const { status } of objects.values()) if (status.scheduled_to === null) return false;
  return objects.size > 0;
}

/** The bytes of what a placement writes: the status, the decision, the event. */
async function sizesOf(store: Store, app: Application): Promise<readonly number[]> {
  const { uid, name } = app.metadata;
  const status = await store.get(partKey(anyKind(ApplicationKind), { namespace, name }, "status"));
  const { entries } = await store.list(decisionPrefix(uid));
  return [status!.value.length, ...entries.slice(0, 1).map(({ value }) => value.length), 300];
}

async function bareRate(store: Store, sizes: readonly number[]): Promise<number> {
  const values = sizes.map((size) => Buffer.alloc(size, "x"));
  return await perSecond(256, async (index) => {
    const writes = values.map((value, part) => ({ key: `/bare/${index}/${part}`, value }));
    await store.commit([{ key: `/bare/${index}/0`, revision: 0n }], writes);
  });
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

/** After everything that nobody needs is gone. */
function heapBytes(): number {
  setFlagsFromString("--expose_gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

async function many(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: 128 }, async () => {
      for (let index = next; index < count; index = next) {
        next += 1;
        await work(index);
      }
    }),
  );
}
