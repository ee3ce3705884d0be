import { stat } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { environment } from "@octoplane/shared/config";
import { failure, invalid, messageOf } from "@octoplane/shared/errors";
import { flagName, variableName, type Setting } from "./schema-paths.ts";

/** What the command line and the environment say, and which file the rest is in. */
export interface GivenSettings {
  /** Path with dots → value, and the flag or variable that it came from. */
  readonly values: ReadonlyMap<string, { readonly value: unknown; readonly from: string }>;
  readonly file: string | undefined;
  /** Only to look at the settings, and not to start. */
  readonly isCheck: boolean;
}

/** Where a file of settings is looked for when none is named: here, then Octoplane's folder, then Krake's. */
export const settingsFolders = [".", "/etc/octoplane", "/etc/krake"] as const;

/**
 * `fileName` is that of the file to look for where none is named; `--config none` reads none. Who has such a file can also
 * be told to look only (`--check-config`).
 */
export async function readGiven(
  scalars: readonly Setting[],
  args: readonly string[],
  fileName: string | undefined,
): Promise<GivenSettings> {
  const { flags, isCheck } = readFlags(scalars, args, fileName !== undefined);
  const values = new Map<string, { value: unknown; from: string }>();
  for (const { path, type } of scalars) {
    const flag = flags[flagName(path)];
    const text = flag ?? environment(variableName(path));
    if (text === undefined) continue;
    const from = flag === undefined ? variableName(path) : `--${flagName(path)}`;
    values.set(path.join("."), { value: convert(text, type, from), from });
  }
  const named = flags["config"] ?? environment("OCTOPLANE_CONFIG");
  const file = named === undefined && fileName !== undefined ? await findFile(fileName) : named;
  return { values, file: file === "none" ? undefined : file, isCheck };
}

async function findFile(name: string): Promise<string | undefined> {
  for (const folder of settingsFolders) {
    const path = join(folder, name);
    const isFile = await stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isFile) return path;
  }
  return undefined;
}

function readFlags(
  scalars: readonly Setting[],
  args: readonly string[],
  canCheck: boolean,
): {
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly isCheck: boolean;
} {
  const options = Object.fromEntries(
    scalars.map(({ path }) => [flagName(path), { type: "string" as const }]),
  );
  try {
    const { "check-config": isCheck, ...flags } = parseArgs({
      args: [...args],
      options: {
        ...options,
        config: { type: "string", short: "c" },
        ...(canCheck ? { "check-config": { type: "boolean" as const } } : {}),
      },
      allowPositionals: false,
    }).values as Record<string, string> & { "check-config"?: boolean };
    return { flags, isCheck: isCheck === true };
  } catch (error) {
    throw failure("Invalid", messageOf(error).split(". ")[0] ?? "unknown flag");
  }
}

function convert(text: string, type: Setting["type"], from: string): string | number | boolean {
  if (type === "string") return text;
  if (type === "boolean") {
    if (text === "true" || text === "false") return text === "true";
    throw invalid([{ field: from, message: `expected true or false, found ${text}` }]);
  }
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) {
    throw invalid([{ field: from, message: `expected a number, found ${text}` }]);
  }
  return value;
}
