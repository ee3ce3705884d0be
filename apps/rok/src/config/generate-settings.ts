import { textOf } from "@octoplane/shared/text-of";
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { failure, invalid } from "@octoplane/shared/errors";
import { keyLine } from "@octoplane/shared/key-ring-text";
import { parseListen } from "@octoplane/shared/listen";
import { limits } from "@octoplane/shared/limits";
import { systemRandom } from "@octoplane/shared/random";
import type { GenerateFlags } from "../commands/config.ts";
import { usageError } from "../exit-status.ts";
import { fileProblem } from "../input/file-problem.ts";
import type { Call } from "../leaf.ts";
import { initFolder, issueIn, replaceIn } from "../pki/authority-folder.ts";
import { hostNames } from "@octoplane/pki/certificate";
import type { Session } from "../session.ts";
import { oneLine } from "../output/terminal-text.ts";
import { makeFolder, writeWhole, type NewFile } from "../input/whole-file.ts";
import { auditFile } from "./audit-settings.ts";
import { readKrakeChoices, type KrakeChoices } from "./krake-choices.ts";
import {
  clientText,
  processFiles,
  readmeText,
  serverSettings,
  settingsText,
  usersText,
  type ServerChoices,
} from "./server-settings.ts";

/** `rok config generate`: a folder from which every process starts as it is. */
export async function generate({ args, options, session }: Call<GenerateFlags>): Promise<void> {
  const folder = resolve(session.io.cwd, args[0] ?? "");
  const from = options.from === undefined ? undefined : resolve(session.io.cwd, options.from);
  const krake = from === undefined ? undefined : await readKrakeChoices(from);
  const choices = await choicesOf(options, krake, session.io.cwd);
  const isForced = options.force === true;
  const texts = textsOf(folder, choices);
  if (!isForced) await demandAbsent(folder, [...texts.map(({ path }) => path), ...secretNames]);
  await makeFolder(folder);
  await writeSecrets(folder, choices);
  if (choices.tls && choices.admin === "certificate") await writePki(folder, choices, session);
  for (const { path, ...file } of texts) {
    await writeWhole({ path: join(folder, path), ...file }, systemRandom);
  }
  session.io.out(`${oneLine(folder)}: ${texts.map(({ path }) => path).join(", ")}\n`);
  for (const note of krake?.notes ?? []) session.note(`note: ${oneLine(note)}`);
  const weak = await Promise.all(processFiles.map(([, file]) => auditFile(join(folder, file))));
  // What all files have in common is said once.
  for (const line of new Set(weak.flat().map(({ at, text }) => `weak: ${at}: ${text}`))) {
    session.note(oneLine(line));
  }
}

const secretNames = ["sealing.key", "token.key", "admin.token", "users.yaml", "pki/ca.key"];

async function choicesOf(
  flags: GenerateFlags,
  krake: KrakeChoices | undefined,
  cwd: string,
): Promise<ServerChoices> {
  const { listen, store, authorization, tls, ...api } = krake?.settings["api.yaml"] ?? {};
  const address = listen as string | undefined;
  const hosts = flags.host ?? [hostOf(address)];
  hostNames(hosts);
  const modes = ["RBAC", "always-allow", "always-deny"];
  const mode = flags.authorization ?? (authorization as string | undefined) ?? "RBAC";
  if (!modes.includes(mode)) {
    throw usageError(`--authorization: expected one of ${modes.join(", ")}, found ${mode}`);
  }
  const krakes = flags.tls === true ? undefined : await krakeTls(tls, cwd);
  const own = { cert: "pki/api.crt", key: "pki/api.key", client_ca: "pki/ca.crt" };
  const used = flags.tls === true ? own : krakes;
  const isMoved = flags.host !== undefined || flags.port !== undefined || address === undefined;
  return {
    hosts,
    port: flags.port ?? Number(/:(\d+)$/.exec(address ?? ":8080")?.[1]),
    ...(isMoved ? {} : { listen: address }),
    store: storeOf(flags.etcd ?? (store as string | undefined) ?? "etcd://127.0.0.1:2379"),
    authorization: mode,
    ...(used ? { tls: used } : {}),
    admin: flags.tls === true ? "certificate" : "token",
    more: { ...krake?.settings, "api.yaml": api },
  };
}

