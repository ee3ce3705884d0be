import type { Application } from "@octoplane/kinds/application";
import type { CandidateVerdict, Decision } from "@octoplane/kinds/decision";
import type { BacktestResult } from "@octoplane/kinds/placement-backtest";
import { decide } from "./decide.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * One application over a recorded past: where the policy of the question would have put it, where no policy would have, and
 * where it really was, all measured by the policy of the question. Pure but for its own sums.
 */
export interface Contender {
  /** As the question asks about it, and without any policy. */
  readonly tried: Application;
  readonly plain: Application;
  /** What was decided about it, oldest first. */
  readonly recorded: readonly Decision[];
  /** True when decisions older than the first recorded one are gone. */
  readonly isCut: boolean;
}

/** A fleet as it was from `snapshot.now` on, until `until`; with the facts of the question, and without. */
export interface Moment {
  readonly tried: Snapshot;
  readonly plain: Snapshot;
  readonly until: number;
}

interface Sums {
  moves: number;
  score: number;
  regret: number;
  scoredMs: number;
  misplacedMs: number;
  unplacedMs: number;
  unknownMs: number;
  cost: number;
  isCostKnown: boolean;
}

type Name = BacktestResult["name"];

const names = ["tried", "default", "recorded"] as const;

export class BacktestSums {
  readonly #sums: Readonly<Record<Name, Sums>> = {
    tried: none(),
    default: none(),
    recorded: none(),
  };

  add(name: Name, more: Sums): void {
    const sum = this.#sums[name];
    sum.moves += more.moves;
    sum.score += more.score;
    sum.regret += more.regret;
    sum.scoredMs += more.scoredMs;
    sum.misplacedMs += more.misplacedMs;
    sum.unplacedMs += more.unplacedMs;
    sum.unknownMs += more.unknownMs;
    sum.cost += more.cost;
    sum.isCostKnown &&= more.isCostKnown;
  }

  results(): readonly BacktestResult[] {
    return names.map((name) => {
      const sum = this.#sums[name];
      const mean = (value: number): number | null =>
        sum.scoredMs === 0 ? null : value / sum.scoredMs;
      return {
        name,
        moves: sum.moves,
        mean_score: mean(sum.score),
        mean_regret: mean(sum.regret),
        misplaced: sum.misplacedMs / 1_000,
        unplaced: sum.unplacedMs / 1_000,
        unknown: sum.unknownMs / 1_000,
        cost: sum.isCostKnown && sum.scoredMs > 0 ? sum.cost : null,
      };
    });
  }
}

/** The walk of one application through the moments, in their order. */
export class BacktestWalk {
  readonly #contender: Contender;
  readonly #sums: BacktestSums;
  #tried: Application;
  #plain: Application;
  #began: number | undefined;

  constructor(contender: Contender, sums: BacktestSums) {
    this.#contender = contender;
    this.#sums = sums;
    this.#tried = contender.tried;
    this.#plain = contender.plain;
  }

