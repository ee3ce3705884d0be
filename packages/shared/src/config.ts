import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { failure, messageOf } from "./errors.ts";

/** Settings come from flags, then the environment, then a file, then defaults. This file alone reads the environment. */

/** One variable of the environment; an empty one counts as absent. */
export function environment(name: string): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}

/** The content of a YAML file; an empty file is an empty object. `Invalid` with the path when that cannot be read. */
export async function readYamlFile(path: string): Promise<unknown> {
  try {
    return parse(await readFile(path, "utf8")) ?? {};
  } catch (error) {
    throw failure("Invalid", `${path} cannot be read: ${messageOf(error)}`, { cause: undefined });
  }
}
