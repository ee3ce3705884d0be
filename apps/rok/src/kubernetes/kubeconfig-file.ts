import { textOf } from "@octoplane/shared/text-of";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { clusterNameOf, selectContext } from "@octoplane/kinds/kubeconfig";
import { failure, invalid } from "@octoplane/shared/errors";
import { readDocument } from "@octoplane/shared/manifest-yaml";
import { fileProblem } from "../input/file-problem.ts";
import type { Io } from "../io.ts";

/**
 * A kubeconfig as the server takes it: one context, with everything that it names in files put
 * inside.
 */

type Entry = Readonly<Record<string, unknown>>;

export interface ReadKubeconfig {
  readonly kubeconfig: Entry;
  /** The name that the kubeconfig gives its cluster. */
  readonly clusterName: string | undefined;
}

/**
 * Reads a kubeconfig (`-`: the standard input; nothing: $KUBECONFIG or ~/.kube/config), selects the
 * context (nothing: the current one) and inlines the files that it names, which are looked for
 * beside it. `Invalid` for what cannot work on a server: programs that log in, files that are not
 * there, a choice that is not clear.
 */
export async function readKubeconfig(
  options: { readonly path?: string; readonly context?: string },
  io: Io,
): Promise<ReadKubeconfig> {
  const path = options.path ?? defaultPath(io);
  const isInput = path === "-";
  const file = resolve(io.cwd, path);
  const text = isInput ? await io.readInput() : await readText(file, "kubeconfig");
  const whole = readDocument(text, isInput ? "standard input" : path);
  const selected = selectContext(whole, options.context);
  refusePlugins(selected);
  const kubeconfig = await inlineFiles(selected, isInput ? io.cwd : dirname(file));
  return { kubeconfig, clusterName: clusterNameOf(kubeconfig) };
}

function defaultPath(io: Io): string {
  const listed = io.environment("KUBECONFIG")?.split(":").filter(Boolean) ?? [];
  if (listed.length > 1) {
    throw failure("Invalid", `$KUBECONFIG names ${listed.length} files; choose one with -k`);
  }
  if (listed[0] !== undefined) return listed[0];
  const home = io.environment("HOME");
  if (home !== undefined) return join(home, ".kube", "config");
  throw failure("Invalid", "there is no $KUBECONFIG and no $HOME; name a kubeconfig with -k");
}

function refusePlugins(kubeconfig: Entry): void {
  const user = innerOf(kubeconfig, "users", "user");
  const exec = user["exec"];
  const provider = user["auth-provider"];
  if (!isEntry(exec) && !isEntry(provider)) return;
  const [field, how] = isEntry(exec)
    ? ["exec", `runs a program (${textOf(exec["command"])}) to log in, which a server never does`]
    : ["auth-provider", "uses a login that only kubectl knows"];
  const name = entryOf(kubeconfig, "users")["name"];
  throw invalid([
    {
      field: `users[0].user.${field}`,
      message:
        `the user ${textOf(name)} ${how}; ` +
        `make a token with "kubectl create token ACCOUNT --duration=720h", put it into a ` +
        `kubeconfig with "kubectl config set-credentials ${textOf(name)} --token=TOKEN", ` +
        "and register that",
    },
  ]);
}

/**
 * Files, and the fields that hold the same inline; what is inline already wins, as with kubectl.
 */
async function inlineFiles(kubeconfig: Entry, folder: string): Promise<Entry> {
  const read = async (entry: Entry, field: string): Promise<Buffer | undefined> => {
    const path = entry[field];
    if (typeof path !== "string" || path === "") return undefined;
    return Buffer.from(await readText(resolve(folder, path), field, "latin1"), "latin1");
  };
  const withData = async (entry: Entry, fields: readonly string[]): Promise<Entry> => {
    const result = { ...entry };
    for (const field of fields) {
      const inline = `${field}-data`;
      const isInline = typeof entry[inline] === "string" && entry[inline] !== "";
      const content = isInline ? undefined : await read(entry, field);
      delete result[field];
      if (content) result[inline] = content.toString("base64");
    }
    return result;
  };
  const cluster = await withData(innerOf(kubeconfig, "clusters", "cluster"), [
    "certificate-authority",
  ]);
  const login = await withData(innerOf(kubeconfig, "users", "user"), [
    "client-certificate",
    "client-key",
  ]);
  // The file of a token is read again and again by kubectl, so it wins over a token beside it.
  const { tokenFile, "token-file": other, ...user } = login;
  const token = await read({ tokenFile: tokenFile ?? other }, "tokenFile");
  return {
    ...kubeconfig,
    clusters: [{ ...entryOf(kubeconfig, "clusters"), cluster }],
    users: [
      {
        ...entryOf(kubeconfig, "users"),
        user: token ? { ...user, token: token.toString("utf8").trim() } : user,
      },
    ],
  };
}

async function readText(
  path: string,
  what: string,
  encoding: "utf8" | "latin1" = "utf8",
): Promise<string> {
  try {
    return await readFile(path, encoding);
  } catch (error) {
    throw failure("Invalid", `the ${what} ${path} cannot be read: ${fileProblem(error)}`);
  }
}

function entryOf(kubeconfig: Entry, list: "clusters" | "users"): Entry {
  const [entry] = kubeconfig[list] as readonly unknown[];
  return isEntry(entry) ? entry : {};
}

function innerOf(kubeconfig: Entry, list: "clusters" | "users", field: string): Entry {
  const inner = entryOf(kubeconfig, list)[field];
  return isEntry(inner) ? inner : {};
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
