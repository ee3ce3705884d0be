import type { Application } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import type { Candidate } from "../candidate.ts";
import type { PlacementFacts } from "../weighing.ts";
import { PlacementGroup } from "./placement-group.ts";
import { isWaiting } from "../waiting.ts";

/** A cluster that changed, as it was and as it is; `undefined`: it was not there, or has gone. */
export interface ClusterChange {
  readonly name: string;
  readonly before: Candidate | undefined;
  readonly after: Candidate | undefined;
  /** The present clusters of the namespace. */
  candidate(name: string): Candidate | undefined;
  readonly now: number;
}

interface Member {
  readonly namespace: string;
  readonly groupKey: string;
  readonly clusters: readonly string[];
  readonly isWaiting: boolean;
  /** Until when it does not move for a better score, whichever cluster has it. */
  heldUntil: number;
}

/**
 * Whom a change of a cluster concerns. Most changes are of a metric, and concern few: those on the cluster, and those elsewhere for whom it
 * is, or was, better than where they are. Applications with the same constraints and weights are looked at together,
 * so that the work grows with the number of different ones and of clusters, not with that of applications.
 */
export class PlacementGroups {
  readonly #stickiness: number;
  readonly #factsOf: (app: Application) => PlacementFacts | undefined;
  readonly #members = new Map<string, Member>();
  readonly #byNamespace = new Map<string, Map<string, PlacementGroup>>();
  /** Those whose scores depend on where others stand: every change may concern them. */
  readonly #personal = new Map<string, Set<string>>();

  constructor(
    stickiness: number,
    factsOf: (app: Application) => PlacementFacts | undefined = () => undefined,
  ) {
    this.#stickiness = stickiness;
    this.#factsOf = factsOf;
  }

  /** Takes in an application as it is now. */
  put(key: string, app: Application): void {
    const before = this.#members.get(key);
    if (app.metadata.deleted !== null) return this.remove(key);
    const member: Member = {
      namespace: app.metadata.namespace ?? "",
      groupKey: groupKeyOf(app),
      clusters: clustersOf(app),
      isWaiting: isWaiting(app),
      heldUntil: before?.heldUntil ?? 0,
    };
    if (before && isSame(before, member)) return;
    this.remove(key);
    this.#members.set(key, member);
    setMember(this.#personal, member.namespace, { key, isMember: isPersonal(app) });
    const group = this.#groupOf(member, app);
    for (const cluster of member.clusters) {
      setMember(group.members, cluster, { key, isMember: true });
    }
    if (member.isWaiting) group.waiting.add(key);
  }

  remove(key: string): void {
    const member = this.#members.get(key);
    if (!member) return;
    const { namespace, groupKey, clusters } = member;
    this.#members.delete(key);
    setMember(this.#personal, namespace, { key, isMember: false });
    const groups = this.#byNamespace.get(namespace);
    const group = groups?.get(groupKey);
    if (!groups || !group) return;
    for (const cluster of clusters) setMember(group.members, cluster, { key, isMember: false });
    group.waiting.delete(key);
    if (group.isEmpty) groups.delete(groupKey);
    if (groups.size === 0) this.#byNamespace.delete(namespace);
  }

  /** What the last decision said: nothing but its own cluster can move it before this moment. */
  holds(key: string, until: number): void {
    const member = this.#members.get(key);
    if (member) member.heldUntil = until;
  }

  /** Policies or metrics have changed, by which clusters are compared. */
  rulesChanged(): void {
    for (const groups of this.#byNamespace.values()) {
      for (const group of groups.values()) group.renew((app) => this.#lookFacts(app));
    }
  }

  /** The keys of those who have to be decided on anew. */
  concernedBy(namespace: string, change: ClusterChange): ReadonlySet<string> {
    const { name, before, after } = change;
    const keys = new Set(this.#personal.get(namespace));
    for (const group of this.#byNamespace.get(namespace)?.values() ?? []) {
      for (const key of group.members.get(name) ?? []) keys.add(key);
      const [did, does] = [before, after].map((one) => one !== undefined && group.fits(one));
      if (does && !did) for (const key of group.waiting) keys.add(key);
      if (!did && !does) continue;
      for (const [cluster, members] of group.members) {
        if (cluster === name) continue;
        const here = change.candidate(cluster);
        const isConcerned =
          here === undefined ||
          (does && group.prefers(after!, here)) ||
          (did && group.prefers(before!, here));
        if (!isConcerned) continue;
        for (const key of members) {
          if ((this.#members.get(key)?.heldUntil ?? 0) <= change.now) keys.add(key);
        }
      }
    }
    return keys;
  }

  #groupOf({ namespace, groupKey }: Member, app: Application): PlacementGroup {
    let groups = this.#byNamespace.get(namespace);
    if (!groups) this.#byNamespace.set(namespace, (groups = new Map()));
    let group = groups.get(groupKey);
    if (!group) {
      groups.set(groupKey, (group = new PlacementGroup(app, this.#lookFacts(app))));
    }
    return group;
  }

  #lookFacts(app: Application) {
    return { stickiness: this.#stickiness, placement: this.#factsOf(app) };
  }
}

/** What an application says of where it may be and what is better. */
function groupKeyOf({ spec }: Application): string {
  const { overrides: _overrides, copies: _copies, ...placement } = spec.placement ?? {};
  return JSON.stringify([spec.constraints.cluster, spec.tolerations, placement]);
}

/** Whatever becomes of these clusters concerns it: where it belongs, and the one that is made for it. */
function clustersOf(app: Application): readonly string[] {
  const { new_cluster: awaited } = app.status;
  const isAwaited = awaited !== undefined && awaited.ended === null;
  const bound = boundClusters(app.status).map(({ name }) => name);
  return isAwaited ? [...bound, awaited.name] : bound;
}

/** It has no place, or none that fits, or fewer than it asks for. */
function isPersonal({ spec }: Application): boolean {
  const { applications = [], spread = [] } = spec.constraints.cluster;
  return [...applications, ...spread].some(({ weight }) => weight !== undefined);
}

function isSame(a: Member, b: Member): boolean {
  return (
    a.namespace === b.namespace &&
    a.groupKey === b.groupKey &&
    a.isWaiting === b.isWaiting &&
    a.clusters.join(" ") === b.clusters.join(" ")
  );
}

function setMember(
  sets: Map<string, Set<string>>,
  name: string,
  { key, isMember }: { readonly key: string; readonly isMember: boolean },
): void {
  const set = sets.get(name);
  if (isMember) {
    if (set) set.add(key);
    else sets.set(name, new Set([key]));
  } else if (set?.delete(key) && set.size === 0) sets.delete(name);
}
