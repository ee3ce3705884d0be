import { isDeepStrictEqual } from "node:util";
import type { Application } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import { labelsMatch, type LabelRequirement } from "@octoplane/kinds/label-selector";
import { requirementsOf, type Standing } from "@octoplane/placement/neighbours/standing";

interface Interest {
  readonly requirements: readonly LabelRequirement[];
  readonly kind: "together" | "apart" | "spread";
  readonly by: string | undefined;
}

interface Interested {
  readonly interests: readonly Interest[];
  readonly isWaiting: boolean;
}

interface Group {
  readonly interested: Map<string, Interested>;
  readonly waiting: Set<string>;
  /** Those whose expressions may look at numbers that change all the time. */
  readonly measuring: Set<string>;
}

/** Who has to be decided on anew when another application comes or goes. */
export class NeighbourInterest {
  readonly #groups = new Map<string, Group>();
  readonly #clusters = new Map<string, readonly string[]>();

  put(key: string, app: Application, isWaiting: boolean): void {
    const namespace = app.metadata.namespace ?? "";
    const group = this.#group(namespace);
    const interests = interestsOf(app);
    if (interests.length > 0) group.interested.set(key, { interests, isWaiting });
    else group.interested.delete(key);
    setMember(group.waiting, key, isWaiting);
    setMember(group.measuring, key, looksAtMeasures(app));
    const names = boundClusters(app.status).map(({ name }) => name);
    this.#clusters.set(key, names);
  }

  remove(key: string, namespace: string): void {
    const group = this.#groups.get(namespace);
    if (!group) return;
    group.interested.delete(key);
    group.waiting.delete(key);
    group.measuring.delete(key);
    this.#clusters.delete(key);
    const isEmpty = group.interested.size + group.waiting.size + group.measuring.size === 0;
    if (isEmpty) this.#groups.delete(namespace);
  }

  *waiting(namespace: string): Generator<string> {
    const group = this.#groups.get(namespace);
    if (!group) return;
    yield* group.waiting;
    for (const key of group.measuring) if (!group.waiting.has(key)) yield key;
  }

  /**
   * The keys of those whom it concerns that an application stands elsewhere now, or bears other labels. Where it has left,
   * everyone who waits may find room.
   */
  concernedBy(before: Standing | undefined, after: Standing | undefined): readonly string[] {
    const standing = after ?? before;
    const group = standing && this.#groups.get(standing.namespace);
    if (!group || isSame(before, after)) return [];
    const left = before?.clusters.filter((name) => !after?.clusters.includes(name)) ?? [];
    const came = after?.clusters.filter((name) => !before?.clusters.includes(name)) ?? [];
    const isRelabelled = before && after && !isDeepStrictEqual(before.labels, after.labels);
    const keys = new Set(left.length > 0 ? group.waiting : []);
    for (const [key, { interests, isWaiting }] of group.interested) {
      if (key === standing.key || keys.has(key)) continue;
      const isConcerned = interests.some((interest) => {
        const matches = [before, after].some(
          (one) => one !== undefined && labelsMatch(interest.requirements, one.labels),
        );
        if (!matches) return false;
        if (isWaiting || isRelabelled === true) return true;
        if (interest.kind === "together") return left.length > 0;
        const own = this.#clusters.get(key) ?? [];
        const isHere = interest.by !== undefined || came.some((name) => own.includes(name));
        return interest.kind === "apart" && came.length > 0 && isHere;
      });
      if (isConcerned) keys.add(key);
    }
    return [...keys];
  }

  #group(namespace: string): Group {
    let group = this.#groups.get(namespace);
    if (!group) {
      group = { interested: new Map(), waiting: new Set(), measuring: new Set() };
      this.#groups.set(namespace, group);
    }
    return group;
  }
}

/** Wishes do not wake: they would let every newcomer move others. */
function interestsOf(app: Application): readonly Interest[] {
  const { applications = [], spread = [] } = app.spec.constraints.cluster;
  const rules = applications.flatMap(({ together, apart, by, weight }): readonly Interest[] => {
    const requirements = requirementsOf(together ?? apart ?? "");
    if (weight !== undefined || requirements === undefined) return [];
    return [{ requirements, kind: together === undefined ? "apart" : "together", by }];
  });
  const spreads = spread.flatMap(({ of, by, weight }): readonly Interest[] => {
    const requirements = requirementsOf(of ?? "");
    if (weight !== undefined || requirements === undefined) return [];
    return [{ requirements, kind: "spread", by }];
  });
  return [...rules, ...spreads];
}

function looksAtMeasures(app: Application): boolean {
  const { expressions = [], preferred = [] } = app.spec.constraints.cluster;
  const texts = [...expressions, ...preferred.flatMap(({ expression }) => expression ?? [])];
  return texts.some((text) => text.includes("cluster"));
}

function setMember(set: Set<string>, key: string, isMember: boolean): void {
  if (isMember) set.add(key);
  else set.delete(key);
}

function isSame(before: Standing | undefined, after: Standing | undefined): boolean {
  if (before === undefined || after === undefined) return before === after;
  return (
    isDeepStrictEqual(before.labels, after.labels) &&
    before.clusters.length === after.clusters.length &&
    before.clusters.every((name) => after.clusters.includes(name))
  );
}
