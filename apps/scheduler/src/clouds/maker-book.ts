import { CloudKind, GlobalCloudKind, type Cloud } from "@octoplane/kinds/cloud";
import type { MetricRef } from "@octoplane/kinds/metric-ref";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { ProjectKind, type Project } from "@octoplane/kinds/project";
import { candidateOfMaker, type Candidate } from "@octoplane/placement/candidate";
import type { FeedEvent } from "@octoplane/resources/kind-feed";
import { refText } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";
import { CandidateBook } from "../candidate-book.ts";
import type { MetricBook } from "../metrics/metric-book.ts";

/** What clusters are made on, or in. */
export type Maker = Cloud | Project;

/** Calls back when placement sees something else of a maker, or nothing more. */
export type OnMaker = (key: string, maker: Maker, change: "changed" | "same") => void;

/**
 * Clouds, global clouds and projects as placement sees them. Their keys begin with the kind: a cloud and a global cloud of the
 * same name are two.
 */
export class MakerBook implements Disposable {
  readonly #resources: Resources;
  readonly #metrics: Pick<MetricBook, "readingsOf">;
  readonly #onMaker: OnMaker;
  readonly #clouds = new CandidateBook();
  readonly #projects = new CandidateBook();
  readonly #lists = new WeakMap<readonly Candidate[], WeakMap<object, readonly Candidate[]>>();
  #unlisten: readonly (() => void)[] = [];

  constructor(resources: Resources, metrics: Pick<MetricBook, "readingsOf">, onMaker: OnMaker) {
    this.#resources = resources;
    this.#metrics = metrics;
    this.#onMaker = onMaker;
  }

  async ready(): Promise<void> {
    await Promise.all(this.#feeds().map((feed) => feed.ready()));
  }

  start(): void {
    const take = (events: readonly FeedEvent<Maker>[]): void =>
      events.forEach((event) => this.#take(event));
    this.#unlisten = this.#feeds().map((feed) => feed.listen(take));
    this.refresh();
  }

  /** The clouds of a namespace and the global ones; the same list until one changes, `undefined` until all are read. */
  clouds(namespace: string): readonly Candidate[] | undefined {
    const [own, global] = [this.#clouds.of(namespace), this.#clouds.of("")];
    if (!own || !global) return undefined;
    const known = this.#lists.get(own) ?? new WeakMap<object, readonly Candidate[]>();
    this.#lists.set(own, known);
    const list = known.get(global) ?? [...own, ...global];
    known.set(global, list);
    return list;
  }

  projects(namespace: string): readonly Candidate[] | undefined {
    return this.#projects.of(namespace);
  }

  cloudOf(ref: Pick<ResourceRef, "namespace" | "name"> | null): Cloud | undefined {
    if (ref === null) return undefined;
    const { namespace, name } = ref;
    return namespace === null
      ? this.#resources.feed(GlobalCloudKind).objects.get(name)
      : this.#resources.feed(CloudKind).objects.get(refText({ namespace, name }));
  }

  /** By its key here. */
  maker(key: string): Maker | undefined {
    const blank = key.indexOf(" ");
    const kind = key.slice(0, blank);
    const feed =
      kind === CloudKind.kind
        ? this.#resources.feed(CloudKind)
        : kind === GlobalCloudKind.kind
          ? this.#resources.feed(GlobalCloudKind)
          : this.#resources.feed(ProjectKind);
    return feed.objects.get(key.slice(blank + 1));
  }

  readings(maker: Maker): ReturnType<MetricBook["readingsOf"]> {
    return this.#metrics.readingsOf(metricsOf(maker), maker.metadata.namespace);
  }

  /** Metrics have changed: every maker that names some is read again. */
  refresh(): void {
    for (const feed of this.#feeds()) for (const maker of feed.objects.values()) this.#put(maker);
  }

  [Symbol.dispose](): void {
    for (const unlisten of this.#unlisten) unlisten();
  }

  #feeds() {
    const resources = this.#resources;
    return [
      resources.feed(CloudKind),
      resources.feed(GlobalCloudKind),
      resources.feed(ProjectKind),
    ] as const;
  }

  #take({ type, object }: FeedEvent<Maker>): void {
    if (type !== "DELETED") return this.#put(object);
    const key = makerKey(object);
    this.#bookOf(object).remove(key, object.metadata.namespace ?? "");
    this.#onMaker(key, object, "changed");
  }

  #put(maker: Maker): void {
    const key = makerKey(maker);
    const readings = this.readings(maker);
    const candidate = candidateOfMaker(maker, readings ?? []);
    const change = this.#bookOf(maker).putCandidate(key, candidate, readings === undefined);
    this.#onMaker(key, maker, change === "none" ? "same" : "changed");
  }

  #bookOf({ kind }: Maker): CandidateBook {
    return kind === ProjectKind.kind ? this.#projects : this.#clouds;
  }
}

/** `Cloud team/berlin`, `GlobalCloud berlin`. No name holds a blank. */
export function makerKey({ kind, metadata: { namespace, name } }: Maker): string {
  return refKey({ kind, namespace, name });
}

/** The same of a reference to one. */
export function refKey(ref: Pick<ResourceRef, "kind" | "namespace" | "name">): string {
  const { kind, namespace, name } = ref;
  return `${kind} ${refText(namespace === null ? { name } : { namespace, name })}`;
}

export function metricsOf({ spec }: Maker): readonly MetricRef[] {
  return "openstack" in spec ? spec.openstack.metrics : spec.metrics;
}