/** Where a server that listens like this is found; one that listens everywhere is here too. */
function hostOf(listen: string | undefined): string {
  const host = listen === undefined ? undefined : parseListen(listen)?.host;
  return host === undefined || host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
}

/** Krake's own certificates, where it has TLS on; their paths begin where the command is given, as Krake's do. */
async function krakeTls(block: unknown, cwd: string): Promise<ServerChoices["tls"]> {
  const { enabled, ...paths } = (block ?? {}) as Readonly<Record<string, unknown>>;
  if (enabled !== true) return undefined;
  const at = async (name: string): Promise<string> => {
    const path = resolve(cwd, textOf(paths[name] ?? ""));
    try {
      await readFile(path);
      return path;
    } catch (error) {
      const hint = "give --tls for certificates of our own";
      throw invalid([
        { field: `tls.${name}`, message: `${path} cannot be read: ${fileProblem(error)}; ${hint}` },
      ]);
    }
  };
  return { cert: await at("cert"), key: await at("key"), client_ca: await at("client_ca") };
}

function storeOf(text: string): string {
  const url = text.replace(/^http:\/\//, "etcd://").replace(/\/$/, "");
  if (/^etcd:\/\/[^/?#@\s]+$/.test(url)) return url;
  throw usageError(`--etcd: expected etcd://host:port,host:port, found ${text}`);
}

/** All but secrets, with paths in the folder. */
function textsOf(folder: string, choices: ServerChoices): readonly NewFile[] {
  const settings = serverSettings(choices);
  const apps = fileURLToPath(new URL("../../../", import.meta.url)).replace(/\/$/, "");
  return [
    ...processFiles.map(([name, path]) => ({
      path,
      text: settingsText(name, settings[path] ?? {}),
      mode: 0o644,
    })),
    { path: "rok.yaml", text: clientText(choices), mode: 0o600 },
    { path: "README", text: readmeText(folder, choices, apps), mode: 0o644 },
  ];
}

async function demandAbsent(folder: string, names: readonly string[]): Promise<void> {
  const there = await Promise.all(names.map((name) => isThere(join(folder, name))));
  const found = names.filter((_, index) => there[index]);
  if (found.length === 0) return;
  throw failure(
    "AlreadyExists",
    `${folder} has ${found.join(", ")} already; --force overwrites settings and keeps keys`,
  );
}

/** Keys, and the administrator's token with its hash; those that are there stay. */
async function writeSecrets(folder: string, { admin }: ServerChoices): Promise<void> {
  const write = async (name: string, text: string): Promise<void> => {
    await writeWhole({ path: join(folder, name), text, mode: 0o600 }, systemRandom);
  };
  for (const name of ["sealing.key", "token.key"]) {
    if (await isThere(join(folder, name))) continue;
    await write(name, `${keyLine(systemRandom.bytes(32))}\n`);
  }
  if (admin === "certificate" || (await isThere(join(folder, "admin.token")))) return;
  const token = systemRandom.bytes(32).toString("base64url");
  await write("admin.token", `${token}\n`);
  await write("users.yaml", usersText(createHash("sha256").update(token).digest("hex")));
}

/** An authority that is there stays, and the administrator's certificate; the server's follows its names. */
async function writePki(folder: string, { hosts }: ServerChoices, { io }: Session): Promise<void> {
  const pki = join(folder, "pki");
  const moment = { now: io.clock.now(), random: systemRandom, days: limits.certificateDays };
  if (!(await isThere(join(pki, "ca.key")))) {
    await initFolder(pki, "Octoplane authority", { ...moment, days: limits.authorityDays });
  }
  const names = [...new Set([...hosts, "localhost", "127.0.0.1", "::1"])];
  await replaceIn(pki, "api", { type: "server", hosts: names }, moment);
  if (await isThere(join(pki, "admin.key"))) return;
  await issueIn(pki, "admin", { type: "client", user: "system:admin", groups: [] }, moment);
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
