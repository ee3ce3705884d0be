import type { Place } from "@octoplane/kinds/decision";
import type {
  ClusterDifference,
  DecisionDifference,
  PartDifference,
} from "@octoplane/kinds/decision-difference";
import { nameOf, numberText } from "./decision-text.ts";
import { oneLine } from "./terminal-text.ts";

/** The difference between two decisions in words, a line each. Pure. */
export function differenceLines(difference: DecisionDifference): readonly string[] {
  const { from, to, outcome, chosen, places, reason, generation, fitting, clusters } = difference;
  const told = clusters.flatMap(clusterLines);
  return [
    `from decision ${from} to decision ${to}`,
    ...changed("outcome", outcome[0], outcome[1]),
    ...changed("cluster", placeText(chosen[0]), placeText(chosen[1])),
    ...changed("copies", placesText(places[0]), placesText(places[1])),
    ...changed("reason", oneLine(reason[0]), oneLine(reason[1])),
    ...changed("generation", String(generation[0]), String(generation[1])),
    ...changed("clusters that fit", String(fitting[0]), String(fitting[1])),
    ...(told.length === 0 ? ["nothing is different with any cluster"] : ["", ...told]),
  ];
}

function changed(what: string, before: string, after: string): readonly string[] {
  return before === after ? [] : [`${what}: ${before} -> ${after}`];
}

const words: Readonly<Record<ClusterDifference["change"], string>> = {
  appeared: "is new",
  vanished: "is gone",
  fits: "fits now",
  "no longer fits": "no longer fits",
  score: "scores otherwise",
  refusal: "does not fit for another reason",
  listed: "is told of in only one of the two",
};

function clusterLines({
  cluster,
  change,
  score,
  refusals,
  parts,
}: ClusterDifference): readonly string[] {
  const [before, after] = score.map((one) => (one === null ? "none" : numberText(one)));
  const scores = before === after ? "" : `, score ${before} -> ${after}`;
  return [
    `${nameOf(cluster)} ${words[change]}${scores}`,
    ...refusals.came.map((message) => `  in the way: ${oneLine(message)}`),
    ...refusals.went.map((message) => `  no longer in the way: ${oneLine(message)}`),
    ...(change === "appeared" || change === "listed" ? [] : parts.map(partLine)),
  ];
}

function partLine({ name, value, raw, weight }: PartDifference): string {
  const number = (one: number | null | undefined): string =>
    one === undefined || one === null ? "none" : numberText(one);
  const sides = [
    ...(raw[0] === raw[1] ? [] : [`${number(raw[0])} -> ${number(raw[1])}`]),
    ...(value[0] === value[1] ? [] : [`normalised ${number(value[0])} -> ${number(value[1])}`]),
    ...(weight[0] === weight[1] ? [] : [`weight ${number(weight[0])} -> ${number(weight[1])}`]),
  ];
  return `  ${oneLine(name)}: ${sides.join(", ")}`;
}

function placeText(place: Place | null): string {
  return place === null ? "none" : nameOf(place);
}

function placesText(places: readonly string[]): string {
  return places.length === 0 ? "one" : places.map((name) => oneLine(name)).join(", ");
}
