import type { Application } from "@octoplane/kinds/application";
import type { Metric } from "@octoplane/kinds/metric";
import type { Objective } from "@octoplane/kinds/placement-policy";
import {
  objectivesOf,
  type MetricRule,
  type NamedPolicy,
  type PlacementFacts,
} from "./weighing.ts";

/** Where policies and metrics are looked up. */
export interface PlacementSource {
  /** The policy of this name, of the namespace or else a global one. */
  policy(namespace: string, name: string): NamedPolicy | undefined;
  /** What the metric of an objective says of itself; `undefined` when there is none. */
  rule(namespace: string, objective: Objective): MetricRule | undefined;
}

/** What a snapshot says of the settings that an application brings; `undefined` when it brings none. Pure. */
export function placementFactsOf(
  app: Pick<Application, "metadata" | "spec">,
  source: PlacementSource,
): PlacementFacts | undefined {
  const { placement } = app.spec;
  const name = placement?.policy ?? null;
  const hasWeights = Object.keys(placement?.weights ?? {}).length > 0;
  if (name === null && !hasWeights) return undefined;
  const namespace = app.metadata.namespace ?? "";
  const policy = name === null ? undefined : (source.policy(namespace, name) ?? null);
  const rules = objectivesOf(app, policy?.spec).flatMap((objective) => {
    const rule = source.rule(namespace, objective);
    return rule === undefined ? [] : [[objective.metric, rule] as const];
  });
  return { ...(policy === undefined ? {} : { policy }), rules: Object.fromEntries(rules) };
}

/**
 * The rules of all metrics, by their names and by what they count as; of several that count as the same the first, by
 * name, speaks for them. Pure.
 */
export class MetricRules {
  readonly #byName = new Map<string, MetricRule>();
  readonly #byMeaning = new Map<string, MetricRule>();

  constructor(metrics: Iterable<Metric>) {
    const all = [...metrics].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    for (const { metadata, spec } of all) {
      const rule = { whenStale: spec.when_stale ?? "exclude" } as const;
      this.#byName.set(ruleKey(metadata.namespace, metadata.name), rule);
      const { counts_as: meaning } = spec;
      if (typeof meaning !== "string") continue;
      const key = ruleKey(metadata.namespace, meaning);
      if (!this.#byMeaning.has(key)) this.#byMeaning.set(key, rule);
    }
  }

  of(namespace: string, { metric, namespaced }: Objective): MetricRule | undefined {
    const scopes = namespaced === undefined ? [namespace, null] : [namespaced ? namespace : null];
    const keys = scopes.map((scope) => ruleKey(scope, metric));
    return (
      keys.map((key) => this.#byName.get(key)).find((rule) => rule !== undefined) ??
      keys.map((key) => this.#byMeaning.get(key)).find((rule) => rule !== undefined)
    );
  }
}

/** Names have no blank in them. */
function ruleKey(namespace: string | null, name: string): string {
  return `${namespace ?? ""} ${name}`;
}
