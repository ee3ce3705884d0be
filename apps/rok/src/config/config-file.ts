import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { readYamlFile } from "@octoplane/shared/config";
import { failure } from "@octoplane/shared/errors";
import { suggestion } from "@octoplane/shared/near-names";
import type { Io } from "../io.ts";

/**
 * `rok.yaml`, or the `krakectl.yaml` that Krake's users have: where the server is and who one is. A file may have several
 * such sets under `contexts`, each with a name; then it is one of them that counts, and nothing of the others.
 */
export interface RokConfig {
  readonly path: string;
  /** The context in use, where the file has any and one was chosen. */
  readonly context?: string;
  /** It was chosen by the flag `--context`, which comes before the environment. */
  readonly isFlagged?: boolean;
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

/** A whole file: the set that stands in it without a name, and those that have one. */
export interface RokConfigFile {
  readonly path: string;
  readonly plain: RokConfig;
  readonly contexts: ReadonlyMap<string, RokConfig>;
  readonly currentContext: string | undefined;
}

/**
 * Reads the file that is named, or the first that is found, and takes what counts of it: the context that is named, by the
 * flag or `OCTOPLANE_CONTEXT`, or its `current_context`, or what stands in it without a name. A file or context that is named
 * must be there; that no file is found is no error. `Invalid` names every key that is unknown or of the wrong form.
 */
export async function readConfig(
  named: string | undefined,
  io: Pick<Io, "environment" | "cwd">,
  flagged?: string,
): Promise<RokConfig | undefined> {
  const file = await readConfigFile(named, io);
  const context = flagged ?? io.environment("OCTOPLANE_CONTEXT") ?? file?.currentContext;
  if (context === undefined) return file?.plain;
  if (!file) throw failure("Invalid", `there is no config file, and so no context ${context}`);
  const found = demandContext(file, context);
  return { ...found, isFlagged: flagged !== undefined };
}

/** The whole of the file that is named, or of the first that is found. */
export async function readConfigFile(
  named: string | undefined,
  io: Pick<Io, "environment" | "cwd">,
): Promise<RokConfigFile | undefined> {
  const path = await findConfigFile(named, io);
  return path === undefined ? undefined : configFileOf(path, await readYamlFile(path));
}

/** Where the file is: the one that is named, or the first that is there. */
export async function findConfigFile(
  named: string | undefined,
  io: Pick<Io, "environment" | "cwd">,
): Promise<string | undefined> {
  if (named !== undefined) return resolve(io.cwd, named);
  for (const path of candidates(io)) {
    if (await isFile(path)) return path;
  }
  return undefined;
}

/** `Invalid` with the contexts that there are when there is none of that name. */
export function demandContext({ contexts, path }: RokConfigFile, name: string): RokConfig {
  const found = contexts.get(name);
  if (found) return found;
  const names = [...contexts.keys()];
  const known = names.length === 0 ? "it has none" : `known: ${names.join(", ")}`;
  throw failure("Invalid", `${path} has no context ${name}${suggestion(name, names)} (${known})`);
}

/** Where a file of the user's own belongs; `undefined` without a home. */
export function userConfigPath(io: Pick<Io, "environment">): string | undefined {
  const home = io.environment("HOME");
  const folder =
    io.environment("XDG_CONFIG_HOME") ?? (home === undefined ? undefined : join(home, ".config"));
  return folder === undefined ? undefined : join(folder, "rok.yaml");
}

function candidates(io: Pick<Io, "environment" | "cwd">): readonly string[] {
  const user = userConfigPath(io);
  const shared = [io.cwd, user === undefined ? undefined : dirname(user)]
    .filter((folder) => folder !== undefined)
    .flatMap((folder) => [join(folder, "rok.yaml"), join(folder, "krakectl.yaml")]);
  return [...shared, "/etc/rok/rok.yaml", "/etc/krakectl/krakectl.yaml"];
}

/** What a file holds, checked; `path` is where it is, or will be. */
export function configFileOf(path: string, value: unknown): RokConfigFile {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw failure("Invalid", `${path}: expected keys and values`);
  }
  const {
    contexts,
    current_context: current,
    ...plain
  } = value as Readonly<Record<string, unknown>>;
  const blocks = contexts ?? {};
  const problems = [...problemsOf(plain, ""), ...contextProblems(blocks, current)];
  if (problems.length > 0) {
    throw failure("Invalid", "", {
      fields: problems.map((message) => ({ field: path, message })),
    });
  }
  const named = Object.entries(blocks as Readonly<Record<string, Block>>);
  return {
    path,
    plain: configOf(path, plain as Block),
    contexts: new Map(
      named.map(([name, block]) => [name, { ...configOf(path, block), context: name }]),
    ),
    // `null` is what is left of the key when its value is taken out.
    currentContext: (current as string | null | undefined) ?? undefined,
  };
}

/** One set of keys, checked. */
type Block = Readonly<Record<string, string | undefined>> & { readonly tls?: TlsBlock | null };

function configOf(path: string, { tls: block, ...entries }: Block): RokConfig {
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

function contextProblems(contexts: unknown, current: unknown): readonly string[] {
  if (typeof contexts !== "object" || contexts === null || Array.isArray(contexts)) {
    return ["contexts: expected names, each with keys and values"];
  }
  const problems = Object.entries(contexts).flatMap(([name, block]: [string, unknown]) =>
    typeof block === "object" && block !== null && !Array.isArray(block)
      ? problemsOf(block, `contexts.${name}.`)
      : [`contexts.${name}: expected keys and values`],
  );
  const isName = current === undefined || current === null || typeof current === "string";
  return isName ? problems : [...problems, "current_context: expected the name of a context"];
}

function problemsOf(block: object, at: string): readonly string[] {
  return Object.entries(block).flatMap(([key, entry]: [string, unknown]) =>
    problemOf(key, entry, at),
  );
}

function problemOf(key: string, entry: unknown, at: string): readonly string[] {
  if (key === "tls") return tlsProblem(entry, at);
  if (!keys.includes(key)) {
    const known = at === "" ? [...keys, "tls", "contexts", "current_context"] : [...keys, "tls"];
    return [`unknown key ${at}${key}${suggestion(key, known)} (known: ${known.join(", ")})`];
  }
  return typeof entry === "string" && entry !== "" ? [] : [`${at}${key}: expected text`];
}

/** As Krake's template has it, where it is switched off. */
interface TlsBlock {
  readonly enabled?: boolean;
  readonly client_ca?: string | null;
  readonly client_cert?: string | null;
  readonly client_key?: string | null;
}

const tlsFiles = ["client_ca", "client_cert", "client_key"] as const;

function tlsProblem(entry: unknown, at: string): readonly string[] {
  if (entry === null) return [];
  if (typeof entry !== "object" || Array.isArray(entry)) {
    return [`${at}tls: expected keys and values`];
  }
  const problems = Object.entries(entry).flatMap(([key, value]: [string, unknown]) => {
    if (key === "enabled")
      return typeof value === "boolean" ? [] : [`${at}tls.enabled: expected a boolean`];
    if (!tlsFiles.some((name) => name === key)) return [`unknown key ${at}tls.${key}`];
    return value === null || typeof value === "string" ? [] : [`${at}tls.${key}: expected a file`];
  });
  const { enabled, client_cert: cert, client_key: key } = entry as TlsBlock;
  if (enabled === true && isGiven(cert) !== isGiven(key)) {
    problems.push(`${at}tls: expected client_cert and client_key, or neither of them`);
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
