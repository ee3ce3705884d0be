import type { Metric } from "./metric.ts";

/** How the numbers of a metric become values from 0 (worst) to 1 (best), and back. */
export type MetricScale = Pick<Metric["spec"], "min" | "max" | "direction">;

export function normalised({ min, max, direction }: MetricScale, raw: number): number {
  const share = (raw - min) / (max - min);
  return direction === "lower" ? 1 - share : share;
}

/** The number that counts as this value. */
export function numberOf({ min, max, direction }: MetricScale, value: number): number {
  return min + (max - min) * (direction === "lower" ? 1 - value : value);
}
