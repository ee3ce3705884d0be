import { kindNamed, kinds } from "@octoplane/kinds/registry";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { Controller } from "@octoplane/reconcile/controller";
import { outlives } from "@octoplane/resources/cascade";
import type { FeedEvent } from "@octoplane/resources/kind-feed";
import { parseRef, refText, type Ref } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";
import { cascadeFinalizer } from "@octoplane/resources/update-rules";
import { isFailure } from "@octoplane/shared/errors";
import type { Running } from "@octoplane/shared/lifecycle";
import type { Log } from "@octoplane/shared/log";
import type { Metrics } from "@octoplane/shared/metrics";
import { nextStep, type NodeFacts } from "./collect.ts";
import type { GcConfig } from "./config.ts";
import { OwnerGraph } from "./graph.ts";

export interface GcParts {
  readonly resources: Resources;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts the garbage collector over every kind. */
export async function start(_config: GcConfig, parts: GcParts): Promise<Running> {
  const collector = new GarbageCollector(parts);
  await collector.start();
  return collector;
}

class GarbageCollector implements Running {
  readonly #resources: Resources;
  readonly #graph = new OwnerGraph();
  readonly #controller: Controller;
  #unlisten: (() => void)[] = [];

  constructor({ resources, log, metrics }: GcParts) {
    this.#resources = resources;
    const { clock, random } = resources.parts;
    this.#controller = new Controller({
      name: "garbage-collector",
      reconcile: (node) => this.#reconcile(node),
      clock,
      random,
      log,
      metrics,
    });
  }

  async start(): Promise<void> {
    await Promise.all(kinds.map((kind) => this.#resources.feed(kind).ready()));
    for (const kind of kinds) {
      const feed = this.#resources.feed(kind);
      this.#unlisten.push(
        feed.listen((events) => events.forEach((event) => this.#changed(kind, event))),
      );
      for (const object of feed.objects.values()) this.#put(kind, object);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    await this.#controller[Symbol.asyncDispose]();
  }

  #changed(kind: AnyKind, { type, key, object }: FeedEvent<AnyResource>): void {
    if (type !== "DELETED") return this.#put(kind, object);
    const node = nodeOf(kind, parseRef(key));
    const owners = this.#graph.ownersOf(node);
    this.#graph.remove(node);
    for (const owner of owners) this.#controller.enqueue(owner);
  }

  #put(kind: AnyKind, object: AnyResource): void {
    const { namespace, name, owners, deleted } = object.metadata;
    const node = nodeOf(kind, namespace === null ? { name } : { namespace, name });
    const before = this.#graph.ownersOf(node);
    const now = owners.map(nodeOfOwner).filter((owner) => owner !== undefined);
    this.#graph.put(node, now);
    if (deleted !== null) this.#controller.enqueue(node);
    // An owner that waits looks again when a dependent is new, has let go of it, or has come nearer to its end.
    for (const owner of new Set([...before, ...now])) {
      if (this.#factsOf(owner)?.isDeleted) this.#controller.enqueue(owner);
    }
  }

  async #reconcile(node: string): Promise<void> {
    const object = this.#objectOf(node);
    if (!object || object.metadata.deleted === null) return;
    if (!object.metadata.finalizers.includes(cascadeFinalizer)) return;
    const step = nextStep(node, this.#graph, (name) => this.#factsOf(name));
    if (step.do === "wait") return;
    if (step.do === "delete dependents") {
      await Promise.all(step.dependents.map((dependent) => this.#delete(dependent)));
      return;
    }
    const { kind, ref } = parseNode(node);
    await this.#resources.of(kind).removeFinalizer(ref, object.metadata.uid, cascadeFinalizer);
  }

  async #delete(node: string): Promise<void> {
    const { kind, ref } = parseNode(node);
    const uid = this.#objectOf(node)?.metadata.uid;
    if (uid === undefined) return;
    try {
      await this.#resources.of(kind).remove(ref, { uid });
    } catch (error) {
      // It may have gone by itself meanwhile, and another of its name may have come.
      if (!isFailure(error, "NotFound")) throw error;
    }
  }

  #factsOf(node: string): NodeFacts | undefined {
    const object = this.#objectOf(node);
    if (!object) return undefined;
    const { deleted, finalizers } = object.metadata;
    return {
      isDeleted: deleted !== null,
      // Finalizers are worked off from the last to the first: those before ours wait for us, not we for them.
      isWaitingForGc:
        deleted !== null && (finalizers.at(-1) ?? cascadeFinalizer) === cascadeFinalizer,
      outlives: (owner) => {
        const { kind, ref } = parseNode(owner);
        return outlives(object, { api: kind.api, kind: kind.kind, ...ref });
      },
    };
  }

  #objectOf(node: string): AnyResource | undefined {
    const { kind, ref } = parseNode(node);
    return this.#resources.feed(kind).objects.get(refText(ref));
  }
}

/** A node is `<api>/<kind>|<namespace>/<name>`; no part of a name holds a bar. */
function nodeOf(kind: { readonly api: string; readonly kind: string }, ref: Ref): string {
  return `${kind.api}/${kind.kind}|${refText(ref)}`;
}

/** `undefined` for an owner of a kind that there is not. */
function nodeOfOwner({ api, kind, namespace, name }: ResourceRef): string | undefined {
  if (!kindNamed(api, kind)) return undefined;
  return nodeOf({ api, kind }, namespace === null ? { name } : { namespace, name });
}

function parseNode(node: string): { readonly kind: AnyKind; readonly ref: Ref } {
  const bar = node.indexOf("|");
  const [api, name] = node.slice(0, bar).split("/");
  const kind = kindNamed(api ?? "", name ?? "");
  if (!kind) throw new Error(`no kind ${node.slice(0, bar)}`);
  return { kind, ref: parseRef(node.slice(bar + 1)) };
}
