import { plainText } from "../output/terminal-text.ts";

/** Text of others that goes on to a terminal as it comes: without what a terminal would obey, colours too. */
export class TerminalFilter {
  readonly #decoder = new TextDecoder();
  #held = "";

  push(chunk: Uint8Array): string {
    return this.#filtered(this.#held + this.#decoder.decode(chunk, { stream: true }));
  }

  /** What was held back because more might have belonged to it. */
  end(): string {
    const rest = this.#held + this.#decoder.decode();
    this.#held = "";
    return harmless(rest);
  }

  #filtered(text: string): string {
    const cut = unfinished.exec(text)?.index ?? text.length;
    this.#held = text.slice(cut);
    return harmless(text.slice(0, cut));
  }
}

/** A line end of two characters, or a colour, whose other half may come next. */
const unfinished = /(?:\r|\u001b(?:\[[\d;:]{0,32})?)$/;
const colour = /\u001b\[[\d;:]*m/g;

function harmless(text: string): string {
  const lines = text.replaceAll("\r\n", "\n").replace(colour, "");
  return lines.split("\t").map(plainText).join("\t");
}
