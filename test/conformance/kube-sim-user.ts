import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "@octoplane/shared/clock";
import { systemRandom } from "@octoplane/shared/random";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import { startSim, type Sim } from "@octoplane/kube-sim/start-sim";

// oxlint-disable-next-line typescript/no-explicit-any -- Answers have every shape.
export type Body = Record<string, any>;

interface Answer {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

export const mergeType = { "content-type": "application/merge-patch+json" };
export const applyType = { "content-type": "application/apply-patch+yaml" };

/** Paths that most tests use. */
export const inDefault = "/api/v1/namespaces/default";
export const deployments = "/apis/apps/v1/namespaces/default/deployments";

/** One simulated cluster and how to talk to it. */
export class SimUser {
  readonly cluster: SimCluster;

  constructor(cluster: SimCluster) {
    this.cluster = cluster;
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(this.cluster.server + path, {
      method,
      headers: {
        authorization: `Bearer ${this.cluster.token}`,
        "content-type": "application/json",
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    const parsed: Body = isJson ? (JSON.parse(text) as Body) : { text };
    return { status: response.status, body: parsed, headers: response.headers };
  }

  get(path: string): Promise<Answer> {
    return this.call("GET", path);
  }

  /** Server-side apply as the manager `test`. */
  apply(path: string, object: Body, query = ""): Promise<Answer> {
    return this.call("PATCH", `${path}?fieldManager=test${query}`, object, applyType);
  }

  /** The objects of a kind, straight from the simulation. */
  of(kind: string, namespace = "default"): readonly Body[] {
    return this.cluster
      .objects()
      .filter((object) => object.kind === kind && object.metadata.namespace === namespace);
  }

  /** Whether the Deployment `web` is rolled out with so many replicas. */
  async isAvailable(replicas: number): Promise<boolean> {
    const { status, metadata } = (await this.get(`${deployments}/web`)).body;
    return (
      status?.["availableReplicas"] === replicas &&
      status["updatedReplicas"] === replicas &&
      status["replicas"] === replicas &&
      status["observedGeneration"] === metadata["generation"]
    );
  }

  /** The events of a watch, until the caller leaves. */
  async *events(path: string): AsyncGenerator<Body> {
    const stop = new AbortController();
    const response = await fetch(this.cluster.server + path, {
      headers: { authorization: `Bearer ${this.cluster.token}` },
      signal: stop.signal,
    });
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for await (const chunk of response.body!) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) yield JSON.parse(line) as Body;
      }
    } finally {
      stop.abort();
    }
  }
}

export function openSim(): Promise<Sim> {
  return startSim({ clock: systemClock, random: systemRandom });
}

/** Waits for a condition of the world, at most five seconds. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await sleep(5);
  }
}

export function deployment(spec: Body = {}, image = "web:1"): Body {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "web", image }] },
      },
      ...spec,
    },
  };
}

export function configMap(name: string, extra: Body = {}): Body {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { a: "b" }, ...extra };
}
