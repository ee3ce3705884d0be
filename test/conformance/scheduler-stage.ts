import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import { setCondition, type Condition } from "@octoplane/kinds/condition";
import { anyKind } from "@octoplane/kinds/kind";
import { GlobalMetricKind, MetricKind } from "@octoplane/kinds/metric";
import { GlobalMetricsProviderKind, MetricsProviderKind } from "@octoplane/kinds/metrics-provider";
import { readAs, readInput } from "@octoplane/kinds/read-input";
import { kindNamed } from "@octoplane/kinds/registry";
import { readDecisions } from "@octoplane/resources/decision-log";
import { SchedulerConfigSchema, type SchedulerConfig } from "@octoplane/scheduler/config";
import { start } from "@octoplane/scheduler/start";
import { isoTime, systemClock } from "@octoplane/shared/clock";
import type { Running } from "@octoplane/shared/lifecycle";
import { silentLog } from "@octoplane/shared/log";
import { Metrics } from "@octoplane/shared/metrics";
import { openStore } from "@octoplane/store/open";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import {
  applicationBody,
  bodyOf,
  clusterBody,
  namespace,
  openBench,
  type Bench,
} from "./resources/bench.ts";

/** The scheduler alone, over a real store: clusters are what their status says. */
export class Stage implements AsyncDisposable {
  readonly bench: Bench;
  readonly #folder: string;
  #scheduler: Running | undefined;

  constructor(bench: Bench, folder: string) {
    this.bench = bench;
    this.#folder = folder;
  }

  static async open(): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), "octoplane-scheduler-"));
    const store = await openStore(`lmdb://${folder}`, {}, { clock: systemClock, log: silentLog });
    return new Stage(openBench(store), folder);
  }

  async schedule(config: object = {}): Promise<void> {
    const settings = { reschedule_after: 0.4, metrics: { interval: 0.05 }, ...config };
    this.#scheduler = await start(readAs<SchedulerConfig>(SchedulerConfigSchema, settings), {
      resources: this.bench.resources,
      log: silentLog,
      metrics: new Metrics(),
    });
  }

  /** A second scheduler over the same store, as another process has it. */
  async another(config: object = {}): Promise<Running> {
    const settings = { reschedule_after: 0.4, metrics: { interval: 0.05 }, ...config };
    return await start(readAs<SchedulerConfig>(SchedulerConfigSchema, settings), {
      resources: this.bench.another(),
      log: silentLog,
      metrics: new Metrics(),
    });
  }

  async stop(): Promise<void> {
    await this.#scheduler?.[Symbol.asyncDispose]();
    this.#scheduler = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.bench[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get apps() {
    return this.bench.resources.of(ApplicationKind);
  }

  get clusters() {
    return this.bench.resources.of(ClusterKind);
  }

  async app(name: string, spec: object = {}, place = namespace): Promise<void> {
    await this.apps.create(applicationBody(name, { spec }), place);
  }

  async cluster(
    name: string,
    more: { labels?: object; metrics?: readonly object[]; place?: string; online?: boolean } = {},
  ): Promise<void> {
    const place = more.place ?? namespace;
    const body: Json = structuredClone(clusterBody(name));
    body.metadata.labels = more.labels ?? {};
    body.spec.metrics = more.metrics ?? [];
    await this.clusters.create(bodyOf(anyKind(ClusterKind), body), place);
    if (more.online !== false) await this.setReachable(name, "True", place);
  }

  async setReachable(name: string, status: Condition["status"], place = namespace): Promise<void> {
    const ref = { namespace: place, name };
    const { metadata } = await this.clusters.mustGet(ref);
    await this.clusters.updateStatus(ref, metadata.uid, (current) => ({
      status: {
        ...current.status,
        conditions: [
          ...setCondition(
            current.status.conditions,
            { type: "Reachable", status, reason: "Test", message: "", observed_generation: 1 },
            isoTime(Date.now()),
          ),
        ],
      },
    }));
  }

  /** Changes the specification, or the metadata, of a resource, whatever else changes meanwhile. */
  async change(
    kindName: "Application" | "Cluster",
    name: string,
    edit: (body: Json) => void,
  ): Promise<void> {
    const kind = kindNamed("kubernetes", kindName)!;
    const repository = this.bench.resources.of(kind);
    const body: Json = structuredClone(await repository.mustGet({ namespace, name }));
    delete body.metadata.resource_version;
    delete body.metadata.modified;
    edit(body);
    await repository.update({ namespace, name }, readInput(kind, body));
  }

  /** A static provider with a metric of each of its values, in the namespace or global. */
  async values(
    provider: string,
    values: Readonly<Record<string, number>>,
    global = true,
  ): Promise<void> {
    const kind = anyKind(global ? GlobalMetricsProviderKind : MetricsProviderKind);
    const spec = { type: "static", static: { metrics: values } };
    const body = readInput(kind, { metadata: { name: provider }, spec });
    const repository = this.bench.resources.of(kind);
    const ref = global ? { name: provider } : { namespace, name: provider };
    if (await repository.get(ref)) await repository.update(ref, body);
    else await repository.create(body, namespace);
    for (const name of Object.keys(values)) await this.metric(name, provider, name, global);
  }

  async metric(name: string, provider: string, expression = name, global = true): Promise<void> {
    const kind = anyKind(global ? GlobalMetricKind : MetricKind);
    const repository = this.bench.resources.of(kind);
    if (await repository.get(global ? { name } : { namespace, name })) return;
    const spec = {
      allowed_values: [],
      min: 0,
      max: 1,
      provider: { name: provider, metric: expression },
    };
    await repository.create(readInput(kind, { metadata: { name }, spec }), namespace);
  }

  async untilApp(
    name: string,
    what: string,
    holds: (app: Application) => boolean,
    place = namespace,
  ): Promise<Application> {
    let last: Application | undefined;
    return await waitFor(
      `${name} ${what}`,
      async () => {
        last = await this.apps.get({ namespace: place, name });
        return last && holds(last) ? last : undefined;
      },
      { deadlineMs: 10_000, seen: () => last?.status },
    );
  }

  async untilOn(name: string, cluster: string, place = namespace): Promise<Application> {
    return await this.untilApp(
      name,
      `on ${cluster}`,
      (app) => app.status.scheduled_to?.name === cluster,
      place,
    );
  }

  async untilCluster(name: string, holds: (cluster: Cluster) => boolean): Promise<Cluster> {
    let last: Cluster | undefined;
    return await waitFor(
      name,
      async () => {
        last = await this.clusters.get({ namespace, name });
        return last && holds(last) ? last : undefined;
      },
      { deadlineMs: 10_000, seen: () => last?.status },
    );
  }

  async decisions(name: string) {
    const app = await this.apps.mustGet({ namespace, name });
    return await readDecisions(this.bench.store, app.metadata.uid);
  }
}