  step(moment: Moment): void {
    const { now } = moment.tried;
    if (this.#began === undefined) {
      this.#began = now;
      const start = placeAt(this.#contender, now);
      this.#tried = settledOn(this.#contender.tried, start ?? null, now);
      this.#plain = settledOn(this.#contender.plain, start ?? null, now);
    }
    const tried = moved(this.#tried, moment.tried);
    const plain = moved(this.#plain, moment.plain);
    [this.#tried, this.#plain] = [tried.app, plain.app];
    const recorded = placeAt(this.#contender, now);
    const measured = new Map<string | null, Sums>();
    const measure = (place: string | null): Sums => {
      let sums = measured.get(place);
      if (!sums) measured.set(place, (sums = measureOf(this.#contender.tried, place, moment)));
      return sums;
    };
    const real = realMoves(this.#contender, now, moment.until);
    this.#sums.add("tried", { ...measure(placeOf(tried.app)), moves: tried.moves });
    this.#sums.add("default", { ...measure(placeOf(plain.app)), moves: plain.moves });
    this.#sums.add(
      "recorded",
      recorded === undefined
        ? { ...none(), unknownMs: moment.until - now, isCostKnown: false, moves: real }
        : { ...measure(recorded), moves: real },
    );
  }
}

function none(): Sums {
  return {
    moves: 0,
    score: 0,
    regret: 0,
    scoredMs: 0,
    misplacedMs: 0,
    unplacedMs: 0,
    unknownMs: 0,
    cost: 0,
    isCostKnown: true,
  };
}

/** Where it really was: `undefined` when that is not known any more. */
function placeAt({ recorded, isCut }: Contender, now: number): string | null | undefined {
  const last = recorded.findLast(({ time }) => Date.parse(time) <= now);
  if (last === undefined) return isCut ? undefined : null;
  // One that fits nowhere stays where it is.
  return last.chosen?.name ?? last.previous?.name ?? null;
}

function realMoves({ recorded }: Contender, from: number, until: number): number {
  return recorded.filter(({ outcome, time }) => {
    const at = Date.parse(time);
    return outcome === "moved" && at >= from && at < until;
  }).length;
}

function placeOf({ status }: Application): string | null {
  return status.scheduled_to?.name ?? null;
}

/** The application as if it had stood there for long, and were done with whatever it does now. */
function settledOn(app: Application, name: string | null, now: number): Application {
  const namespace = app.metadata.namespace ?? "";
  const bound = name === null ? null : { api: "kubernetes", kind: "Cluster", namespace, name };
  const long = new Date(now - longMs).toISOString();
  const { failed_moves: _failed, moves: _moves, places: _places, ...status } = app.status;
  return {
    ...app,
    status: {
      ...status,
      scheduled_to: bound,
      running_on: bound,
      scheduled: bound === null ? null : long,
      moves: [],
      copies: [],
    },
  };
}

/** Longer than any dwell. */
const longMs = 400 * 86_400_000;

/** What a decision of this moment makes of it. */
function moved(
  app: Application,
  snapshot: Snapshot,
): { readonly app: Application; readonly moves: number } {
  const { outcome, chosen, time } = decide(app, snapshot, 2);
  if ((outcome !== "moved" && outcome !== "placed") || chosen === null) return { app, moves: 0 };
  const bound = { api: "kubernetes", kind: "Cluster", ...chosen };
  const from = placeOf(app);
  const moves =
    outcome === "moved" && from !== null
      ? [...(app.status.moves ?? []), { time, from, to: chosen.name }].slice(-keptMoves)
      : (app.status.moves ?? []);
  const status = { ...app.status, scheduled_to: bound, running_on: bound, scheduled: time, moves };
  return { app: { ...app, status }, moves: outcome === "moved" ? 1 : 0 };
}

/** As many as any budget looks at, and no more: a noisy day would make the list long. */
const keptMoves = 100;

/** What a moment on a cluster is worth, by the policy of the question. */
function measureOf(app: Application, place: string | null, { tried, until }: Moment): Sums {
  const ms = Math.max(0, until - tried.now);
  if (place === null) return { ...none(), unplacedMs: ms };
  const decision = decide(settledOn(app, place, tried.now), withoutStickiness(tried), 2);
  const here = decision.candidates.find(({ cluster }) => cluster.name === place);
  const best = bestOf(decision.candidates);
  if (here?.score === undefined || here.score === null || !here.fits) {
    return {
      ...none(),
      misplacedMs: ms,
      isCostKnown: typeof here?.estimates?.cost_per_hour === "number",
    };
  }
  const cost = here.estimates?.cost_per_hour ?? null;
  return {
    ...none(),
    score: here.score * ms,
    regret: Math.max(0, (best ?? here.score) - here.score) * ms,
    scoredMs: ms,
    cost: ((cost ?? 0) * ms) / 3_600_000,
    isCostKnown: cost !== null,
  };
}

function bestOf(rows: readonly CandidateVerdict[]): number | null {
  const scores = rows.flatMap(({ fits, score }) => (fits && score !== null ? [score] : []));
  return scores.length === 0 ? null : Math.max(...scores);
}

function withoutStickiness(snapshot: Snapshot): Snapshot {
  const { placement } = snapshot;
  if (!placement?.policy) return { ...snapshot, stickiness: 0 };
  const policy = { ...placement.policy, spec: { ...placement.policy.spec, stickiness: 0 } };
  return { ...snapshot, stickiness: 0, placement: { ...placement, policy } };
}
