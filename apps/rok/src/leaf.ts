import { Option, type Command } from "commander";
import type { LazyKind } from "./objects/lazy-kind.ts";
import { formatNames, readFormat } from "./output/output-format.ts";
import type { Io } from "./io.ts";
import { Session, type CommonFlags } from "./session.ts";

/** One run of the program: the world, and what the command that ran leaves behind. */
export interface Run {
  readonly io: Io;
  session: Session | undefined;
  status: number;
}

export interface Call<O> {
  /** The positional arguments; one that is optional and left out is `undefined`. */
  readonly args: readonly (string | undefined)[];
  /** The values of the command's own flags that were given. */
  readonly options: O;
  readonly session: Session;
}

export interface Leaf<O> {
  /** `create <name>` */
  readonly usage: string;
  readonly about: string;
  /** Whose names the arguments are, for completion. */
  readonly kind?: LazyKind;
  /** It is not shown in the help. */
  readonly hidden?: boolean;
  /** The command's own flags. */
  readonly flags?: (command: Command) => unknown;
  /**
   * Gives the exit status when it is not 0. Heavy modules are imported in here, so that other
   * commands start fast.
   */
  readonly act: (call: Call<O>) => Promise<number | void>;
}

/** Adds a command that does something, with the flags that all of them take. */
export function leaf<O = object>(run: Run, parent: Command, definition: Leaf<O>): Command {
  const command = parent
    .command(definition.usage, { hidden: definition.hidden === true })
    .description(definition.about);
  if (definition.kind) kindsOfCommands.set(command, definition.kind);
  definition.flags?.(command);
  commonFlags(command);
  return command.action(async () => {
    const session = new Session(run.io, readCommon(command));
    run.session = session;
    const call = { args: command.args, options: ownOptions(command) as O, session };
    run.status = (await definition.act(call)) ?? 0;
  });
}

/** The kind whose names a command takes, as it was declared. */
export function kindOfCommand(command: Command): LazyKind | undefined {
  return kindsOfCommands.get(command);
}

const kindsOfCommands = new WeakMap<Command, LazyKind>();

/**
 * The flags that every command takes; one that has a meaning of its own in a command keeps that.
 */
export function commonFlags(command: Command): Command {
  const taken = new Set(command.options.flatMap(({ long, short }) => [long, short]));
  for (const make of common) {
    const option = make();
    if (taken.has(option.long)) continue;
    command.addOption(option);
    commonOptions.add(option);
  }
  return command;
}

const common: readonly (() => Option)[] = [
  () =>
    new Option(
      "-o, --output <format>",
      `how results are printed: ${formatNames.join("|")}`,
    ).argParser(readFormat),
  option(
    "-n, --namespace <name>",
    "left out: the config file's, else the one called like the user",
  ),
  option("--no-headers", "tables without their titles"),
  () =>
    new Option("--color <when>", "colour states; auto: on a terminal").choices([
      "auto",
      "always",
      "never",
    ]),
  option("--server <url>", "address of the server (OCTOPLANE_SERVER)"),
  option("--token <token>", "bearer token (OCTOPLANE_TOKEN)"),
  option("--ca <file>", "authority of the server's certificate, PEM (OCTOPLANE_CA)"),
  option("--data-dir <folder>", "data directory of a server on this machine (OCTOPLANE_DATA_DIR)"),
  option("--config <file>", "left out: rok.yaml or krakectl.yaml, here, in ~/.config or in /etc"),
  option("--context <name>", "one of the config file's contexts (OCTOPLANE_CONTEXT)"),
];

function option(flags: string, about: string): () => Option {
  return () => new Option(flags, about);
}

function ownOptions(command: Command): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    command.options
      .filter((option) => !isCommonOption(option))
      .map((option) => [option.attributeName(), command.getOptionValue(option.attributeName())])
      .filter(([, value]) => value !== undefined),
  ) as Readonly<Record<string, unknown>>;
}

/** Commands may have a flag of the same name with a meaning of its own: the object tells. */
const commonOptions = new WeakSet<Option>();

export function isCommonOption(option: Option): boolean {
  return commonOptions.has(option);
}

/**
 * The common flags of a command and of the ones above it, where they stand in front; what stands
 * later wins. A flag that means something else in this command (`--token` of a provider) is only
 * read where it stands in front.
 */
function readCommon(command: Command): CommonFlags {
  const chain: Command[] = [];
  for (let current: Command | null = command; current; current = current.parent) {
    chain.unshift(current);
  }
  const flags: Record<string, unknown> = {};
  for (const current of chain) {
    for (const option of current.options) {
      const value: unknown = current.getOptionValue(option.attributeName());
      if (isCommonOption(option) && value !== undefined) flags[option.attributeName()] = value;
    }
  }
  return flags;
}
