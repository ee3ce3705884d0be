import { readFile, realpath } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { parse } from "yaml";
import { failure } from "@octoplane/shared/errors";
import { systemRandom } from "@octoplane/shared/random";
import type { SetFlags } from "../commands/config.ts";
import {
  configFileOf,
  demandContext,
  findConfigFile,
  readConfigFile,
  userConfigPath,
} from "./config-file.ts";
import { usageError } from "../exit-status.ts";
import { fileProblem } from "../input/file-problem.ts";
import type { Call } from "../leaf.ts";
import type { Session } from "../session.ts";
import { oneLine } from "../output/terminal-text.ts";
import { makeFolder, writeWhole } from "../input/whole-file.ts";
import { withContext, withCurrentContext, withoutContext } from "./context-text.ts";

/** What `rok config set`, `use` and `delete` do to the config file. */

export async function setContext(call: Call<SetFlags>): Promise<void> {
  const { session, options } = call;
  const name = nameOf(call);
  const { server, tokenFile, ca, cert, key, namespace } = options;
  if ([server, tokenFile, ca, cert, key, namespace].every((value) => value === undefined)) {
    throw usageError("expected something to set, such as --server");
  }
  if (server !== undefined && server !== "" && !isAddress(server)) {
    throw usageError(
      `--server: expected an address such as https://octoplane.example, found ${server}`,
    );
  }
  // An empty text takes a key away; a path stays the same file from wherever the config is read.
  const path = (file: string | undefined): string | undefined =>
    file === undefined || file === "" ? file : resolve(session.io.cwd, file);
  const file = await changeFile(session, (text) =>
    withContext(text, name, {
      api_url: server,
      namespace,
      token_file: path(tokenFile),
      client_ca: path(ca),
      client_cert: path(cert),
      client_key: path(key),
    }),
  );
  session.io.out(`context ${oneLine(name)} is set in ${oneLine(file)}\n`);
}

export async function useContext(call: Call<object>): Promise<void> {
  const name = nameOf(call);
  await demandKnown(call.session, name);
  const file = await changeFile(call.session, (text) => withCurrentContext(text, name));
  call.session.io.out(`context ${oneLine(name)} is in use (${oneLine(file)})\n`);
}

export async function deleteContext(call: Call<object>): Promise<void> {
  const { session } = call;
  const name = nameOf(call);
  const { currentContext } = await demandKnown(session, name);
  const file = await changeFile(session, (text) => withoutContext(text, name));
  session.io.out(`context ${oneLine(name)} is gone from ${oneLine(file)}\n`);
  if (currentContext === name)
    session.note("it was the one in use; rok config use chooses another");
}

async function demandKnown(session: Session, name: string) {
  const file = await readConfigFile(session.configPath, session.io);
  if (!file) throw failure("Invalid", "there is no config file; rok config set makes one");
  demandContext(file, name);
  return file;
}

/** Replaces the file by one that reads well, or leaves it. Gives its path. */
async function changeFile(session: Session, change: (text: string) => string): Promise<string> {
  const { io } = session;
  const path = (await findConfigFile(session.configPath, io)) ?? userConfigPath(io);
  if (path === undefined)
    throw failure("Invalid", "there is no home for a config file; give --config");
  if (basename(path) === "krakectl.yaml") {
    throw failure(
      "Invalid",
      `${path} is Krake's own, which knows no contexts; give --config rok.yaml`,
    );
  }
  await makeFolder(dirname(path));
  // The file itself is replaced, and not a link to it.
  const real = await realpath(path).catch(() => path);
  let text: string;
  try {
    text = change(await readText(real));
  } catch (error) {
    throw failure("Invalid", `${path}: ${fileProblem(error)}`);
  }
  configFileOf(path, parse(text) ?? {});
  await writeWhole({ path: real, text, mode: 0o600 }, systemRandom);
  return path;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as { readonly code?: string }).code === "ENOENT") return "";
    throw error;
  }
}

function nameOf({ args }: Call<object>): string {
  const [name = ""] = args;
  if (/^[^\s\p{C}]{1,100}$/u.test(name)) return name;
  throw usageError("expected a name for the context, without blanks");
}

function isAddress(text: string): boolean {
  const url = URL.parse(text);
  return (url?.protocol === "http:" || url?.protocol === "https:") && url.username === "";
}
