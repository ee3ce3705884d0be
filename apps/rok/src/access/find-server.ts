import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { failure } from "@octoplane/shared/errors";
import { fileProblem } from "../input/file-problem.ts";
import { readConfig, type RokConfig } from "../config/config-file.ts";
import {
  credentialsPath,
  loginKey,
  readLogin,
  type StoredLogin,
} from "../login/credentials-file.ts";
import type { Io } from "../io.ts";
import type { TlsFiles } from "./tls-fetch.ts";

/** Where the server is and with which token, and where both were found. */
export interface Access {
  readonly address: string;
  readonly addressFrom: string;
  readonly token?: string;
  readonly tokenFrom?: string;
  /** The login that the token is of, which may have to be refreshed, and the file that it is kept in. */
  readonly login?: { readonly path: string; readonly stored: StoredLogin };
  /** The context of the config file that is in use, if it has any. */
  readonly context?: string;
  /** PEM texts, when a file or a flag names any. */
  readonly tls?: TlsFiles;
  /** The namespace that the config file names, if one does. */
  readonly namespace?: string;
}

export interface AccessFlags {
  readonly server?: string;
  readonly token?: string;
  readonly dataDir?: string;
  readonly config?: string;
  readonly context?: string;
  readonly ca?: string;
}

/** Where a server listens that nobody told otherwise. */
const defaultAddress = "http://127.0.0.1:8080";

/**
 * Flags come before the environment, that before a config file, and that before the data directory
 * of a server on this machine (`./data` here or in a folder above). A token that was found goes
 * only to the server it was found with: one that stands in a data directory is never sent to an
 * address from elsewhere.
 *
 * The token, in this order: `--token`; `admin.token` in `--data-dir`; that of `--context`, or its
 * login; `OCTOPLANE_TOKEN`; in `OCTOPLANE_DATA_DIR`; the config file's, where it names this server
 * or none; what `rok login` got for this server and context; `admin.token` in a `./data` of this
 * server.
 */
export async function findAccess(
  flags: AccessFlags,
  io: Pick<Io, "environment" | "cwd">,
): Promise<Access> {
  const config = await readConfig(flags.config, io, flags.context);
  const folders = await dataFolders(flags, io);
  const found = await findAddress({ flags, io, config, folders });
  const token = await findToken({ flags, io, config, folders, address: found.address });
  const tls = await findTls({ flags, io, config, folders, address: found.address });
  const namespace = config?.namespace ?? config?.user;
  const context = config?.context;
  return {
    ...found,
    ...token,
    ...tls,
    ...(namespace === undefined ? {} : { namespace }),
    ...(context === undefined ? {} : { context }),
  };
}

/**
 * A data directory: where it is, whether it was named, and the address of its server while that
 * runs.
 */
interface DataFolder {
  readonly path: string;
  readonly origin: "flag" | "environment" | "found";
  readonly address: string | undefined;
}

interface Sources {
  readonly flags: AccessFlags;
  readonly io: Pick<Io, "environment" | "cwd">;
  readonly config: RokConfig | undefined;
  readonly folders: readonly DataFolder[];
}

async function findAddress(sources: Sources): Promise<Pick<Access, "address" | "addressFrom">> {
  const { flags, io, config } = sources;
  if (flags.server !== undefined) return { address: flags.server, addressFrom: "--server" };
  const flagged = folderAddress(sources, "flag");
  if (flagged) return flagged;
  const inConfig = configAddress(config);
  if (inConfig && config?.isFlagged === true) return inConfig;
  const fromEnvironment = io.environment("OCTOPLANE_SERVER");
  if (fromEnvironment !== undefined) {
    return { address: fromEnvironment, addressFrom: "OCTOPLANE_SERVER" };
  }
  const named = folderAddress(sources, "environment");
  if (named) return named;
  if (inConfig) return inConfig;
  return folderAddress(sources, "found") ?? { address: defaultAddress, addressFrom: "the default" };
}

function configAddress(
  config: RokConfig | undefined,
): Pick<Access, "address" | "addressFrom"> | undefined {
  if (config?.apiUrl === undefined) return undefined;
  // As in Krake, the block of TLS decides on the scheme.
  const address = config.tls ? config.apiUrl.replace(/^http:/i, "https:") : config.apiUrl;
  return { address, addressFrom: placeOf(config) };
}

/** For what is said of where something was found. */
function placeOf({ path, context }: RokConfig): string {
  return context === undefined ? path : `context ${context} of ${path}`;
}

function folderAddress(
  { folders }: Sources,
  origin: DataFolder["origin"],
): Pick<Access, "address" | "addressFrom"> | undefined {
  const folder = folders.find((candidate) => candidate.origin === origin);
  if (!folder || (origin === "found" && folder.address === undefined)) return undefined;
  const path = join(folder.path, "address");
  if (folder.address !== undefined) return { address: folder.address, addressFrom: path };
  throw failure(
    "Unavailable",
    `no server runs on ${folder.path} (there is no file "address"); ` +
      `"npm start -- --data-dir ${folder.path}" in the checkout starts one`,
  );
}

