import type { Application } from "@octoplane/kinds/application";
import type { Candidate } from "../candidate.ts";
import { prepareComparison, type Comparison } from "../comparison.ts";
import { fitsAll, soloFilters } from "../filter.ts";
import { preferredScore } from "../preferences.ts";
import { isBetter, type Ranked } from "../rank.ts";
import type { Snapshot } from "../snapshot.ts";
import { isRankedBy, type PlacementFacts } from "../weighing.ts";

interface LookFacts {
  readonly stickiness: number;
  readonly placement: PlacementFacts | undefined;
}

/** How they look at clusters, and what they saw. */
interface Look extends Comparison {
  readonly here: WeakMap<Candidate, Ranked>;
  readonly elsewhere: WeakMap<Candidate, Ranked>;
  readonly fits: WeakMap<Candidate, boolean>;
}

/** What stands elsewhere, and what is free, is no part of it: a cluster may seem to fit that does not, never the reverse. */
function lookOf(app: Application, { stickiness, placement }: LookFacts): Look {
  const snapshot: Snapshot = {
    now: 0,
    candidates: [],
    stickiness,
    rescheduleAfterMs: 0,
    ...(placement === undefined ? {} : { placement }),
  };
  return {
    ...prepareComparison(app, snapshot, soloFilters),
    here: new WeakMap(),
    elsewhere: new WeakMap(),
    fits: new WeakMap(),
  };
}

/** The applications that look at clusters in the same way: by the same constraints, and with the same weights. */
export class PlacementGroup {
  /** Their keys, by the name of the cluster where they belong. */
  readonly members = new Map<string, Set<string>>();
  /** Those who want a place that they have not. */
  readonly waiting = new Set<string>();
  readonly #app: Application;
  #look: Look;

  constructor(app: Application, facts: LookFacts) {
    this.#app = app;
    this.#look = lookOf(app, facts);
  }

  /** Policies or metrics have changed, by which they compare clusters. */
  renew(factsOf: (app: Application) => LookFacts): void {
    this.#look = lookOf(this.#app, factsOf(this.#app));
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && this.waiting.size === 0;
  }

  /** True when they could come to a cluster, were nothing else in the way. */
  fits(candidate: Candidate): boolean {
    const { prepared, fits: known } = this.#look;
    let fits = known.get(candidate);
    if (fits === undefined) {
      fits = fitsAll(prepared, candidate, false);
      known.set(candidate, fits);
    }
    return fits;
  }

  /** True when a cluster would be better than the one that some of them are on. */
  prefers(candidate: Candidate, here: Candidate): boolean {
    return isBetter(this.#ranked(candidate, false), this.#ranked(here, true), here);
  }

  #ranked(candidate: Candidate, isHere: boolean): Ranked {
    const { weighing, preferences, here, elsewhere } = this.#look;
    const known = isHere ? here : elsewhere;
    let ranked = known.get(candidate);
    if (!ranked) {
      const { scales } = weighing;
      const stickiness = isHere ? weighing.stickiness : 0;
      const score = preferredScore(candidate, stickiness, preferences, scales);
      ranked = { candidate, score, isRanked: isRankedBy(candidate, scales) };
      known.set(candidate, ranked);
    }
    return ranked;
  }
}
