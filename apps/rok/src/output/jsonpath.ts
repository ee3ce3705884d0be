import { failure } from "@octoplane/shared/errors";

/**
 * Templates as kubectl has them (https://kubernetes.io/docs/reference/kubectl/jsonpath/): text with
 * `{…}` in it, of which each holds paths, quoted text, or `range` and `end`. This file has their
 * syntax, `jsonpath-value.ts` what they mean. Pure.
 */

export type Step =
  | { readonly type: "child"; readonly names: readonly string[] }
  | { readonly type: "index"; readonly indexes: readonly number[] }
  | {
      readonly type: "slice";
      readonly from: number | undefined;
      readonly to: number | undefined;
      readonly step: number | undefined;
    }
  | { readonly type: "all" }
  /** Everything below, itself first. */
  | { readonly type: "descend" }
  | { readonly type: "filter"; readonly condition: Condition };

export interface Path {
  /** `$`: from the whole; `@`, or nothing: from what is looked at. */
  readonly root: "$" | "@";
  readonly steps: readonly Step[];
}

export type Operand = Path | { readonly literal: string | number | boolean | null };

export interface Condition {
  readonly left: Operand;
  /** Left out: the left side is there. */
  readonly operator?: Operator;
  readonly right?: Operand;
}

export type Operator = (typeof operators)[number];

export type Piece =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "paths"; readonly paths: readonly (Path | { readonly literal: string })[] }
  | { readonly type: "range"; readonly path: Path; readonly body: readonly Piece[] };

const operators = ["==", "!=", "<=", ">=", "<", ">"] as const;

