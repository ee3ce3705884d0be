/** What Pods and nodes use, as texts; pure. Units and rounding are those of `kubectl top`. */

export interface UsageFlags {
  readonly sortBy?: "cpu" | "memory";
  readonly sum?: boolean;
}

/** As the server tells them; null where it knows nothing. */
export interface AmountsAnswer {
  readonly cpu_cores: number | null;
  readonly memory_bytes: number | null;
}

/** `12m`: thousandths of a core, rounded up, so that what runs never seems to use nothing. */
export function cpuText({ cpu_cores: cores }: AmountsAnswer): string {
  return cores === null ? "" : `${Math.ceil(Math.round(cores * 1e9) / 1e6)}m`;
}

/** `30Mi`, rounded down. */
export function memoryText({ memory_bytes: bytes }: AmountsAnswer): string {
  return bytes === null ? "" : `${Math.floor(bytes / 2 ** 20)}Mi`;
}

/** `40%`; empty where one of the two is not known, or there is nothing to have a share of. */
export function shareText(used: number | null, whole: number | null): string {
  return used === null || whole === null || whole === 0
    ? ""
    : `${Math.round((used / whole) * 100)}%`;
}

/** The most first, what is not known last; what is equal stays as it was. */
export function sortedByUsage<T extends { readonly used: AmountsAnswer }>(
  items: readonly T[],
  sortBy: UsageFlags["sortBy"],
): readonly T[] {
  if (sortBy === undefined) return items;
  const field = sortBy === "cpu" ? "cpu_cores" : "memory_bytes";
  return items.toSorted((left, right) => (right.used[field] ?? -1) - (left.used[field] ?? -1));
}
