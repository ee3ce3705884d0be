/** Tables as lines of text; pure. Widths count characters, not bytes. */

export interface Table {
  readonly titles: readonly string[];
  /** As many cells as titles, each one line. */
  readonly rows: readonly (readonly string[])[];
}

const gap = "  ";
/** No column is made narrower than this: three characters and the sign that some are missing. */
const narrowest = 4;

/** The titles and the rows below each other; cut to the width if one is given. */
export function layoutTable({ titles, rows }: Table, width?: number): readonly string[] {
  const lines = [titles, ...rows];
  const natural = titles.map((_, column) =>
    Math.max(...lines.map((line) => lengthOf(line[column] ?? ""))),
  );
  const widths = width === undefined ? natural : fitted(natural, width);
  return lines.map((line) =>
    line
      .map((cell, column) => cut(cell, widths[column]!).padEnd(widths[column]!))
      .join(gap)
      .trimEnd(),
  );
}

/** Names on the left, values on the right; long values go on in the next line, below themselves. */
export function layoutFields(
  fields: readonly (readonly [name: string, value: string])[],
  width?: number,
): readonly string[] {
  const left = Math.max(0, ...fields.map(([name]) => lengthOf(name)));
  const right = width === undefined ? undefined : Math.max(20, width - left - gap.length);
  return fields.flatMap(([name, value]) =>
    value
      .split("\n")
      .flatMap((line) => (right === undefined ? [line] : wrapped(line, right)))
      .map((line, index) => `${(index === 0 ? name : "").padEnd(left)}${gap}${line}`.trimEnd()),
  );
}

/** The widest columns give way first, all to the same width. */
function fitted(natural: readonly number[], width: number): readonly number[] {
  const room = width - gap.length * (natural.length - 1);
  const needed = (most: number): number =>
    natural.reduce((sum, own) => sum + Math.min(own, most), 0);
  let most = Math.max(narrowest, ...natural);
  while (most > narrowest && needed(most) > room) most -= 1;
  let left = Math.max(0, room - needed(most));
  // What is left over after the last step goes to the first columns that were cut.
  return natural.map((own) => {
    if (own <= most || left === 0) return Math.min(own, most);
    left -= 1;
    return most + 1;
  });
}

function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
}

function wrapped(line: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = [...line];
  while (rest.length > width) {
    const space = rest.lastIndexOf(" ", width);
    const end = space > width / 2 ? space : width;
    lines.push(rest.slice(0, end).join(""));
    rest = rest.slice(rest[end] === " " ? end + 1 : end);
  }
  return [...lines, rest.join("")];
}

function lengthOf(text: string): number {
  return [...text].length;
}
