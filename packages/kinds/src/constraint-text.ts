/** What both constraint grammars share: tokens with their position, and the form of an answer. */

export interface Token {
  readonly text: string;
  /** Position of the first character, from 0. */
  readonly at: number;
}

export type Parsed<T> =
  | { readonly ok: true; readonly constraint: T }
  | { readonly ok: false; readonly at: number; readonly message: string };

/** A refusal at a character. */
export function wrong(
  at: number,
  message: string,
): { readonly ok: false; readonly at: number; readonly message: string } {
  return { ok: false, at, message };
}

/**
 * Splits at blanks and tabs; the symbols stand for themselves, the longest first.
 * A word is everything up to a blank or the first character of any symbol.
 */
export function tokens(text: string, symbols: readonly string[]): readonly Token[] {
  const found: Token[] = [];
  const starts = new Set(symbols.map((symbol) => symbol[0]));
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    if (character === " " || character === "\t") {
      at += 1;
      continue;
    }
    const symbol = symbols.find((candidate) => text.startsWith(candidate, at));
    let end = at + (symbol?.length ?? 1);
    if (symbol === undefined) {
      while (end < text.length && !/[ \t]/.test(text[end]!) && !starts.has(text[end]!)) end += 1;
    }
    found.push({ text: text.slice(at, end), at });
    at = end;
  }
  return found;
}

/** A word of a constraint as a message shows it: in quotes, and not without end. */
export function quoted(word: string): string {
  return JSON.stringify(word.length > wordMax ? `${word.slice(0, wordMax)}...` : word);
}

/**
 * A parse error for people: the message, the text, and a caret below the character. Of a long text, what surrounds the
 * character; whatever would move the caret (tabs, line breaks) is shown as a blank.
 */
export function pointAt(
  text: string,
  error: { readonly at: number; readonly message: string },
): string {
  const from = text.length <= 2 * windowChars ? 0 : Math.max(0, error.at - windowChars);
  const to = from + 2 * windowChars;
  const head = from > 0 ? "..." : "";
  const line = `${head}${text.slice(from, to)}${to < text.length ? "..." : ""}`;
  const shown = line.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, " ");
  return `${error.message}\n  ${shown}\n  ${" ".repeat(head.length + error.at - from)}^`;
}

/** What fits a line of a terminal, on either side of the character. */
const windowChars = 60;
const wordMax = 80;
