import { isDeepStrictEqual } from "node:util";
import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import type { Kube } from "@octoplane/kube/kube";
import type { KubePool } from "@octoplane/kube/kube-pool";
import { Controller, type Result } from "@octoplane/reconcile/controller";
import type { FeedEvent } from "@octoplane/resources/kind-feed";
import { parseRef } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { Running } from "@octoplane/shared/lifecycle";
import type { Log } from "@octoplane/shared/log";
import type { Metrics } from "@octoplane/shared/metrics";
import { assess } from "./assess.ts";
import type { ClusterControllerConfig } from "./config.ts";
import { CapacityCounter } from "./capacity-counter.ts";
import { smoothedLatency } from "./latency.ts";
import { probe, withServedKinds } from "./probe.ts";

export interface ClusterControllerParts {
  readonly resources: Resources;
  readonly kubes: KubePool;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts the cluster controller: one probe after the other for every registered cluster, each at its own pace. */
export async function start(
  config: ClusterControllerConfig,
  parts: ClusterControllerParts,
): Promise<Running> {
  const controller = new ClusterController(config, parts);
  await controller.start();
  return controller;
}

/** What this process remembers of a cluster between two probes; all of it can be lost. */
interface Memory {
  failures: number;
  discoveredAt: number;
  generation: number;
  latencyMs?: number;
}

class ClusterController implements Running {
  readonly #config: ClusterControllerConfig;
  readonly #parts: ClusterControllerParts;
  readonly #controller: Controller;
  readonly #memories = new Map<string, Memory>();
  readonly #counter: CapacityCounter;
  readonly #probeSeconds;
  #unlisten: () => void = () => undefined;

  constructor(config: ClusterControllerConfig, parts: ClusterControllerParts) {
    const { clock, random } = parts.resources.parts;
    const { log, metrics } = parts;
    this.#config = config;
    this.#parts = parts;
    this.#controller = new Controller({
      name: "clusters",
      reconcile: (key, signal) => this.#reconcile(key, signal),
      workers: limits.clusterProbesMax,
      clock,
      random,
      log,
      metrics,
    });
    this.#counter = new CapacityCounter({
      clock,
      intervalMs: config.capacity_interval * 1_000,
      onCounted: (key) => this.#controller.enqueue(key),
    });
    this.#probeSeconds = metrics.seconds("octoplane_cluster_probe_seconds", "Time of one probe.", [
      "outcome",
    ]);
  }

  async start(): Promise<void> {
    const feed = this.#parts.resources.feed(ClusterKind);
    await feed.ready();
    this.#unlisten = feed.listen((events) => events.forEach((event) => this.#changed(event)));
    for (const key of feed.objects.keys()) this.#controller.enqueue(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unlisten();
    await Promise.all([
      this.#controller[Symbol.asyncDispose](),
      this.#counter[Symbol.asyncDispose](),
    ]);
  }

  #changed({ type, key, object: cluster }: FeedEvent<Cluster>): void {
    if (type === "DELETED") {
      this.#memories.delete(key);
      this.#counter.drop(key);
      this.#parts.kubes.drop(key);
      return;
    }
    const { generation } = cluster.metadata;
    if (type === "ADDED" || this.#memories.get(key)?.generation !== generation) {
      this.#memories.delete(key);
      this.#counter.drop(key);
      this.#controller.enqueue(key);
    }
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<Result> {
    const { resources } = this.#parts;
    const { clock, random } = resources.parts;
    const cluster = resources.feed(ClusterKind).objects.get(key);
    if (!cluster || Object.keys(cluster.spec.kubeconfig).length === 0) return {};
    const { generation, uid } = cluster.metadata;
    const memory = this.#memory(key, generation);
    const connect = (): Promise<Kube> => this.#connect(key, cluster);
    const began = clock.monotonic();
    const timeoutMs = this.#config.probe_timeout * 1_000;
    let outcome = await probe(connect, { timeoutMs, clock, signal });
    const seconds = (clock.monotonic() - began) / 1_000;
    const isDue = began - memory.discoveredAt >= this.#config.discovery_interval * 1_000;
    if (isDue) outcome = await withServedKinds(outcome, connect, signal);
    signal.throwIfAborted();
    this.#probeSeconds.observe({ outcome: outcome.ok ? "answered" : "failed" }, seconds);
    memory.failures = outcome.ok ? 0 : memory.failures + 1;
    if (outcome.ok && outcome.served) memory.discoveredAt = began;
    if (outcome.ok && outcome.latencyMs !== undefined) {
      memory.latencyMs = smoothedLatency(memory.latencyMs, outcome.latencyMs);
    }
    // A cluster whose nodes may not be seen has no capacity that something could be taken from.
    if (outcome.ok && outcome.nodes !== undefined) this.#counter.keepUp(key, connect);
    const change = (current: Cluster) => {
      // What was found with credentials that have been replaced meanwhile says nothing about the new ones.
      if (current.metadata.generation !== generation) return undefined;
      const status = assess({
        status: current.status,
        generation,
        probe: outcome,
        failures: memory.failures,
        failuresMax: this.#config.probe_failures,
        now: isoTime(clock.now()),
        counted: this.#counter.of(key),
        latencyMs: memory.latencyMs,
      });
      return isDeepStrictEqual(status, current.status) ? undefined : { status };
    };
    await resources.of(ClusterKind).updateStatus(parseRef(key), uid, change, cluster);
    const next = outcome.ok ? this.#config.probe_interval : this.#config.probe_retry;
    // Clusters that were registered together, or met at a start, drift apart.
    return { requeueAfterMs: next * 1_000 * (0.9 + random.fraction() / 5) };
  }

  #memory(key: string, generation: number): Memory {
    let memory = this.#memories.get(key);
    if (memory?.generation !== generation) {
      memory = { failures: 0, discoveredAt: -Infinity, generation };
      this.#memories.set(key, memory);
    }
    return memory;
  }

  async #connect(key: string, cluster: Cluster): Promise<Kube> {
    const { kubes, resources } = this.#parts;
    const { uid, generation } = cluster.metadata;
    return await kubes.get(key, `${uid}/${generation}`, async () => {
      const revealed = await resources.of(ClusterKind).reveal(parseRef(key));
      return revealed.spec.kubeconfig;
    });
  }
}
