/** What both constraint grammars share: tokens with their position, and the form of an answer. */

export interface Token {
  readonly text: string;
  /** Position of the first character, from 0. */
  readonly at: number;
}

export type Parsed<T> =
  | { readonly ok: true; readonly constraint: T }
  | { readonly ok: false; readonly at: number; readonly message: string };

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

/** A parse error for people: the message, the text, and a caret below the character. */
export function pointAt(
  text: string,
  error: { readonly at: number; readonly message: string },
): string {
  return `${error.message}\n  ${text}\n  ${" ".repeat(error.at)}^`;
}
