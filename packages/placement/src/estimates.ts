import type { Estimates } from "@octoplane/kinds/decision";
import { currencies } from "@octoplane/kinds/metric-unit";
import type { Requests } from "@octoplane/kinds/workload-requests";
import { limits } from "@octoplane/shared/limits";
import type { Candidate } from "./candidate.ts";

const gibibyte = 2 ** 30;

/**
 * What an application would cost on a cluster in an hour, and the carbon of its electricity, from those metrics of the
 * cluster whose unit says so:
 *
 *     cost    cores × (currency)/core-hour + GiB × (currency)/GiB-hour
 *     carbon  gCO2/kWh × (cores × W/core + GiB × W/GiB) / 1,000
 *
 * A price of memory or of cores alone is the whole price. Of several currencies the first that has a price is taken, and of
 * several metrics of a unit the first. Numbers that nobody measured make no estimate. `undefined` when the cluster has no
 * such metric at all. Pure.
 */
export function estimatesOf(candidate: Candidate, requests: Requests): Estimates | undefined {
  if (!candidate.readings.some(({ unit }) => unit !== undefined)) return undefined;
  const gibibytes = requests.memoryBytes / gibibyte;
  const isAsked = requests.cpuCores > 0 || requests.memoryBytes > 0;
  const currency = currencies.find(
    (one) => has(candidate, `${one}/core-hour`) || has(candidate, `${one}/GiB-hour`),
  );
  const hasCarbon = has(candidate, "gCO2/kWh");
  if (currency === undefined && !hasCarbon) return undefined;
  const perCore = valueOf(candidate, `${currency}/core-hour`, 0);
  const perGiB = valueOf(candidate, `${currency}/GiB-hour`, 0);
  const cost = requests.cpuCores * perCore + gibibytes * perGiB;
  const wattsPerCore = valueOf(candidate, "W/core", limits.wattsPerCore);
  const wattsPerGiB = valueOf(candidate, "W/GiB", limits.wattsPerGiB);
  const watts = requests.cpuCores * wattsPerCore + gibibytes * wattsPerGiB;
  const carbon = (valueOf(candidate, "gCO2/kWh", NaN) * watts) / 1_000;
  return {
    cost_per_hour: currency !== undefined && isAsked ? known(cost) : null,
    currency: currency ?? null,
    carbon_grams_per_hour: isAsked ? known(carbon) : null,
  };
}

function has({ readings }: Candidate, unit: string): boolean {
  return readings.some((reading) => reading.unit === unit);
}

/** `otherwise` where no metric of this unit is named; NaN where one is, and was not measured. */
function valueOf({ readings }: Candidate, unit: string, otherwise: number): number {
  const reading = readings.find((one) => one.unit === unit);
  if (reading === undefined) return otherwise;
  return reading.ok && reading.isAssumed !== true ? reading.raw : NaN;
}

/** A number of at least zero, or null. */
function known(value: number): number | null {
  return Number.isFinite(value) && value >= 0 ? value : null;
}
