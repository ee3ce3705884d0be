import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { readYamlFile } from "@octoplane/shared/config";
import { failure } from "@octoplane/shared/errors";
import type { Io } from "./output.ts";

/**
 * `rok.yaml`, or the `krakectl.yaml` that Krake's users have: where the server is and who one is.
 */
export interface RokConfig {
  readonly path: string;
  readonly apiUrl?: string;
  readonly user?: string;
  readonly namespace?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/**
 * Reads the file that is named, or the first that is found. One that is named must be there; that
 * none is found is no error. `Invalid` names every key that is unknown or of the wrong form.
 */
export async function readConfig(
  named: string | undefined,
  io: Pick<Io, "environment" | "cwd">,
): Promise<RokConfig | undefined> {
  if (named !== undefined) return parse(resolve(io.cwd, named));
  for (const path of candidates(io)) {
    if (await isFile(path)) return parse(path);
  }
  return undefined;
}

function candidates(io: Pick<Io, "environment" | "cwd">): readonly string[] {
  const home = io.environment("HOME");
  const user =
    io.environment("XDG_CONFIG_HOME") ?? (home === undefined ? undefined : join(home, ".config"));
  const shared = [io.cwd, user]
    .filter((folder) => folder !== undefined)
    .flatMap((folder) => [join(folder, "rok.yaml"), join(folder, "krakectl.yaml")]);
  return [...shared, "/etc/rok/rok.yaml", "/etc/krakectl/krakectl.yaml"];
}

async function parse(path: string): Promise<RokConfig> {
  const value = await readYamlFile(path);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw failure("Invalid", `${path}: expected keys and values`);
  }
  const problems = Object.entries(value).flatMap(([key, entry]) => problemOf(key, entry));
  if (problems.length > 0) {
    throw failure("Invalid", "", {
      fields: problems.map((message) => ({ field: path, message })),
    });
  }
  const entries = value as Readonly<Record<string, string | undefined>>;
  const { api_url: apiUrl, token_file: tokenFile, user, namespace, token } = entries;
  return {
    path,
    ...(apiUrl === undefined ? {} : { apiUrl }),
    ...(user === undefined ? {} : { user }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(token === undefined ? {} : { token }),
    ...(tokenFile === undefined ? {} : { tokenFile: resolve(dirname(path), tokenFile) }),
  };
}

const keys = ["api_url", "user", "namespace", "token", "token_file"];

function problemOf(key: string, entry: unknown): readonly string[] {
  if (key === "tls") return tlsProblem(entry);
  if (!keys.includes(key)) return [`unknown key ${key} (known: ${keys.join(", ")})`];
  return typeof entry === "string" && entry !== "" ? [] : [`${key}: expected text`];
}

/** Krake's template has this block, switched off. */
function tlsProblem(entry: unknown): readonly string[] {
  const enabled = (entry as { readonly enabled?: unknown } | null)?.enabled;
  if (enabled === undefined || enabled === false) return [];
  return [
    "tls: certificates of clients are not supported; give a token, and an api_url with https " +
      "(NODE_EXTRA_CA_CERTS names the file of an authority of your own)",
  ];
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
