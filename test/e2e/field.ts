import { expect } from "vitest";
import { startSim, type ClusterOptions, type Sim } from "@octoplane/kube-sim/start-sim";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import type { Arrival } from "@octoplane/kube-sim/traffic";
import { systemClock } from "@octoplane/shared/clock";
import { systemRandom } from "@octoplane/shared/random";
import { openConstellation, type Constellation } from "../constellation.ts";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";

export const applications = "/kubernetes/namespaces/system:admin/applications";
export const clusters = "/kubernetes/namespaces/system:admin/clusters";

interface Named {
  readonly name: string;
}

/** Octoplane, with applications on clusters that somebody else brings. */
export class BareField implements AsyncDisposable {
  readonly octoplane: Constellation;
  #counter = 0;

  constructor(octoplane: Constellation) {
    this.octoplane = octoplane;
  }

  get rest(): Constellation["rest"] {
    return this.octoplane.rest;
  }

  fresh(what: string): string {
    return `${what}-${(this.#counter += 1)}`;
  }

  /** Makes a cluster known; nothing is placed there but what asks for it by name. */
  async register(name: string, kubeconfig: Json): Promise<void> {
    await this.rest.ok("POST", clusters, {
      metadata: { name, labels: { name } },
      spec: { kubeconfig },
    });
    await this.untilCluster(name, "ONLINE");
  }

  async untilCluster(name: string, state: string): Promise<Json> {
    return await waitFor(`${name} is ${state}`, async () => {
      const cluster = await this.rest.ok("GET", `${clusters}/${name}`);
      return cluster.status.state === state && cluster;
    });
  }

  async create(
    manifest: readonly Json[],
    cluster: Named,
    name = this.fresh("app"),
  ): Promise<string> {
    return await this.createOn(cluster, name, { manifest });
  }

  /** Creates an application that may be on one cluster only, with whatever else its specification says. */
  async createOn(cluster: Named, name: string, spec: Json): Promise<string> {
    const constraints = { cluster: { labels: [`name is ${cluster.name}`] } };
    await this.rest.ok("POST", applications, {
      metadata: { name },
      spec: { constraints, ...spec },
    });
    return name;
  }

  async change(app: string, edit: (spec: Json) => void): Promise<void> {
    await this.rest.change(`${applications}/${app}`, (body) => edit(body.spec));
  }

  async move(app: string, cluster: Named): Promise<void> {
    await this.change(app, (spec) => {
      spec.constraints.cluster.labels = [`name is ${cluster.name}`];
    });
  }

  async read(app: string): Promise<Json> {
    return (await this.rest.call("GET", `${applications}/${app}`)).body;
  }

  async until(app: string, what: string, holds: (status: Json) => boolean): Promise<Json> {
    let last: Json;
    return await waitFor(
      `${app} ${what}`,
      async () => {
        last = (await this.read(app)).status;
        return last !== undefined && holds(last) && last;
      },
      { deadlineMs: 30_000, seen: () => last },
    );
  }

  /** Runs there, and nowhere else, what was asked for last. */
  async untilRuns(app: string, cluster: Named, state = "RUNNING"): Promise<Json> {
    const { generation } = (await this.read(app)).metadata;
    return await this.until(app, `is ${state} on ${cluster.name}`, (status) => {
      const isThere = status.running_on?.name === cluster.name && status.copies.length === 1;
      return status.state === state && isThere && status.observed_generation === generation;
    });
  }

  /** Runs there, while one that it left may still be in the books. */
  async untilServes(app: string, cluster: Named): Promise<Json> {
    return await this.until(app, `runs on ${cluster.name}`, ({ state, running_on: running }) => {
      return state === "RUNNING" && running.name === cluster.name;
    });
  }

  async remove(app: string): Promise<void> {
    await this.rest.ok("DELETE", `${applications}/${app}`);
    await this.untilGone(app);
  }

