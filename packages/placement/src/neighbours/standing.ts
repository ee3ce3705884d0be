import type { Application } from "@octoplane/kinds/application";
import { parseLabelSelector, type LabelRequirement } from "@octoplane/kinds/label-selector";

/** An application as its neighbours see it: who it is, where it stands, and whom it keeps away. */
export interface Standing {
  /** Namespace and name, as keys of applications are written. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of clusters of its own namespace. */
  readonly clusters: readonly string[];
  /** Its required rules to stand apart from others: these hold for them too. */
  readonly keepsAway: readonly KeepAway[];
}

export interface KeepAway {
  /** The selector and the label, as one text: equal rules of many applications are looked at once. */
  readonly rule: string;
  readonly requirements: readonly LabelRequirement[];
  /** The label of clusters whose value is the place; absent: the cluster. */
  readonly by?: string;
}

/** Nothing of an application that is being deleted counts. `clusters` are names in its namespace. */
export function standingOf(
  key: string,
  app: Application,
  clusters: readonly string[],
): Standing | undefined {
  if (app.metadata.deleted !== null || clusters.length === 0) return undefined;
  return {
    key,
    namespace: app.metadata.namespace ?? "",
    name: app.metadata.name,
    labels: app.metadata.labels,
    clusters,
    keepsAway: keepsAwayOf(app),
  };
}

function keepsAwayOf(app: Application): readonly KeepAway[] {
  return (app.spec.constraints.cluster.applications ?? []).flatMap(({ apart, by, weight }) => {
    if (apart === undefined || weight !== undefined) return [];
    const requirements = requirementsOf(apart);
    if (requirements === undefined) return [];
    const rule = JSON.stringify([apart, by ?? null]);
    return [by === undefined ? { rule, requirements } : { rule, requirements, by }];
  });
}

/** What a selector asks for; `undefined` when it does not parse: it was refused when it was written. */
export function requirementsOf(selector: string): readonly LabelRequirement[] | undefined {
  const parsed = parseLabelSelector(selector);
  return parsed.ok ? parsed.constraint : undefined;
}
