import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { failure } from "@octoplane/shared/errors";
import { fileProblem } from "./file-problem.ts";
import type { Io } from "../io.ts";

/** Where a credential may come from. On a command line everybody on the machine can read it. */
export interface SecretSource {
  /** `password`, for texts. */
  readonly noun: string;
  /** As it stands on the command line. */
  readonly value: string | undefined;
  /** A file that holds it and nothing else; `-` is the standard input. */
  readonly file: string | undefined;
  /** Variables of the environment, the first that is set. */
  readonly variables: readonly string[];
  /** Ask for it when a person sits at the terminal and it is found nowhere else. */
  readonly ask: boolean;
}

/** `undefined` when it is nowhere. `Invalid` when it is named twice, or its file holds none. */
export async function readSecret(source: SecretSource, io: Io): Promise<string | undefined> {
  const { noun, value, file } = source;
  if (value !== undefined && file !== undefined) {
    throw failure("Invalid", `expected either --${noun} or --${noun}-file, not both`);
  }
  if (value !== undefined) return value;
  if (file !== undefined) return await readSecretFile(noun, file, io);
  for (const variable of source.variables) {
    const found = io.environment(variable);
    if (found !== undefined && found !== "") return found;
  }
  return source.ask ? await io.askSecret?.(`${noun}: `) : undefined;
}

async function readSecretFile(noun: string, file: string, io: Io): Promise<string> {
  let text: string;
  try {
    text = file === "-" ? await io.readInput() : await readFile(resolve(io.cwd, file), "utf8");
  } catch (error) {
    throw failure("Invalid", `--${noun}-file: ${file} cannot be read: ${fileProblem(error)}`);
  }
  const secret = text.replace(/\r?\n$/, "");
  if (secret !== "" && !/[\r\n]/.test(secret)) return secret;
  throw failure("Invalid", `--${noun}-file: expected one line in ${file}`);
}