async function findToken(
  sources: Sources & { readonly address: string },
): Promise<Pick<Access, "token" | "tokenFrom" | "login">> {
  const { flags, io, config, folders, address } = sources;
  if (flags.token !== undefined) return { token: flags.token, tokenFrom: "--token" };
  const fromFolder = async (origin: DataFolder["origin"]) => {
    const folder = folders.find((candidate) => candidate.origin === origin);
    if (!folder) return undefined;
    const isItsServer = folder.address !== undefined && isSameServer(folder.address, address);
    if (origin !== "flag" && !isItsServer) return undefined;
    const path = join(folder.path, "admin.token");
    const token = await readText(path);
    return token === undefined ? undefined : { token, tokenFrom: path };
  };
  const flagged = await fromFolder("flag");
  if (flagged) return flagged;
  const isFlagged = config?.isFlagged === true;
  const chosen = isFlagged
    ? ((await configToken(config, address)) ?? (await loginToken(sources)))
    : undefined;
  if (chosen) return chosen;
  const token = io.environment("OCTOPLANE_TOKEN");
  if (token !== undefined) return { token, tokenFrom: "OCTOPLANE_TOKEN" };
  return (
    (await fromFolder("environment")) ??
    (await configToken(config, address)) ??
    (await loginToken(sources)) ??
    (await fromFolder("found")) ??
    {}
  );
}

/** What `rok login` left behind for this server. */
async function loginToken({
  io,
  config,
  address,
}: Sources & { readonly address: string }): Promise<
  Pick<Access, "token" | "tokenFrom" | "login"> | undefined
> {
  const path = credentialsPath(io);
  if (path === undefined) return undefined;
  const stored = await readLogin(path, loginKey(address, config?.context));
  if (!stored) return undefined;
  return { token: stored.token, tokenFrom: path, login: { path, stored } };
}

async function configToken(
  config: RokConfig | undefined,
  address: string,
): Promise<Pick<Access, "token" | "tokenFrom"> | undefined> {
  if (!config) return undefined;
  const { apiUrl } = config;
  const itsAddress = config.tls ? apiUrl?.replace(/^http:/i, "https:") : apiUrl;
  if (itsAddress !== undefined && !isSameServer(itsAddress, address)) return undefined;
  if (config.token !== undefined) return { token: config.token, tokenFrom: placeOf(config) };
  if (config.tokenFile === undefined) return undefined;
  try {
    const token = (await readFile(config.tokenFile, "utf8")).trim();
    return { token, tokenFrom: config.tokenFile };
  } catch (error) {
    throw failure("Invalid", `${config.path}: token_file cannot be read: ${fileProblem(error)}`);
  }
}

/** What the config file says of TLS is for the server of that file; a flag is for any. */
async function findTls({
  flags,
  io,
  config,
  address,
}: Sources & { readonly address: string }): Promise<Pick<Access, "tls">> {
  const isItsServer =
    config?.apiUrl === undefined ||
    isSameServer(config.apiUrl.replace(/^http:/i, "https:"), address);
  const paths = isItsServer ? config?.tls : undefined;
  const chosen = config?.isFlagged === true && paths?.ca !== undefined ? paths.ca : undefined;
  const named = flags.ca ?? chosen ?? io.environment("OCTOPLANE_CA");
  const ca = named === undefined ? paths?.ca : resolve(io.cwd, named);
  if (!paths && ca === undefined) return {};
  if (URL.parse(address)?.protocol !== "https:") {
    // A variable of the environment is there for every server, also for those without TLS.
    if (flags.ca === undefined) return {};
    throw failure("Invalid", `--ca is for servers with https, and not for ${address}`);
  }
  const texts = { ...paths, ...(ca === undefined ? {} : { ca }) };
  const entries = Object.entries(texts).map(async ([name, path]: [string, string]) => [
    name,
    await readPem(path),
  ]);
  return { tls: Object.fromEntries(await Promise.all(entries)) as TlsFiles };
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw failure("Invalid", `${path} cannot be read: ${fileProblem(error)}`);
  }
}

async function dataFolders(
  flags: AccessFlags,
  io: Pick<Io, "environment" | "cwd">,
): Promise<readonly DataFolder[]> {
  const folders: DataFolder[] = [];
  const add = async (path: string, origin: DataFolder["origin"]): Promise<void> => {
    folders.push({ path, origin, address: await readText(join(path, "address")) });
  };
  if (flags.dataDir !== undefined) await add(resolve(io.cwd, flags.dataDir), "flag");
  const named = io.environment("OCTOPLANE_DATA_DIR");
  if (named !== undefined) await add(resolve(io.cwd, named), "environment");
  const found = await findUpwards(io.cwd);
  if (found !== undefined) await add(found, "found");
  return folders;
}

/** The nearest `data` that a server has used, here or above. */
async function findUpwards(from: string): Promise<string | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "data");
    if ((await readText(join(candidate, "admin.token"))) !== undefined) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const text = (await readFile(path, "utf8")).trim();
    return text === "" ? undefined : text;
  } catch {
    return undefined;
  }
}

/** The same scheme, host and port; the names of this machine are one. */
function isSameServer(one: string, other: string): boolean {
  const [a, b] = [URL.parse(one), URL.parse(other)];
  if (!a || !b) return false;
  const host = ({ hostname }: URL): string =>
    ["localhost", "127.0.0.1", "[::1]"].includes(hostname) ? "localhost" : hostname;
  return a.protocol === b.protocol && host(a) === host(b) && a.port === b.port;
}
