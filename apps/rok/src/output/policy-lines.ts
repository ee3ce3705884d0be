import type { Decision, Estimates } from "@octoplane/kinds/decision";
import { numberText } from "./decision-text.ts";
import { oneLine } from "./terminal-text.ts";

/** By what clusters were compared, when the application says it itself. Pure. */
export function policyLines({ policy }: Pick<Decision, "policy">): readonly string[] {
  if (policy === undefined) return [];
  const weights = Object.entries(policy.weights)
    .map(([metric, weight]) => `${oneLine(metric)} ${numberText(weight)}`)
    .join(", ");
  const scope = policy.namespaced === false ? "global policy" : "policy";
  const name = policy.name === null ? "own weights" : `${scope} ${oneLine(policy.name)}`;
  const counts = weights === "" ? "the metrics of the clusters, with their weights" : weights;
  return [
    `by ${name}: ${counts}`,
    ...(policy.problem === null ? [] : [`but ${oneLine(policy.problem.message)}`]),
  ];
}

/** `, 0.1 EUR/h, 2.3 g CO2/h`; empty when nothing is known. Pure. */
export function estimateText(estimates: Estimates | undefined): string {
  if (estimates === undefined) return "";
  const { cost_per_hour: cost, currency, carbon_grams_per_hour: carbon } = estimates;
  return [
    cost === null ? "" : `, ${numberText(cost)} ${oneLine(currency ?? "")}/h`,
    carbon === null ? "" : `, ${numberText(carbon)} g CO2/h`,
  ].join("");
}
