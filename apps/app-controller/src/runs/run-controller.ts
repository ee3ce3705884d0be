import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { RunKind, type Run } from "@octoplane/kinds/run";
import { Controller } from "@octoplane/reconcile/controller";
import { parseRef } from "@octoplane/resources/keys";
import type { FeedEvent } from "@octoplane/resources/kind-feed";
import type { Running } from "@octoplane/shared/lifecycle";
import { limits } from "@octoplane/shared/limits";
import { connectTo, refKey } from "../cluster-connection.ts";
import { outageOf } from "../cluster-outage.ts";
import type { AppControllerParts } from "../start.ts";
import { reconcileRun } from "./reconcile-run.ts";
import type { RunWorld } from "./run-world.ts";

/** Makes the Jobs of runs, and writes down what came of them. */
export class RunController implements Running {
  readonly #parts: AppControllerParts;
  readonly #controller: Controller;
  #unlisten: (() => void)[] = [];

  constructor(parts: AppControllerParts) {
    const { resources, log, metrics } = parts;
    const { clock, random } = resources.parts;
    this.#parts = parts;
    const clusters = resources.feed(ClusterKind);
    const world: RunWorld = {
      repository: resources.of(RunKind),
      clock,
      application: (ref) => resources.feed(ApplicationKind).objects.get(refKey(ref)),
      clusterUid: (ref) => clusters.objects.get(refKey(ref))?.metadata.uid,
      outage: (ref) => outageOf(clusters.objects.get(refKey(ref))),
      kube: (ref) => connectTo(ref, parts),
    };
    this.#controller = new Controller({
      name: "runs",
      reconcile: async (key, signal) => {
        // The newest, not the one in memory: what was written a moment ago says whether the Job was made.
        const run = await world.repository.get(parseRef(key));
        return run ? await reconcileRun(world, run, signal) : undefined;
      },
      workers: limits.runsAtOnceMax,
      clock,
      random,
      log,
      metrics,
    });
  }

  async start(): Promise<void> {
    const { resources } = this.#parts;
    const runs = resources.feed(RunKind);
    const applications = resources.feed(ApplicationKind);
    await Promise.all([runs.ready(), applications.ready(), resources.feed(ClusterKind).ready()]);
    this.#unlisten = [
      runs.listen((events) => events.forEach((event) => this.#runChanged(event))),
      applications.listen((events) => events.forEach((event) => this.#applicationChanged(event))),
    ];
    for (const key of runs.objects.keys()) this.#controller.enqueue(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    await this.#controller[Symbol.asyncDispose]();
  }

  #runChanged({ type, key }: FeedEvent<Run>): void {
    if (type !== "DELETED") this.#controller.enqueue(key);
  }

  /** What waits for an application to run somewhere looks again. */
  #applicationChanged({ object: { metadata } }: FeedEvent<Application>): void {
    for (const [key, run] of this.#parts.resources.feed(RunKind).objects) {
      const isOfIt =
        run.spec.application === metadata.name && run.metadata.namespace === metadata.namespace;
      if (isOfIt && run.status.state === "PENDING") this.#controller.enqueue(key);
    }
  }
}
