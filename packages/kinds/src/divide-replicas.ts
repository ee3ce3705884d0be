import type { ManifestObject } from "./manifest.ts";
import { isScalable, replicated } from "./override.ts";

/**
 * Divides a number of replicas by shares, to the last one: each gets the whole part of what is due to it, and what is left goes
 * to the largest remainders (Hamilton's method), among equals to the first. The sum is the total, whatever the shares; none or
 * only zeros count as equal ones. Shares are finite and not negative. Pure.
 */
export function divideReplicas(total: number, shares: readonly number[]): number[] {
  const most = Math.max(0, ...shares);
  // By the largest, so that the sum of even the greatest numbers stays a number.
  const parts = shares.map((share) => (most > 0 ? share / most : 1));
  const sum = parts.reduce((all, part) => all + part, 0);
  const due = parts.map((part) => (total * part) / sum);
  const given = due.map(Math.floor);
  let left = total - given.reduce((all, one) => all + one, 0);
  const order = due
    .map((exact, index) => ({ index, rest: exact - Math.floor(exact) }))
    .toSorted((a, b) => b.rest - a.rest || a.index - b.index);
  for (const { index } of order) {
    if (left <= 0) break;
    given[index]! += 1;
    left -= 1;
  }
  return given;
}

/** What of a manifest is meant for one of several places, by the shares of all of them: only what has replicas is divided. Pure. */
export function dividedManifest(
  manifest: readonly ManifestObject[],
  shares: readonly number[],
  index: number,
): readonly ManifestObject[] {
  return withReplicas(manifest, (total) => divideReplicas(total, shares)[index] ?? total);
}

/** The same with the most that a place gets of evenly divided replicas. Pure. */
export function largestPart(
  manifest: readonly ManifestObject[],
  parts: number,
): readonly ManifestObject[] {
  return withReplicas(manifest, (total) => Math.ceil(total / parts));
}

/** Kubernetes takes one replica where no number is written. */
function withReplicas(
  manifest: readonly ManifestObject[],
  partOf: (total: number) => number,
): readonly ManifestObject[] {
  return manifest.map((item) => {
    if (!isScalable(item)) return item;
    const { replicas } = (item["spec"] ?? {}) as { readonly replicas?: unknown };
    const total = typeof replicas === "number" && replicas >= 0 ? replicas : 1;
    return replicated(item, partOf(total));
  });
}