  async untilGone(app: string): Promise<void> {
    let last: Json;
    const isGone = async (): Promise<boolean> => {
      const { status, body } = await this.rest.call("GET", `${applications}/${app}`);
      last = body;
      return status === 404;
    };
    await waitFor(`${app} is gone`, isGone, { seen: () => last?.status });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.octoplane[Symbol.asyncDispose]();
  }
}

/** As many simulated clusters as a test likes, each test with its own. */
export class Field extends BareField {
  readonly sim: Sim;

  constructor(octoplane: Constellation, sim: Sim) {
    super(octoplane);
    this.sim = sim;
  }

  /** A cluster that is registered and ONLINE. */
  async cluster(
    options: Partial<ClusterOptions> & { readonly namespace?: string } = {},
  ): Promise<SimCluster> {
    const { namespace, ...rest } = options;
    const cluster = this.sim.addCluster({ name: this.fresh("cluster"), readyDelayMs: 20, ...rest });
    const kubeconfig: Json = cluster.kubeconfig;
    if (namespace !== undefined) kubeconfig.contexts[0].context.namespace = namespace;
    await this.register(cluster.name, kubeconfig);
    return cluster;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.sim[Symbol.asyncDispose]();
  }
}

/** So few workers that a slow cluster could take them all, if it were let. */
export const workers = 12;

export async function openField(
  more: { readonly app_controller?: object; readonly [setting: string]: object | undefined } = {},
): Promise<Field> {
  const sim = await startSim({ clock: systemClock, random: systemRandom });
  const app_controller = { start_grace: 0.4, worker_count: workers, ...more.app_controller };
  const settings = { ...more, app_controller };
  return new Field(await openConstellation({ settings }), sim);
}

/** What stands on a cluster, in its own memory: looking sends no request. */
export function peek(
  cluster: SimCluster,
  kind: string,
  name: string,
  namespace: string | undefined = "default",
): Json {
  const apiVersions: Readonly<Record<string, string>> = { Deployment: "apps/v1", Job: "batch/v1" };
  const place = { apiVersion: apiVersions[kind] ?? "v1", kind, name };
  return cluster.object(kind === "Namespace" ? place : { ...place, namespace });
}

/** Everything that reaches a cluster from now on, by what it is. */
export function count(cluster: SimCluster) {
  const arrivals: Arrival[] = [];
  const stop = cluster.traffic.listen((arrival) => void arrivals.push(arrival));
  const isWrite = ({ method }: Arrival): boolean => method !== "GET";
  const isProbe = ({ path }: Arrival): boolean =>
    path === "/version" ||
    path === "/api/v1/nodes" ||
    /^\/apis?(?:\/[^/]+(?:\/v\w+)?)?$/.test(path);
  return {
    stop,
    writes: () => arrivals.filter(isWrite),
    reads: () =>
      arrivals.filter((arrival) => !isWrite(arrival) && !arrival.isWatch && !isProbe(arrival)),
    probes: () => arrivals.filter(({ path }) => path === "/version").length,
    watches: () => arrivals.filter(({ isWatch }) => isWatch),
  };
}

const patchTypes = {
  merge: "merge-patch+json",
  strategic: "strategic-merge-patch+json",
  apply: "apply-patch+yaml",
} as const;

/** What another field manager does, past Octoplane. */
export async function meddle(
  cluster: SimCluster,
  path: string,
  patch: Json,
  options: {
    readonly method?: string;
    readonly manager?: string;
    /** How a patch is meant. */
    readonly type?: keyof typeof patchTypes;
  } = {},
): Promise<void> {
  const { method = "PATCH", manager = "somebody", type = "merge" } = options;
  const response = await fetch(`${cluster.server}${path}?fieldManager=${manager}`, {
    method,
    headers: {
      authorization: `Bearer ${cluster.token}`,
      "content-type": `application/${method === "PATCH" ? patchTypes[type] : "json"}`,
    },
    body: JSON.stringify(patch),
  });
  const text = await response.text();
  expect(response.ok, text).toBe(true);
}
