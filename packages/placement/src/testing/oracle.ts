/**
 * The rules of docs/placement.md once more, for tests: written from the page, slow and simple, with nothing of the code that
 * it is compared with. Numbers are whole quarters and scores are fractions of whole numbers, so that it has no rounding.
 */

export interface OracleCluster {
  readonly name: string;
  readonly gate: Gate;
  readonly zone: string | undefined;
  /** Its value of the one metric that there is, in quarters; it may also name it and have none. */
  readonly load: number | "failing" | undefined;
  /** The cluster's own weight of it. */
  readonly weight: number;
}

/** What stands at the door of a cluster. */
export type Gate =
  | "open"
  | "offline"
  | "deleted"
  | "cordoned"
  | "drained"
  | "NoSchedule"
  | "NoExecute";

export interface OracleApp {
  readonly on: string | undefined;
  /** True when it was placed less than the interval ago. */
  readonly isRecent: boolean;
  /** What keeps it where it is whatever the clusters are like. */
  readonly held: "MigrationDisabled" | "Completed" | "NodeLocalData" | undefined;
  readonly demand: "zone is x" | "zone is not x" | "!zone" | "load >= 0.5" | undefined;
  readonly tolerates: boolean;
  /** The weight of its wish for the zone x. */
  readonly wish: number | undefined;
  /** Its own weight of the metric, and whether clusters without a value count with the middle. */
  readonly own: { readonly weight: number; readonly isNeutral: boolean } | undefined;
}

export interface OracleFleet {
  readonly clusters: readonly OracleCluster[];
  /** In quarters. */
  readonly stickiness: number;
  readonly minimumGain: number;
  readonly isBraked: boolean;
}

export interface Verdict {
  readonly outcome: "placed" | "moved" | "stayed" | "unplaceable";
  readonly chosen: string | undefined;
  readonly code: string;
  readonly runnerUp: string | undefined;
  readonly margin: number | undefined;
  readonly fitting: readonly string[];
}

interface Fraction {
  readonly over: number;
  readonly under: number;
}

interface Place {
  readonly name: string;
  readonly hasMetrics: boolean;
  readonly score: Fraction;
  readonly isHere: boolean;
}

export function oracle(app: OracleApp, fleet: OracleFleet): Verdict {
  const here = fleet.clusters.find(({ name }) => name === app.on);
  const places = fleet.clusters
    .filter((cluster) => fits(app, cluster, cluster === here))
    .map((cluster) => placeOf(app, fleet, cluster))
    .toSorted(order);
  const fitting = places.map(({ name }) => name).toSorted();
  const say = (outcome: Verdict["outcome"], code: string, chosen: string | undefined): Verdict => {
    const rival = places.find(({ name }) => name !== chosen);
    const own = fleet.clusters.find(({ name }) => name === chosen);
    const score = own && placeOf(app, fleet, own).score;
    const margin = rival && score ? number(score) - number(rival.score) : undefined;
    return { outcome, chosen, code, runnerUp: rival?.name, margin, fitting };
  };
  const [best] = places;
  if (here && app.held) return say("stayed", app.held, here.name);
  if (!best) return say("unplaceable", "NO_SUITABLE_RESOURCE", undefined);
  if (!here) return say("placed", "Best", best.name);
  const stay = (code: string): Verdict => say("stayed", code, here.name);
  const present = places.find(({ isHere }) => isHere);
  if (!present) {
    return fleet.isBraked ? stay("FleetBraked") : say("moved", "CurrentNoLongerFits", best.name);
  }
  if (best === present) return stay("Best");
  if (here.load === "failing") return stay("MetricsMissing");
  if (fleet.isBraked) return stay("FleetBraked");
  const gain = number(best.score) - number(present.score);
  if (best.hasMetrics === present.hasMetrics && gain < fleet.minimumGain)
    return stay("GainTooSmall");
  if (app.isRecent) return stay("MovedRecently");
  return say("moved", "Best", best.name);
}

function fits(app: OracleApp, cluster: OracleCluster, isHere: boolean): boolean {
  return (
    passes(app, cluster, isHere) && (isHere || cluster.load !== "failing") && meets(app, cluster)
  );
}

/** The table of "Cordon, drain, taints", and a cluster that is away. */
function passes({ tolerates }: OracleApp, { gate }: OracleCluster, isHere: boolean): boolean {
  const table: Readonly<Record<Gate, readonly [comes: boolean, stays: boolean]>> = {
    open: [true, true],
    offline: [false, false],
    deleted: [false, false],
    drained: [false, false],
    cordoned: [false, true],
    NoSchedule: [tolerates, true],
    NoExecute: [tolerates, tolerates],
  };
  return table[gate][isHere ? 1 : 0];
}

/** A label that is missing makes everything false but `!zone`; a metric without a value satisfies nothing. */
function meets({ demand }: OracleApp, { zone, load }: OracleCluster): boolean {
  if (demand === "zone is x") return zone === "x";
  if (demand === "zone is not x") return zone !== undefined && zone !== "x";
  if (demand === "!zone") return zone === undefined;
  if (demand === "load >= 0.5") return typeof load === "number" && load >= 2;
  return true;
}

function placeOf(app: OracleApp, fleet: OracleFleet, cluster: OracleCluster): Place {
  const { name, zone, load, weight } = cluster;
  const isHere = name === app.on;
  const sticky = isHere ? fleet.stickiness : 0;
  const isNeutral = app.own?.isNeutral === true && typeof load !== "number";
  const value = isNeutral ? 2 : load;
  const hasMetrics = typeof value === "number";
  const weighs = hasMetrics ? (app.own?.weight ?? weight) : 0;
  const wishes = app.wish ?? 0;
  // All in quarters: a weight of 1 with a value of 1 is 4.
  const over = weighs * (hasMetrics ? value : 0) + (zone === "x" ? 4 * wishes : 0) + sticky;
  const under = 4 * weighs + 4 * wishes + sticky;
  // Krake's words: without metrics the score is the stickiness itself.
  const plain = !hasMetrics && app.wish === undefined;
  const score = plain ? { over: sticky, under: 4 } : { over, under };
  return { name, hasMetrics, isHere, score: score.under === 0 ? { over: 0, under: 1 } : score };
}

/** Those with metrics, then the score, then where it is, then the name. */
function order(a: Place, b: Place): number {
  if (a.hasMetrics !== b.hasMetrics) return a.hasMetrics ? -1 : 1;
  const byScore = b.score.over * a.score.under - a.score.over * b.score.under;
  if (byScore !== 0) return byScore;
  if (a.isHere !== b.isHere) return a.isHere ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}

function number({ over, under }: Fraction): number {
  return over / under;
}
