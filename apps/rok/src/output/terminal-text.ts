/**
 * Text that came from elsewhere, made fit for a terminal: nothing in it can move the cursor or turn
 * the direction.
 */

/** Control characters but line ends, and the marks that reorder what stands around them. */
const unsafe =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

export function plainText(text: string): string {
  return text.replace(unsafe, "\ufffd");
}

/** For the one line of a cell in a list. */
export function oneLine(text: string): string {
  return plainText(text.trim().replace(/\s*\n\s*/g, ", "));
}

/** JSON that says the same without a character that a terminal would obey. */
export function plainJson(json: string): string {
  return json.replace(unsafe, (character) =>
    character === "\t" || character === "\r"
      ? character
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export function hasUnsafe(text: string): boolean {
  return text.search(unsafe) >= 0;
}

/** `2026-07-01T10:09:56.123Z` → `2026-07-01 10:09:56Z`; what is no such time stays. */
export function shortTime(time: string | null): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|\+00:00)$/.exec(time ?? "");
  return match ? `${match[1]} ${match[2]}Z` : (time ?? "");
}
