import { labelsMatch, type LabelRequirement } from "@octoplane/kinds/label-selector";
import type { KeepAway, Standing } from "./standing.ts";

/** How many applications stand on a cluster, by its name; where there are none, nothing. */
export type Counts = Readonly<Record<string, number>>;

/** Where somebody stands who keeps the application away. */
export interface KeptAway {
  /** The label of clusters whose value is the place; absent: the cluster. */
  readonly by?: string;
  /** By the name of a cluster, one of those who stand there. */
  readonly clusters: Readonly<Record<string, string>>;
}

type Places = Map<string, Set<Standing>>;

interface Keepers {
  readonly rule: KeepAway;
  readonly places: Places;
}

/**
 * What stands where, with an index from labels to clusters: a change of one application costs as much as it has labels,
 * and a question about a single label is answered without a look at the applications.
 */
export class StandingBook {
  readonly #standings = new Map<string, Standing>();
  readonly #namespaces = new Map<string, NamespaceBook>();

  /** Takes in where an application stands now; `undefined`: nowhere. */
  put(key: string, standing: Standing | undefined): void {
    const before = this.#standings.get(key);
    if (before) {
      const book = this.#namespaces.get(before.namespace);
      book?.remove(before);
      if (book?.isEmpty) this.#namespaces.delete(before.namespace);
      this.#standings.delete(key);
    }
    if (!standing) return;
    this.#standings.set(key, standing);
    let book = this.#namespaces.get(standing.namespace);
    if (!book) {
      book = new NamespaceBook();
      this.#namespaces.set(standing.namespace, book);
    }
    book.add(standing);
  }

  get(key: string): Standing | undefined {
    return this.#standings.get(key);
  }

  /** How many of the applications that a selector chooses stand where, without the one that asks. */
  count(namespace: string, requirements: readonly LabelRequirement[], askedBy: string): Counts {
    const own = this.#standings.get(askedBy);
    return this.#namespaces.get(namespace)?.count(requirements, own) ?? {};
  }

  /** Who keeps an application of these labels away, and from where. */
  keptAway(
    namespace: string,
    labels: Readonly<Record<string, string>>,
    askedBy: string,
  ): readonly KeptAway[] {
    const own = this.#standings.get(askedBy);
    return this.#namespaces.get(namespace)?.keptAway(labels, own) ?? [];
  }
}

/** Every application stands under each of its labels, and under this. */
const everyone = "";

class NamespaceBook {
  readonly #byPair = new Map<string, Places>();
  /** By the label that a rule asks for, where there is one, so that only rules about one's labels are looked at. */
  readonly #keepers = new Map<string, Map<string, Keepers>>();

  get isEmpty(): boolean {
    return this.#byPair.size === 0;
  }

  add(standing: Standing): void {
    for (const pair of pairsOf(standing.labels)) {
      const places = entry(this.#byPair, pair, () => new Map());
      for (const cluster of standing.clusters) {
        entry(places, cluster, () => new Set()).add(standing);
      }
    }
    for (const rule of standing.keepsAway) {
      const rules = entry(this.#keepers, pairAsked(rule.requirements), () => new Map());
      const { places } = entry(rules, rule.rule, () => ({ rule, places: new Map() }));
      for (const cluster of standing.clusters) {
        entry(places, cluster, () => new Set()).add(standing);
      }
    }
  }

  remove(standing: Standing): void {
    for (const pair of pairsOf(standing.labels)) {
      const places = this.#byPair.get(pair);
      if (places && leave(places, standing)) this.#byPair.delete(pair);
    }
    for (const rule of standing.keepsAway) {
      const asked = pairAsked(rule.requirements);
      const rules = this.#keepers.get(asked);
      const keepers = rules?.get(rule.rule);
      if (keepers && leave(keepers.places, standing)) rules?.delete(rule.rule);
      if (rules?.size === 0) this.#keepers.delete(asked);
    }
  }

  count(requirements: readonly LabelRequirement[], own: Standing | undefined): Counts {
    const places = this.#byPair.get(pairAsked(requirements));
    const isPlain = requirements.length === 0 || isOnePair(requirements);
    const counts = new Map<string, number>();
    for (const [cluster, standings] of places ?? []) {
      let count = 0;
      if (isPlain) count = standings.size - (own && standings.has(own) ? 1 : 0);
      else {
        for (const standing of standings) {
          if (standing !== own && labelsMatch(requirements, standing.labels)) count += 1;
        }
      }
      if (count > 0) counts.set(cluster, count);
    }
    return Object.fromEntries(counts);
  }

  keptAway(
    labels: Readonly<Record<string, string>>,
    own: Standing | undefined,
  ): readonly KeptAway[] {
    const found: KeptAway[] = [];
    if (this.#keepers.size === 0) return found;
    for (const pair of pairsOf(labels)) {
      for (const { rule, places } of this.#keepers.get(pair)?.values() ?? []) {
        if (!labelsMatch(rule.requirements, labels)) continue;
        const clusters = namesOf(places, own);
        if (Object.keys(clusters).length === 0) continue;
        found.push(rule.by === undefined ? { clusters } : { by: rule.by, clusters });
      }
    }
    return found;
  }
}

/** One of those on each cluster, to be named. */
function namesOf(places: Places, own: Standing | undefined): Record<string, string> {
  const names = new Map<string, string>();
  for (const [cluster, standings] of places) {
    for (const standing of standings) {
      if (standing === own) continue;
      names.set(cluster, standing.name);
      break;
    }
  }
  return Object.fromEntries(names);
}

/** True when nobody is left. */
function leave(places: Places, standing: Standing): boolean {
  for (const cluster of standing.clusters) {
    const standings = places.get(cluster);
    standings?.delete(standing);
    if (standings?.size === 0) places.delete(cluster);
  }
  return places.size === 0;
}

function pairsOf(labels: Readonly<Record<string, string>>): readonly string[] {
  return [everyone, ...Object.entries(labels).map(([key, value]) => `${key}=${value}`)];
}

/** The label under which all are found that the requirements choose. */
function pairAsked(requirements: readonly LabelRequirement[]): string {
  const one = requirements.find(({ operator, values }) => operator === "in" && values.length === 1);
  return one === undefined ? everyone : `${one.key}=${one.values[0]}`;
}

function isOnePair(requirements: readonly LabelRequirement[]): boolean {
  const [one, ...others] = requirements;
  return others.length === 0 && one?.operator === "in" && one.values.length === 1;
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
