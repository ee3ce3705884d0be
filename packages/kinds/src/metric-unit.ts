import { Type } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";

/**
 * What the number of a metric is measured in. Few, because each of them means something: prices and the carbon of
 * electricity make the estimates of a placement, the others are only shown.
 */

export const currencies = ["EUR", "USD", "GBP", "CHF"] as const;
export type Currency = (typeof currencies)[number];

export const metricUnits = [
  ...currencies.flatMap((currency) => [`${currency}/core-hour`, `${currency}/GiB-hour`] as const),
  "gCO2/kWh",
  "W/core",
  "W/GiB",
  "ms",
  "percent",
] as const;

export type MetricUnit = (typeof metricUnits)[number];

/** Checked by `checkMetricUnit`, which names all that there are. */
export const MetricUnitSchema = Type.Unsafe<MetricUnit>(
  Type.String({ description: metricUnits.join(", ") }),
);

export function checkMetricUnit(
  field: string,
  unit: string | null | undefined,
): readonly FieldProblem[] {
  if (unit === null || unit === undefined) return [];
  if ((metricUnits as readonly string[]).includes(unit)) return [];
  return [{ field, message: `expected one of ${metricUnits.join(", ")}` }];
}
