/** The names that are nearest to one that is mistyped, at most three; none when none is near. Pure. */
export function nearNames(text: string, names: Iterable<string>): readonly string[] {
  const wanted = text.toLowerCase();
  const scored = [...new Set(names)]
    .map((name) => ({ name, distance: distanceOf(wanted, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .toSorted((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  const least = scored[0]?.distance;
  return scored
    .filter(({ distance }) => distance === least)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** `(did you mean a or b?)` with a blank in front, or nothing. */
export function suggestion(text: string, names: Iterable<string>): string {
  const near = nearNames(text, names);
  return near.length === 0 ? "" : ` (did you mean ${near.join(" or ")}?)`;
}

/** Letters to add, drop, change or swap with their neighbour (optimal string alignment). */
function distanceOf(one: string, other: string): number {
  let before: readonly number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped =
        row > 1 &&
        column > 1 &&
        one[row - 1] === other[column - 2] &&
        one[row - 2] === other[column - 1];
      next.push(
        Math.min(
          last[column]! + 1,
          next[column - 1]! + 1,
          last[column - 1]! + (isSame ? 0 : 1),
          isSwapped ? before[column - 2]! + 1 : Infinity,
        ),
      );
    }
    before = last;
    last = next;
  }
  return last[other.length]!;
}
