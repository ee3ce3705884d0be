/**
 * How many columns of a terminal a text takes: wide characters of East Asia and emoji take two,
 * marks that combine with the one before take none. Pure. Ranges: Unicode 16, EastAsianWidth W
 * and F; those that are wide as emoji are found by their property.
 */
export function textWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const part of graphemesOf(text)) width += graphemeWidth(part);
  return width;
}

/** The longest beginning of the text that takes no more columns than this. */
export function startOf(text: string, width: number): string {
  if (plain.test(text)) return text.slice(0, width);
  let start = "";
  let taken = 0;
  for (const part of graphemesOf(text)) {
    taken += graphemeWidth(part);
    if (taken > width) break;
    start += part;
  }
  return start;
}

/** The text with blanks after it, up to the width. */
export function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}

const plain = /^[\x20-\x7e]*$/;
const invisible = /^[\p{Mn}\p{Me}\p{Mc}\p{Cf}\u1160-\u11ff]$/u;
const emoji = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|^\p{RI}\p{RI}/u;
const wide = new RegExp(
  "^[\\u1100-\\u115f\\u2329\\u232a\\u2630-\\u2637\\u268a-\\u268f\\u2e80-\\u303e\\u3041-\\ua4c6" +
    "\\ua960-\\ua97c\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe10-\\ufe19\\ufe30-\\ufe6b\\uff01-\\uff60" +
    "\\uffe0-\\uffe6\\u{16fe0}-\\u{1b2fb}\\u{1d300}-\\u{1d376}\\u{1f200}-\\u{1f265}" +
    "\\u{20000}-\\u{2fffd}\\u{30000}-\\u{3fffd}]$",
  "u",
);

let segmenter: Intl.Segmenter | undefined;

function* graphemesOf(text: string): Generator<string, void, undefined> {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  for (const { segment } of segmenter.segment(text)) yield segment;
}

function graphemeWidth(grapheme: string): number {
  if (emoji.test(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) {
    if (character === "\u00ad") width += 1;
    else if (!invisible.test(character)) width += wide.test(character) ? 2 : 1;
  }
  return width;
}
