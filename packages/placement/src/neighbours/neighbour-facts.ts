import type { Application } from "@octoplane/kinds/application";
import { requirementsOf } from "./standing.ts";
import type { Counts, KeptAway, StandingBook } from "./standing-book.ts";

/**
 * What a decision has to know of other applications, and no more: for each rule of the application how many of those it
 * is about stand where, and from where others keep it away. Plain data, in the order of the rules.
 */
export interface NeighbourFacts {
  readonly applications: readonly Counts[];
  readonly spread: readonly Counts[];
  readonly keptAway: readonly KeptAway[];
}

/** The facts for one application, without itself; `undefined` when nothing is asked and nobody keeps it away. */
export function neighbourFacts(app: Application, book: StandingBook): NeighbourFacts | undefined {
  const { namespace, name, labels } = app.metadata;
  const place = namespace ?? "";
  const key = `${place}/${name}`;
  const keptAway = book.keptAway(place, labels, key);
  const { applications = [], spread = [] } = app.spec.constraints.cluster;
  if (keptAway.length + applications.length + spread.length === 0) return undefined;
  const countOf = (selector: string): Counts => {
    const requirements = requirementsOf(selector);
    return requirements === undefined ? {} : book.count(place, requirements, key);
  };
  return {
    applications: applications.map(({ together, apart }) => countOf(together ?? apart ?? "")),
    spread: spread.map(({ of }) => (of === undefined ? ownGroup() : countOf(of))),
    keptAway,
  };

  /** Its own group has all labels that it has. */
  function ownGroup(): Counts {
    const requirements = Object.entries(labels).map(([label, value]) => ({
      key: label,
      operator: "in" as const,
      values: [value],
    }));
    return book.count(place, requirements, key);
  }
}
