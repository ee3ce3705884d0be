/** The part of a shell's language that the simulated containers know: lists of simple commands with quotes and redirections. Pure. */

export interface Command {
  readonly words: readonly Word[];
  readonly redirect: { readonly to: Word; readonly append: boolean } | undefined;
  /** Whether its output goes where errors go (`>&2`). */
  readonly toErrors: boolean;
  /** When it runs, by the status of what ran before it. */
  readonly when: "always" | "success" | "failure";
}

/** Pieces of a word; those of a variable are filled in when the command runs. */
export type Word = readonly ({ readonly text: string } | { readonly variable: string })[];

type Token = { readonly word: Word } | { readonly operator: string };

/** `undefined` for what this shell does not know: pipes, loops, substitutions. */
export function parseScript(script: string): readonly Command[] | undefined {
  const tokens = tokensOf(script);
  if (!tokens) return undefined;
  const commands: Command[] = [];
  let when: Command["when"] = "always";
  let current: Token[] = [];
  const finish = (): boolean => {
    const command = commandOf(current, when);
    if (current.length > 0 && !command) return false;
    if (command) commands.push(command);
    current = [];
    return true;
  };
  for (const token of tokens) {
    const next = "operator" in token ? joints[token.operator] : undefined;
    if (next === undefined) {
      current.push(token);
      continue;
    }
    if (!finish()) return undefined;
    when = next;
  }
  return finish() ? commands : undefined;
}

const joints: Readonly<Record<string, Command["when"]>> = {
  ";": "always",
  "\n": "always",
  "&&": "success",
  "||": "failure",
};

function commandOf(tokens: readonly Token[], when: Command["when"]): Command | undefined {
  const words: Word[] = [];
  let redirect: Command["redirect"];
  let toErrors = false;
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index]!;
    if ("word" in token) {
      words.push(token.word);
      continue;
    }
    if (token.operator === ">&2") {
      toErrors = true;
      continue;
    }
    const target = tokens[(index += 1)];
    if (target === undefined || !("word" in target)) return undefined;
    redirect = { to: target.word, append: token.operator === ">>" };
  }
  return words.length === 0 ? undefined : { words, redirect, toErrors, when };
}

const operators = /^(?:&&|\|\||>&2|1>&2|>>|>|;|\n)/;
/** A variable, or the beginning of what is more than one. */
const variable = /^\$(?:(\?|[A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/;

function tokensOf(script: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  let rest = script;
  while (rest !== "") {
    const blank = /^(?:[ \t]+|#[^\n]*)/.exec(rest);
    if (blank) {
      rest = rest.slice(blank[0].length);
      continue;
    }
    const operator = operators.exec(rest)?.[0];
    if (operator !== undefined) {
      tokens.push({ operator: operator === "1>&2" ? ">&2" : operator });
      rest = rest.slice(operator.length);
      continue;
    }
    const word = wordOf(rest);
    if (!word) return undefined;
    tokens.push({ word: word.pieces });
    rest = word.rest;
  }
  return tokens;
}

function wordOf(script: string): { readonly pieces: Word; readonly rest: string } | undefined {
  const pieces: ({ text: string } | { variable: string })[] = [];
  let rest = script;
  while (rest !== "" && !/^[ \t\n;>&|]/.test(rest)) {
    const piece = pieceOf(rest);
    if (!piece) return undefined;
    pieces.push(...piece.pieces);
    rest = rest.slice(piece.length);
  }
  return pieces.length === 0 ? undefined : { pieces, rest };
}

function pieceOf(rest: string): { readonly pieces: Word; readonly length: number } | undefined {
  const single = /^'([^']*)'/.exec(rest);
  if (single) return { pieces: [{ text: single[1]! }], length: single[0].length };
  if (rest.startsWith('"')) {
    const quoted = /^"((?:[^"\\]|\\[^])*)"/.exec(rest);
    const inside = quoted && expandable(quoted[1]!);
    return quoted && inside ? { pieces: inside, length: quoted[0].length } : undefined;
  }
  const named = variable.exec(rest);
  if (named) return { pieces: [{ variable: named[1] ?? named[2]! }], length: named[0].length };
  const escaped = /^\\([^])/.exec(rest);
  if (escaped) return { pieces: [{ text: escaped[1]! }], length: 2 };
  const plain = /^[^\s'"\\$;>&|`()]+/.exec(rest);
  return plain ? { pieces: [{ text: plain[0] }], length: plain[0].length } : undefined;
}

/** The inside of double quotes. */
function expandable(text: string): Word | undefined {
  const pieces: ({ text: string } | { variable: string })[] = [{ text: "" }];
  for (let rest = text; rest !== "";) {
    const named = variable.exec(rest);
    const escaped = /^\\(["\\$`])/.exec(rest);
    const plain = /^(?:[^$`\\]+|\\)/.exec(rest);
    const found = named ?? escaped ?? plain;
    if (!found) return undefined;
    if (named) pieces.push({ variable: named[1] ?? named[2]! });
    else pieces.push({ text: escaped?.[1] ?? found[0] });
    rest = rest.slice(found[0].length);
  }
  return pieces;
}
