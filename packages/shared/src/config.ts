import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { failure, messageOf } from "./errors.ts";

/** Settings come from flags, then the environment, then a file, then defaults. This file alone reads the environment. */

/** One variable of the environment; an empty one counts as absent. */
export function environment(name: string): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}

/**
 * One variable that holds a secret. It is taken away with this: nothing that tells of the environment later (a crash report,
 * a program that is started) tells of it. An empty one counts as absent.
 */
export function takeSecret(name: string): string | undefined {
  const value = environment(name);
  delete process.env[name];
  return value;
}

/** The environment for a program that is started from here: ours with these variables; `undefined` leaves one out. */
export function environmentWith(
  more: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return { ...process.env, ...more };
}

/** The content of a YAML file; an empty file is an empty object. `Invalid` with the path when that cannot be read. */
export async function readYamlFile(path: string): Promise<unknown> {
  try {
    return parse(await readFile(path, "utf8")) ?? {};
  } catch (error) {
    throw failure("Invalid", `${path} cannot be read: ${messageOf(error)}`, { cause: undefined });
  }
}