/** `Invalid` with the place and what was expected there. */
export function parseTemplate(text: string): readonly Piece[] {
  // Without a brace there would be nothing but text in it, which nobody asks for.
  const isBare = !text.includes("{") && /^[.$@[]/.test(text);
  const reader = new Reader(isBare ? `{${text}}` : text, isBare ? 1 : 0);
  return reader.template();
}

/** One path, in braces or not: `.metadata.name`, `metadata.name`, `{.metadata.name}`. */
export function parsePath(text: string): Path {
  const inner = /^\{(.*)\}$/s.exec(text)?.[1] ?? text;
  const reader = new Reader(/^[.$@[]/.test(inner) ? inner : `.${inner}`, 0);
  return reader.onlyPath();
}

class Reader {
  readonly #text: string;
  /** Characters in front that the user did not write. */
  readonly #shift: number;
  #at = 0;

  constructor(text: string, shift: number) {
    this.#text = text;
    this.#shift = shift;
  }

  template(): readonly Piece[] {
    const pieces = this.#pieces(undefined);
    return pieces;
  }

  onlyPath(): Path {
    const path = this.#path();
    if (this.#at < this.#text.length) throw this.#expected("the end of the path");
    return path;
  }

  /** `range` is where the one that these pieces belong to began. */
  #pieces(range: number | undefined): readonly Piece[] {
    const pieces: Piece[] = [];
    for (;;) {
      const open = this.#text.indexOf("{", this.#at);
      const end = open < 0 ? this.#text.length : open;
      if (end > this.#at) pieces.push({ type: "text", text: this.#text.slice(this.#at, end) });
      this.#at = end;
      if (open < 0) {
        if (range === undefined) return pieces;
        this.#at = range;
        throw this.#problem("this range has no {end}");
      }
      this.#at += 1;
      this.#blanks();
      if (this.#word("end")) {
        this.#close();
        if (range !== undefined) return pieces;
        this.#at = open;
        throw this.#problem("{end} without a {range …} before it");
      }
      if (this.#word("range")) {
        this.#blanks();
        const path = this.#path();
        this.#close();
        pieces.push({ type: "range", path, body: this.#pieces(open) });
        continue;
      }
      pieces.push({ type: "paths", paths: this.#paths() });
    }
  }

  #paths(): readonly (Path | { readonly literal: string })[] {
    const paths: (Path | { readonly literal: string })[] = [];
    for (;;) {
      this.#blanks();
      if (this.#text[this.#at] === "}" && paths.length > 0) {
        this.#at += 1;
        return paths;
      }
      const isQuoted = /["']/.test(this.#text[this.#at] ?? "");
      paths.push(isQuoted ? { literal: this.#quoted() } : this.#path());
    }
  }

  #path(): Path {
    const first = this.#text[this.#at];
    const root = first === "$" ? "$" : "@";
    if (first === "$" || first === "@") this.#at += 1;
    const steps: Step[] = [];
    for (;;) {
      if (this.#take("..")) {
        steps.push({ type: "descend" });
        if (this.#text[this.#at] !== "[") steps.push(this.#name());
      } else if (this.#take(".")) {
        // `.` alone is the whole; `.[0]` is `[0]`.
        if (/[^\s{}[\])]/.test(this.#text[this.#at] ?? "}")) steps.push(this.#name());
        else if (steps.length > 0) throw this.#expected("a name");
      } else if (this.#take("[")) steps.push(this.#bracket());
      else break;
    }
    const isPath = steps.length > 0 || first === "$" || first === "@" || first === ".";
    if (!isPath) throw this.#expected("a path such as .metadata.name, or text in quotes");
    return { root, steps };
  }

  /** After a dot; a backslash makes the next character part of the name: `app\.kubernetes\.io`. */
  #name(): Step {
    if (this.#take("*")) return { type: "all" };
    let name = "";
    for (;;) {
      const character = this.#text[this.#at];
      if (character === "\\" && this.#at + 1 < this.#text.length) {
        name += this.#text[this.#at + 1];
        this.#at += 2;
      } else if (character !== undefined && /[^\s.[\](){}'"=!<>,|&]/.test(character)) {
        name += character;
        this.#at += 1;
      } else break;
    }
    if (name === "") throw this.#expected("a name, or *");
    return { type: "child", names: [name] };
  }

  #bracket(): Step {
    this.#blanks();
    if (this.#take("*")) return this.#closed({ type: "all" });
    if (this.#take("?(")) return this.#filter();
    if (/["']/.test(this.#text[this.#at] ?? "")) {
      const names = [this.#quoted()];
      for (this.#blanks(); this.#take(","); this.#blanks()) {
        this.#blanks();
        names.push(this.#quoted());
      }
      return this.#closed({ type: "child", names });
    }
    const from = this.#integer();
    if (this.#take(":")) {
      const to = this.#integer();
      const step = this.#take(":") ? this.#integer() : undefined;
      return this.#closed({ type: "slice", from, to, step });
    }
    if (from === undefined) throw this.#expected("an index, *, a name in quotes or ?(…)");
    const indexes = [from];
    while (this.#take(",")) {
      this.#blanks();
      const next = this.#integer();
      if (next === undefined) throw this.#expected("an index");
      indexes.push(next);
    }
    return this.#closed({ type: "index", indexes });
  }

  #filter(): Step {
    this.#blanks();
    const left = this.#operand();
    this.#blanks();
    const operator = operators.find((candidate) => this.#take(candidate));
    if (operator === undefined && this.#text[this.#at] !== ")") {
      throw this.#expected(`one of ${operators.join(" ")}, or )`);
    }
    this.#blanks();
    const condition: Condition =
      operator === undefined ? { left } : { left, operator, right: this.#operand() };
    this.#blanks();
    if (!this.#take(")")) throw this.#expected(")");
    return this.#closed({ type: "filter", condition });
  }

  #operand(): Operand {
    if (/["']/.test(this.#text[this.#at] ?? "")) return { literal: this.#quoted() };
    const word = /^(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/.exec(
      this.#text.slice(this.#at),
    )?.[0];
    if (word === undefined) return this.#path();
    this.#at += word.length;
    return { literal: JSON.parse(word.replace(/^-?0+(?=\d)/, "")) as number | boolean | null };
  }

  #quoted(): string {
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") throw this.#expected("text in quotes");
    const start = this.#at;
    let text = "";
    for (this.#at += 1; this.#text[this.#at] !== quote; this.#at += 1) {
      if (this.#at >= this.#text.length) {
        this.#at = start;
        throw this.#problem("this quote is not closed");
      }
      const character = this.#text[this.#at]!;
      if (character !== "\\") text += character;
      else {
        this.#at += 1;
        const escaped = this.#text[this.#at] ?? "";
        text += escapes[escaped] ?? escaped;
      }
    }
    this.#at += 1;
    return text;
  }

  #integer(): number | undefined {
    const digits = /^-?\d{1,15}/.exec(this.#text.slice(this.#at))?.[0];
    if (digits === undefined) return undefined;
    this.#at += digits.length;
    return Number(digits);
  }

  #closed(step: Step): Step {
    this.#blanks();
    if (!this.#take("]")) throw this.#expected("]");
    return step;
  }

  #close(): void {
    this.#blanks();
    if (!this.#take("}")) throw this.#expected("}");
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at += 1;
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #word(word: string): boolean {
    const rest = this.#text.slice(this.#at);
    if (!rest.startsWith(word) || /^[\w.]/.test(rest.slice(word.length))) return false;
    this.#at += word.length;
    return true;
  }

  #expected(what: string): Error {
    const found = this.#text[this.#at];
    return this.#problem(`expected ${what}, found ${found === undefined ? "the end" : found}`);
  }

  #problem(message: string): Error {
    const shown = this.#shift === 0 ? this.#text : this.#text.slice(1, -1);
    // What the user did not write is no place to point at.
    const place = Math.min(this.#at - this.#shift, shown.length);
    const line = shown.replace(/\s/g, " ");
    const pointer = `  ${line}\n  ${" ".repeat(Math.max(0, place))}^`;
    return failure("Invalid", `at character ${place + 1}: ${message}\n${pointer}`);
  }
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
