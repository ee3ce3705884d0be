/**
 * Delay before the next attempt: exponential with full jitter in its upper half, bounded.
 * `attempt` counts from 0, `fraction` is a random number in [0, 1).
 */
export function backoffMs(
  attempt: number,
  fraction: number,
  bounds: { readonly firstMs: number; readonly mostMs: number },
): number {
  const ceiling = Math.min(bounds.mostMs, bounds.firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceiling * (0.5 + fraction / 2));
}
