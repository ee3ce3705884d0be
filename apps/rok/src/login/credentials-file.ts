import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { failure } from "@octoplane/shared/errors";
import { systemRandom } from "@octoplane/shared/random";
import { fileProblem } from "../input/file-problem.ts";
import type { Io } from "../io.ts";
import { withFileLock } from "./file-lock.ts";

/** What `rok login` left behind for one server, and one context of the config file. */
export interface StoredLogin {
  readonly server: string;
  /** Empty without a context. */
  readonly context: string;
  readonly issuer: string;
  readonly client_id: string;
  readonly token: string;
  readonly refresh_token?: string;
  /** Of the token, in milliseconds since the epoch. */
  readonly expires: number;
}

export type LoginKey = Pick<StoredLogin, "server" | "context">;

/** `$XDG_CONFIG_HOME/octoplane/credentials.json`, or in `~/.config`; `undefined` when there is neither. */
export function credentialsPath(io: Pick<Io, "environment">): string | undefined {
  const home = io.environment("HOME");
  const folder =
    io.environment("XDG_CONFIG_HOME") ?? (home === undefined ? undefined : join(home, ".config"));
  return folder === undefined ? undefined : join(folder, "octoplane", "credentials.json");
}

/** The key of a server: its address as one text, however it was written. */
export function loginKey(address: string, context: string | undefined): LoginKey {
  const server = URL.parse(address)?.href.replace(/\/+$/, "") ?? address;
  return { server, context: context ?? "" };
}

/** `undefined` when nobody has logged in. `Invalid` when the file is not one of ours. */
export async function readLogin(path: string, key: LoginKey): Promise<StoredLogin | undefined> {
  return (await readAll(path)).find((login) => isOf(login, key));
}

/**
 * Changes the login of a key while no other `rok` does: the function gets what is stored then, and what it gives is stored
 * in its place; `undefined` removes it. The file is replaced as a whole, and nobody but its owner may read it.
 */
export async function changeLogin(
  path: string,
  key: LoginKey,
  io: Pick<Io, "clock">,
  change: (current: StoredLogin | undefined) => Promise<StoredLogin | undefined>,
): Promise<StoredLogin | undefined> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return await withFileLock(`${path}.lock`, io.clock, async () => {
    const current = await readLogin(path, key);
    const next = await change(current);
    if (next === current) return next;
    const others = (await readAll(path)).filter((login) => !isOf(login, key));
    await write(path, next ? [...others, next] : others);
    return next;
  });
}

function isOf(login: LoginKey, { server, context }: LoginKey): boolean {
  return login.server === server && login.context === context;
}

async function readAll(path: string): Promise<readonly StoredLogin[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as { readonly code?: string }).code === "ENOENT") return [];
    throw failure("Invalid", `${path} cannot be read: ${fileProblem(error)}`);
  }
  try {
    const { logins } = JSON.parse(text) as { readonly logins?: unknown };
    if (Array.isArray(logins) && logins.every(isLogin)) return logins;
  } catch {
    // It is told below what is to be done.
  }
  throw failure("Invalid", `${path} is not a file of logins; remove it and log in again`);
}

function isLogin(value: unknown): value is StoredLogin {
  const login = { ...(value as Partial<StoredLogin>) };
  const texts = [login.server, login.context, login.issuer, login.client_id, login.token];
  return (
    texts.every((text) => typeof text === "string") &&
    typeof login.expires === "number" &&
    ["string", "undefined"].includes(typeof login.refresh_token)
  );
}

async function write(path: string, logins: readonly StoredLogin[]): Promise<void> {
  const made = `${path}.${systemRandom.uuid()}`;
  try {
    const text = `${JSON.stringify({ logins }, undefined, 2)}\n`;
    await writeFile(made, text, { mode: 0o600, flush: true });
    await rename(made, path);
  } catch (error) {
    await rm(made, { force: true });
    throw failure("Unavailable", `${path} cannot be written: ${fileProblem(error)}`);
  }
}
