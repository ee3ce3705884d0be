import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import type { Field } from "./field.ts";

/** What a cluster is registered with: `metrics` and `globalMetrics` by name, each with its weight. */
interface ClusterWishes {
  readonly labels?: Readonly<Record<string, string>>;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly globalMetrics?: Readonly<Record<string, number>>;
  /** False: it answers nobody from the beginning. */
  readonly isReachable?: boolean;
}

/** How to find a metrics provider or a metric in its scope. */
type Scope = "namespaced" | "global";

/**
 * A namespace of its own on a field, for one test among many at once: applications are placed on clusters of their namespace
 * only. It speaks as Krake's clients do: whole objects, read, changed and sent back.
 */
export class Tenant {
  readonly field: Field;
  readonly namespace: string;

  constructor(field: Field, namespace = field.fresh("tenant")) {
    this.field = field;
    this.namespace = namespace;
  }

  get rest(): Field["rest"] {
    return this.field.rest;
  }

  path(plural: "applications" | "clusters", name?: string): string {
    const all = `/kubernetes/namespaces/${this.namespace}/${plural}`;
    return name === undefined ? all : `${all}/${name}`;
  }

  /** Registers a cluster, and waits until it is in the state in which it can be. */
  async cluster(name: string, wishes: ClusterWishes = {}, state = "ONLINE"): Promise<SimCluster> {
    const { labels = {}, metrics = {}, globalMetrics = {}, isReachable = true } = wishes;
    const sim = this.field.sim.addCluster({ name: `${this.namespace}-${name}`, readyDelayMs: 5 });
    sim.faults.offline = !isReachable;
    const spec = {
      kubeconfig: sim.kubeconfig,
      metrics: [...refs(metrics, true), ...refs(globalMetrics, false)],
    };
    await this.rest.ok("POST", this.path("clusters"), { metadata: { name, labels }, spec });
    await this.untilCluster(name, state);
    return sim;
  }

  async untilCluster(name: string, state: string): Promise<Json> {
    let last: Json;
    return await waitFor(
      `${name} is ${state}`,
      async () => {
        last = await this.rest.ok("GET", this.path("clusters", name));
        return last.status.state === state && last;
      },
      { seen: () => last?.status },
    );
  }

  /** A static provider with these values, and a metric from 0 to 1 for each, called as the value is. */
  async values(
    provider: string,
    values: Readonly<Record<string, number>>,
    scope: Scope = "namespaced",
  ): Promise<void> {
    await this.provider(provider, { type: "static", static: { metrics: values } }, scope);
    for (const name of Object.keys(values)) await this.metric(name, provider, scope);
  }

  async provider(name: string, spec: object, scope: Scope = "namespaced"): Promise<void> {
    const path = this.#core("metricsproviders", scope);
    await this.rest.ok("POST", path, { metadata: { name }, spec });
  }

  async metric(
    name: string,
    provider: string,
    scope: Scope = "namespaced",
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    const { metric = name, ...rest } = more;
    const spec = { allowed_values: [], min: 0, max: 1, provider: { name: provider, metric } };
    const body = { metadata: { name }, spec: { ...spec, ...rest } };
    await this.rest.ok("POST", this.#core("metrics", scope), body);
  }

  /** Gives a static provider other values, at which they count a moment later. */
  async setValues(
    provider: string,
    values: Readonly<Record<string, number>>,
    scope: Scope = "namespaced",
  ): Promise<void> {
    await this.rest.change(`${this.#core("metricsproviders", scope)}/${provider}`, (body) => {
      body.spec.static.metrics = values;
    });
  }

  async metricValue(name: string, scope: Scope = "namespaced"): Promise<Json> {
    return await this.rest.ok("GET", `${this.#core("metrics", scope)}/${name}/value`);
  }

  /** One ConfigMap, unless another manifest is given. `constraints` are those on the cluster. */
  async app(name: string, constraints: object = {}, spec: object = {}): Promise<void> {
    const manifest = [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name } }];
    await this.rest.ok("POST", this.path("applications"), {
      metadata: { name },
      spec: { manifest, constraints: { cluster: constraints, migration: true }, ...spec },
    });
  }

  async change(app: string, edit: (body: Json) => void): Promise<Json> {
    return await this.rest.change(this.path("applications", app), edit);
  }

  async read(app: string): Promise<Json> {
    return await this.rest.ok("GET", this.path("applications", app));
  }

  async until(app: string, what: string, holds: (body: Json) => boolean): Promise<Json> {
    let last: Json;
    return await waitFor(
      `${app} ${what}`,
      async () => {
        last = await this.read(app);
        return holds(last) && last;
      },
      { seen: () => last?.status },
    );
  }

  /** Runs there; the moment of that placement comes back in milliseconds since the epoch. */
  async untilRuns(app: string, cluster: string): Promise<number> {
    const { status } = await this.until(app, `runs on ${cluster}`, (body) => {
      return body.status.state === "RUNNING" && body.status.running_on?.name === cluster;
    });
    return Date.parse(status.scheduled);
  }

  async untilFails(app: string, code: string): Promise<Json> {
    return await this.until(app, `is refused with ${code}`, ({ status }) => {
      return status.reason?.code === code;
    });
  }

  async remove(plural: "applications" | "clusters", name: string): Promise<void> {
    await this.rest.ok("DELETE", this.path(plural, name));
    await waitFor(`${name} is gone`, async () => {
      return (await this.rest.call("GET", this.path(plural, name))).status === 404;
    });
  }

  #core(plural: "metrics" | "metricsproviders", scope: Scope): string {
    return scope === "global"
      ? `/core/global${plural}`
      : `/core/namespaces/${this.namespace}/${plural}`;
  }
}

function refs(weights: Readonly<Record<string, number>>, namespaced: boolean): readonly object[] {
  return Object.entries(weights).map(([name, weight]) => ({ name, weight, namespaced }));
}
