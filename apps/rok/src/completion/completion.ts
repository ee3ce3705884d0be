import type { Command, Option } from "commander";
import { isCommonOption, kindOfCommand } from "../leaf.ts";
import type { LazyKind } from "../objects/lazy-kind.ts";
import { formatNames } from "../output/output-format.ts";

/** What can stand at the end of a command line that is not finished; pure. */

export interface Candidate {
  readonly text: string;
  readonly about: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** What else fits, and has to be looked for elsewhere. */
  readonly also?: Elsewhere;
  /** The beginning that a candidate has to have. */
  readonly prefix: string;
  /** Stands in front of every candidate: `--output=`. */
  readonly front: string;
  /** The flags of all commands that were given, to find the server. */
  readonly flags: Readonly<Record<string, string>>;
}

export type Elsewhere =
  | { readonly type: "files" | "folders" | "kinds" | "verbs" }
  /** Of the kind of the command, or of the one that the command line names. */
  | { readonly type: "names"; readonly kind: LazyKind | string };

interface Line {
  readonly command: Command;
  readonly positionals: readonly string[];
  /** A flag that waits for its value. */
  readonly pending: Option | undefined;
  readonly onlyPositionals: boolean;
  readonly flags: Readonly<Record<string, string>>;
}

/** `words` are those after the name of the program; the last one is being written. */
export function completionOf(program: Command, words: readonly string[]): Completion {
  const last = words.at(-1) ?? "";
  const line = readLine(program, words.slice(0, -1));
  const whole = { prefix: last, front: "", flags: line.flags };
  if (line.pending) return { ...whole, ...valuesOf(line.pending) };
  if (!line.onlyPositionals && last.startsWith("-")) {
    const equals = last.indexOf("=");
    if (equals < 0) return { ...whole, candidates: flagsOf(line.command) };
    const option = optionOf(line.command, last.slice(0, equals));
    const front = last.slice(0, equals + 1);
    const rest = { front, prefix: last.slice(equals + 1), flags: line.flags };
    return { ...rest, ...(option ? valuesOf(option) : { candidates: [] }) };
  }
  return { ...whole, ...argumentsOf(line, last) };
}

function readLine(program: Command, words: readonly string[]): Line {
  let command = program;
  let positionals: string[] = [];
  let pending: Option | undefined;
  let onlyPositionals = false;
  const flags: Record<string, string> = {};
  const give = (option: Option, value: string): void => {
    if (isCommonOption(option)) flags[option.attributeName()] = value;
  };
  for (const word of words) {
    if (pending) {
      give(pending, word);
      pending = undefined;
    } else if (onlyPositionals || !/^-./.test(word)) {
      const next = positionals.length === 0 ? subcommand(command, word) : undefined;
      if (next) command = next;
      else positionals = [...positionals, word];
    } else if (word === "--") onlyPositionals = true;
    else {
      const equals = word.indexOf("=");
      const option = optionOf(command, equals < 0 ? word : word.slice(0, equals));
      if (option && equals >= 0) give(option, word.slice(equals + 1));
      else if (option?.required === true) pending = option;
    }
  }
  return { command, positionals, pending, onlyPositionals, flags };
}

function subcommand(command: Command, word: string): Command | undefined {
  return command.commands.find((one) => one.name() === word || one.aliases().includes(word));
}

function optionOf(command: Command, flag: string): Option | undefined {
  const wanted = flag.startsWith("--") ? flag.replaceAll("_", "-") : flag;
  return command.options.find(({ short, long }) => wanted === short || wanted === long);
}

function flagsOf(command: Command): readonly Candidate[] {
  const visible = command.createHelp().visibleOptions(command);
  return visible.flatMap(({ long, description }) =>
    long ? [{ text: long, about: description }] : [],
  );
}

function argumentsOf(
  { command, positionals }: Line,
  last: string,
): { readonly candidates: readonly Candidate[]; readonly also?: Elsewhere } {
  if (command.commands.length > 0) return { candidates: subcommandsOf(command, last) };
  const places = command.registeredArguments;
  const place = places[positionals.length] ?? places.findLast(({ variadic }) => variadic);
  const own = kindOfCommand(command);
  const [first] = positionals;
  switch (place?.name()) {
    case "kind":
      return { candidates: [], also: { type: "kinds" } };
    case "verb":
      return { candidates: [], also: { type: "verbs" } };
    case "resource":
      return { candidates: [], also: { type: "kinds" } };
    case "files":
      return { candidates: [], also: { type: "files" } };
    case "shell":
      return { candidates: ["bash", "zsh", "fish"].map((text) => ({ text, about: "" })) };
    case "name": {
      const kind = own ?? first;
      const isNew = /^(?:create|register)$/.test(command.name());
      return isNew || kind === undefined
        ? { candidates: [] }
        : { candidates: [], also: { type: "names", kind } };
    }
    default:
      return { candidates: [] };
  }
}

/** An alias is offered to those only who have begun to write it. */
function subcommandsOf(command: Command, last: string): readonly Candidate[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.flatMap((one) => {
    const aliases = last === "" || one.name().startsWith(last) ? [] : one.aliases();
    return [one.name(), ...aliases].map((text) => ({ text, about: one.description() }));
  });
}

const fileFlags = new Set([
  "--file",
  "--kubeconfig",
  "--ca",
  "--config",
  "--password-file",
  "--token-file",
  "--observer-schema-file",
  "--values",
  "--chart",
]);

function valuesOf(option: Option): {
  readonly candidates: readonly Candidate[];
  readonly also?: Elsewhere;
} {
  const texts = (list: readonly string[]): readonly Candidate[] =>
    list.map((text) => ({ text, about: "" }));
  const flag = option.long ?? "";
  if (option.argChoices) return { candidates: texts(option.argChoices) };
  if (flag === "--output" && isCommonOption(option)) return { candidates: texts(formatNames) };
  if (fileFlags.has(flag)) return { candidates: [], also: { type: "files" } };
  if (flag === "--data-dir" || flag === "--kustomize")
    return { candidates: [], also: { type: "folders" } };
  if (flag === "--resource") return { candidates: [], also: { type: "kinds" } };
  if (flag === "--verb") return { candidates: [], also: { type: "verbs" } };
  return { candidates: [] };
}
