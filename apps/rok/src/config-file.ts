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
  /** Paths of PEM files. */
  readonly tls?: TlsPaths;
}

export interface TlsPaths {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
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
  const { tls: block, ...entries } = value as Readonly<Record<string, string | undefined>> & {
    readonly tls?: TlsBlock | null;
  };
  const tls = block?.enabled === true ? tlsPaths(dirname(path), block) : undefined;
  const { api_url: apiUrl, token_file: tokenFile, user, namespace, token } = entries;
  return {
    path,
    ...(apiUrl === undefined ? {} : { apiUrl }),
    ...(user === undefined ? {} : { user }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(token === undefined ? {} : { token }),
    ...(tokenFile === undefined ? {} : { tokenFile: resolve(dirname(path), tokenFile) }),
    ...(tls === undefined ? {} : { tls }),
  };
}

const keys = ["api_url", "user", "namespace", "token", "token_file"];

function problemOf(key: string, entry: unknown): readonly string[] {
  if (key === "tls") return tlsProblem(entry);
  if (!keys.includes(key)) return [`unknown key ${key} (known: ${keys.join(", ")}, tls)`];
  return typeof entry === "string" && entry !== "" ? [] : [`${key}: expected text`];
}

/** As Krake's template has it, where it is switched off. */
interface TlsBlock {
  readonly enabled?: boolean;
  readonly client_ca?: string | null;
  readonly client_cert?: string | null;
  readonly client_key?: string | null;
}

const tlsFiles = ["client_ca", "client_cert", "client_key"] as const;

function tlsProblem(entry: unknown): readonly string[] {
  if (entry === null) return [];
  if (typeof entry !== "object" || Array.isArray(entry)) return ["tls: expected keys and values"];
  const problems = Object.entries(entry).flatMap(([key, value]: [string, unknown]) => {
    if (key === "enabled")
      return typeof value === "boolean" ? [] : ["tls.enabled: expected a boolean"];
    if (!tlsFiles.some((name) => name === key)) return [`unknown key tls.${key}`];
    return value === null || typeof value === "string" ? [] : [`tls.${key}: expected a file`];
  });
  const { enabled, client_cert: cert, client_key: key } = entry as TlsBlock;
  if (enabled === true && isGiven(cert) !== isGiven(key)) {
    problems.push("tls: expected client_cert and client_key, or neither of them");
  }
  return problems;
}

function tlsPaths(folder: string, block: TlsBlock): TlsPaths {
  const at = (path: string | null | undefined, name: keyof TlsPaths): TlsPaths =>
    isGiven(path) ? { [name]: resolve(folder, path) } : {};
  return {
    ...at(block.client_ca, "ca"),
    ...at(block.client_cert, "cert"),
    ...at(block.client_key, "key"),
  };
}

function isGiven(path: string | null | undefined): path is string {
  return typeof path === "string" && path !== "";
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
