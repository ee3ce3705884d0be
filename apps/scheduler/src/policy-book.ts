import type { Application } from "@octoplane/kinds/application";
import {
  GlobalPlacementPolicyKind,
  PlacementPolicyKind,
  type PlacementPolicy,
} from "@octoplane/kinds/placement-policy";
import { placementFactsOf, type PlacementSource } from "@octoplane/placement/placement-facts";
import type { PlacementFacts } from "@octoplane/placement/weighing";
import type { FeedEvent, KindFeed } from "@octoplane/resources/kind-feed";
import { refText } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";

/** The policies that applications name, and the metrics that these name. */
export class PolicyBook {
  readonly #own: KindFeed<PlacementPolicy>;
  readonly #global: KindFeed<PlacementPolicy>;
  readonly #source: PlacementSource;

  constructor(resources: Resources, rule: PlacementSource["rule"]) {
    this.#own = resources.feed(PlacementPolicyKind);
    this.#global = resources.feed(GlobalPlacementPolicyKind);
    this.#source = { rule, policy: (namespace, name) => this.#policy(namespace, name) };
  }

  async ready(): Promise<void> {
    await Promise.all([this.#own.ready(), this.#global.ready()]);
  }

  /** Calls back with each policy that changed: its name, and its namespace unless it is a global one. */
  listen(changed: (name: string, namespace: string | null) => void): readonly (() => void)[] {
    const tell = (events: readonly FeedEvent<PlacementPolicy>[]): void => {
      for (const { object } of events) changed(object.metadata.name, object.metadata.namespace);
    };
    return [this.#own.listen(tell), this.#global.listen(tell)];
  }

  factsOf(app: Application): PlacementFacts | undefined {
    return placementFactsOf(app, this.#source);
  }

  #policy(namespace: string, name: string): ReturnType<PlacementSource["policy"]> {
    const own = this.#own.objects.get(refText({ namespace, name }));
    if (own) return { name, namespaced: true, spec: own.spec };
    const global = this.#global.objects.get(refText({ name }));
    return global && { name, namespaced: false, spec: global.spec };
  }
}
