import { readFile } from "node:fs/promises";
import type { Type } from "typebox";
import { Resources } from "@octoplane/resources/resources";
import { systemClock } from "@octoplane/shared/clock";
import { failure, messageOf } from "@octoplane/shared/errors";
import { openHealthServer } from "@octoplane/shared/health-server";
import type { KrakeFile } from "@octoplane/shared/krake-settings/krake-keys";
import { disposeAll, runUntilSignal, type Running } from "@octoplane/shared/lifecycle";
import { limits } from "@octoplane/shared/limits";
import { openLog, type Log } from "@octoplane/shared/log";
import { Metrics } from "@octoplane/shared/metrics";
import { systemRandom } from "@octoplane/shared/random";
import { weakFiles, weakStore, type Weakness } from "@octoplane/shared/weak-settings";
import { openStore } from "@octoplane/store/open";
import { processSchema, type ProcessConfig } from "./process-config.ts";
import { openSealingKeys } from "./sealing-keys.ts";
import { lookAtSecretFiles } from "./secret-files.ts";
import { flagsOf, loadSettings, type LoadedSettings } from "./settings.ts";

export interface ProcessParts {
  readonly resources: Resources;
  readonly log: Log;
  readonly metrics: Metrics;
  /** How often key files are looked at. */
  readonly keyReloadMs: number;
  /** Looks at the file of sealing keys now. */
  lookAtKeys(): Promise<void>;
}

/** One app as a process of its own: what it is called, its settings, and how it starts. */
export interface ProcessDeclaration<C> {
  readonly name: string;
  readonly schema: Type.TObject;
  /** Krake's file for the same process: it is looked for when none is named, and its keys are taken. */
  readonly krakeFile: KrakeFile;
  /** What of the app's own settings lets too many people in; what they have in common is known here. */
  readonly weaknesses?: (config: C) => readonly Weakness[];
  start(config: C, parts: ProcessParts): Promise<Running>;
}

/**
 * The whole life of a process: settings, store, health, the app itself, signals, and the way back. Prints one line of JSON
 * with its name, id and addresses when it is up, for whoever started it. Exit status 1 when it cannot start.
 */
export async function runProcess<C>(declaration: ProcessDeclaration<C>): Promise<void> {
  const schema = processSchema(declaration.schema);
  const args = process.argv.slice(2);
  if (args.includes("--help")) {
    const ways = [
      { flag: "-c, --config", text: `${declaration.krakeFile}, ours or Krake's; none: no file` },
      { flag: "--check-config", text: "look at the settings, print what is to be said, and end" },
    ];
    for (const { flag, text } of [...ways, ...flagsOf(schema)])
      process.stdout.write(`${flag.padEnd(40)}${text}\n`);
    return;
  }
  try {
    const { krakeFile } = declaration;
    const loaded = await loadSettings<ProcessConfig & C>(schema, args, krakeFile);
    if (loaded.isCheck) await printCheck(declaration, loaded);
    else await runUntilSignal((signal) => startProcess(declaration, loaded, signal));
  } catch (error) {
    process.stderr.write(`${declaration.name}: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}

/** `--check-config`: settings that do not do have been an error before. */
async function printCheck<C>(
  { name, weaknesses }: ProcessDeclaration<C>,
  { settings, file, notes }: LoadedSettings<ProcessConfig & C>,
): Promise<void> {
  const weak = [...(await weaknessesOf(settings)), ...(weaknesses?.(settings) ?? [])];
  const lines = [
    ...notes.map(({ keys, text }) => `note: ${keys.join(", ")}: ${text}`),
    ...weak.map(({ at, text }) => `weak: ${at}: ${text}`),
    `${name}: ${file ?? "no file"}: the settings do`,
  ];
  process.stdout.write(lines.map((line) => `${line}\n`).join(""));
}

async function weaknessesOf(settings: ProcessConfig): Promise<readonly Weakness[]> {
  return [...weakStore(settings), ...weakFiles(await lookAtSecretFiles(settings))];
}

async function tellOfSettings(
  log: Log,
  { settings, file, notes }: LoadedSettings<ProcessConfig>,
): Promise<void> {
  if (file !== undefined) log.info({ file }, "settings were read");
  for (const { keys, text, isImportant } of notes) {
    log[isImportant ? "warn" : "info"]({ file, keys }, text);
  }
  for (const { at, text } of await weaknessesOf(settings)) log.warn({ at }, text);
}

async function startProcess<C>(
  declaration: ProcessDeclaration<C>,
  loaded: LoadedSettings<ProcessConfig & C>,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const { settings } = loaded;
  const log = openLog(declaration.name, settings.log_level);
  await tellOfSettings(log, loaded);
  const metrics = new Metrics();
  metrics.collectProcess();
  const parts: AsyncDisposable[] = [];
  // Who is told to stop while the store is away lets go of it, and what waits for the store ends.
  const giveUp = (): void => void disposeAll(parts).catch(() => undefined);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const clock = systemClock;
    const random = systemRandom;
    const keyReloadMs = settings.key_reload_interval * 1_000;
    const keyParts = { clock, random, log, reloadMs: keyReloadMs };
    const { sealer, keys } = await openSealingKeys(settings.sealing_key_file, keyParts);
    parts.push(keys);
    const store = await openStore(settings.store, await storeAuth(settings), {
      clock,
      random,
      log,
    });
    parts.push(store);
    const resources = new Resources({ store, sealer, clock, random }, log);
    parts.push(resources);
    const health = await openHealthServer(settings.health_listen, metrics, async () => {
      await store.get("/ready");
    });
    parts.push(health);
    const cancelNotice = clock.after(limits.storeTimeoutMs, () => {
      log.warn({ store: settings.store }, "still waiting for the store");
    });
    const running = await declaration.start(ownSettings(declaration.schema, settings), {
      resources,
      log,
      metrics,
      keyReloadMs,
      lookAtKeys: () => keys.look(),
    });
    cancelNotice();
    signal.removeEventListener("abort", giveUp);
    parts.push(running);
    const { name } = declaration;
    const addresses = { address: running.address ?? health.address, health: health.address };
    process.stdout.write(`${JSON.stringify({ name, pid: process.pid, ...addresses })}\n`);
    log.info({ ...addresses }, "started");
  } catch (error) {
    await disposeAll(parts);
    throw error;
  }
  return { [Symbol.asyncDispose]: () => disposeAll(parts) };
}

/** The app sees its own settings only. */
function ownSettings<C>(schema: Type.TObject, settings: C): C {
  const names = new Set(Object.keys(schema.properties));
  return Object.fromEntries(
    Object.entries(settings as Readonly<Record<string, unknown>>).filter(([name]) =>
      names.has(name),
    ),
  ) as C;
}

async function storeAuth({ store_auth: auth }: ProcessConfig) {
  const read = async (path: string | null): Promise<string | undefined> => {
    if (path === null) return undefined;
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      throw failure("Invalid", `store_auth: ${messageOf(error)}`);
    }
  };
  const [ca, cert, key, password] = await Promise.all(
    [auth.ca, auth.cert, auth.key, auth.password_file].map(read),
  );
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(auth.user === null ? {} : { user: auth.user }),
    ...(password === undefined ? {} : { password: password.trim() }),
  };
}
