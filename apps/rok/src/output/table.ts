import { padded, startOf, textWidth } from "./text-width.ts";

/** Tables as lines of text; pure. Widths count columns of a terminal, not characters. */

export interface Table {
  readonly titles: readonly string[];
  /** As many cells as titles, each one line. */
  readonly rows: readonly (readonly string[])[];
}

export interface Layout {
  /** Columns of the terminal; left out: nothing is cut. */
  readonly width?: number | undefined;
  readonly noHeaders?: boolean | undefined;
  /** Colours for the text of a cell, by the title of its column; adds nothing that is seen. */
  readonly paint?: Paint | undefined;
}

export type Paint = (title: string, text: string) => string;

const gap = "  ";
/** No column is made narrower than this: three characters and the sign that some are missing. */
const narrowest = 4;

/** The titles and the rows below each other; cut to the width if one is given. */
export function layoutTable(table: Table, layout: Layout = {}): readonly string[] {
  return linesOf(table, columnWidths(table, layout), layout);
}

/** How wide each column of the table has to be. */
export function columnWidths({ titles, rows }: Table, layout: Layout = {}): readonly number[] {
  const lines = layout.noHeaders === true ? rows : [titles, ...rows];
  const natural = titles.map((_, column) =>
    Math.max(0, ...lines.map((line) => textWidth(line[column] ?? ""))),
  );
  return layout.width === undefined ? natural : fitted(natural, layout.width);
}

/** A table whose columns are as wide as they are told to be; longer cells are cut. */
export function linesOf(
  { titles, rows }: Table,
  widths: readonly number[],
  { noHeaders, paint }: Layout = {},
): readonly string[] {
  const lineOf = (line: readonly string[], isTitle: boolean): string =>
    line
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        const text = cut(cell, width);
        const shown = isTitle || !paint ? text : paint(titles[column] ?? "", text);
        return shown + " ".repeat(Math.max(0, width - textWidth(text)));
      })
      .join(gap)
      .trimEnd();
  const body = rows.map((row) => lineOf(row, false));
  return noHeaders === true ? body : [lineOf(titles, true), ...body];
}

/** Names on the left, values on the right; long values go on in the next line, below themselves. */
export function layoutFields(
  fields: readonly (readonly [name: string, value: string])[],
  { width, paint }: Layout = {},
): readonly string[] {
  const left = Math.max(0, ...fields.map(([name]) => textWidth(name)));
  const right = width === undefined ? undefined : Math.max(20, width - left - gap.length);
  return fields.flatMap(([name, value]) =>
    value
      .split("\n")
      .flatMap((line) => (right === undefined ? [line] : wrapped(line, right)))
      .map((line, index) => {
        const shown = paint ? paint(name, line) : line;
        return `${padded(index === 0 ? name : "", left)}${gap}${shown}`.trimEnd();
      }),
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
  return textWidth(text) <= width ? text : `${startOf(text, width - 1)}…`;
}

function wrapped(line: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = line;
  while (textWidth(rest) > width) {
    const fits = startOf(rest, width);
    const isWordEnd = rest[fits.length] === " ";
    const space = isWordEnd ? fits.length : fits.lastIndexOf(" ");
    const isGoodPlace = textWidth(rest.slice(0, Math.max(0, space))) > width / 2;
    // One character that is wider than the room still has to go somewhere.
    const end = isGoodPlace ? space : Math.max(1, fits.length);
    lines.push(rest.slice(0, end));
    rest = rest.slice(rest[end] === " " ? end + 1 : end);
  }
  return [...lines, rest];
}
