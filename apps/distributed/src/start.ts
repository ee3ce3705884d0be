import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { TokenSigner } from "@octoplane/api/auth/signed-token";
import { tokenKeyVariable } from "@octoplane/api/auth/token-keys";
import { HeldKeys, makeKeyFile } from "@octoplane/process/key-file";
import { sealingKeyVariable } from "@octoplane/process/sealing-keys";
import { backoffMs } from "@octoplane/shared/backoff";
import { pause, systemClock } from "@octoplane/shared/clock";
import { takeSecret } from "@octoplane/shared/config";
import { disposeAll } from "@octoplane/shared/lifecycle";
import { limits } from "@octoplane/shared/limits";
import { openLog, type Log } from "@octoplane/shared/log";
import { systemRandom } from "@octoplane/shared/random";
import { replaceFile, writeAddress, writeAdminToken } from "@octoplane/standalone/access-files";
import { Child, type Announcement, type Command } from "./child.ts";
import type { DistributedConfig } from "./config.ts";

/** The processes of a whole Octoplane; each may run any number of times, here each runs once. */
const names = ["gc", "scheduler", "cluster-controller", "app-controller", "api"] as const;

/**
 * Starts one process of each app over one store and keeps it running: one that ends is told of and started again, later and
 * later when it keeps ending. `tell` hears of every start and end.
 */
export async function start(
  config: DistributedConfig,
  tell: (line: string) => void,
): Promise<AsyncDisposable & { readonly address: string }> {
  const dataDir = resolve(config.data_dir);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { sealingKey, tokenFiles, secrets } = await prepareKeys(config, dataDir);
  const log = openLog("distributed", config.log_level);
  const admin = await keepAdminToken(config, { dataDir, files: tokenFiles, secrets, log });
  const common = [
    // A scheduler.yaml that lies here is not for these.
    ["--config", "none"],
    ["--store", config.store],
    ["--sealing-key-file", sealingKey],
    ["--key-reload-interval", String(config.key_reload_interval)],
    ["--log-level", config.log_level],
  ].flat();
  const api = ["--config", await writeApiSettings(config, dataDir, tokenFiles)];
  const keepers = names.map((name) => {
    const main = fileURLToPath(new URL(`../../${name}/src/main.ts`, import.meta.url));
    const { sealing, token } = secrets;
    return name === "api"
      ? new Keeper(
          name,
          { main, args: [...common, ...api], secrets: { ...sealing, ...token } },
          tell,
        )
      : new Keeper(
          name,
          { main, args: [...common, ...argumentsOf(name, config)], secrets: sealing },
          tell,
        );
  });
  const parts = [admin, ...keepers];
  try {
    const announcements = await Promise.all(keepers.map((keeper) => keeper.start()));
    const address = announcements.find(({ name }) => name === "api")!.address;
    const addressFile = await writeAddress(dataDir, address);
    return { address, [Symbol.asyncDispose]: () => disposeAll([...parts, addressFile]) };
  } catch (error) {
    await disposeAll(parts);
    throw error;
  }
}

/** Applications are told where the API is; on a port that is chosen for it nobody knows beforehand. */
function argumentsOf(name: string, { listen, tls }: DistributedConfig): readonly string[] {
  if (name !== "app-controller" || listen.endsWith(":0")) return [];
  return ["--hooks-api-endpoint", `${tls.enabled ? "https" : "http"}://${listen}`];
}

type Variables = Readonly<Record<string, string>>;

interface Keys {
  readonly sealingKey: string;
  readonly tokenFiles: readonly string[];
  /** Keys that came by the environment, for the processes that need them and no other. */
  readonly secrets: { readonly sealing: Variables; readonly token: Variables };
}

/** The key files, made at the first start, or the variables that stand for them. */
async function prepareKeys(config: DistributedConfig, dataDir: string): Promise<Keys> {
  const take = (name: string): Variables => {
    const value = takeSecret(name);
    return value === undefined ? {} : { [name]: value };
  };
  const secrets = { sealing: take(sealingKeyVariable), token: take(tokenKeyVariable) };
  const isGiven = (variables: Variables): boolean => Object.keys(variables).length > 0;
  const sealingKey = join(dataDir, "sealing.key");
  const tokenKey = join(dataDir, "token.key");
  if (!isGiven(secrets.sealing)) await makeKeyFile(sealingKey, systemRandom);
  const named = config.token_keys.map((file) => resolve(file));
  if (!isGiven(secrets.token) && named.length === 0) await makeKeyFile(tokenKey, systemRandom);
  return { sealingKey, tokenFiles: named.length > 0 ? named : [tokenKey], secrets };
}

/** The administrator's token, good as long as this runs, whatever becomes of the keys. */
async function keepAdminToken(
  config: DistributedConfig,
  given: {
    readonly dataDir: string;
    readonly files: readonly string[];
    readonly secrets: Keys["secrets"];
    readonly log: Log;
  },
): Promise<AsyncDisposable> {
  const { dataDir, log } = given;
  const clock = systemClock;
  const reloadMs = config.key_reload_interval * 1_000;
  const source = { variable: tokenKeyVariable, files: given.files };
  const text = given.secrets.token[tokenKeyVariable];
  const keys =
    text === undefined
      ? await HeldKeys.open(source, { clock, log, reloadMs })
      : HeldKeys.fixed(text, tokenKeyVariable);
  const signer = new TokenSigner(keys.ring, clock, systemRandom);
  await writeAdminToken(dataDir, signer);
  let cancel = (): void => undefined;
  keys.follow((ring) => {
    signer.replaceKeys(ring);
    cancel();
    // The API server looks at the same files at other moments: by then it knows the key.
    cancel = clock.after(reloadMs * 2, () => {
      writeAdminToken(dataDir, signer).catch((error: unknown) =>
        log.error({ err: error }, "the administrator's token cannot be written"),
      );
    });
  });
  return {
    async [Symbol.asyncDispose]() {
      cancel();
      await keys[Symbol.asyncDispose]();
    },
  };
}

/** A file, because lists have no flags; it names files of keys, and holds none. */
async function writeApiSettings(
  { listen, tls }: DistributedConfig,
  dataDir: string,
  tokenFiles: readonly string[],
): Promise<string> {
  const absolute = (file: string | null): string | null => (file === null ? null : resolve(file));
  const files = {
    cert: absolute(tls.cert),
    key: absolute(tls.key),
    client_ca: absolute(tls.client_ca),
  };
  const settings = { listen, tls: { ...tls, ...files }, token_keys: tokenFiles };
  const path = join(dataDir, "api.json");
  await replaceFile(path, `${JSON.stringify(settings, undefined, 2)}\n`);
  return path;
}

/** Keeps one process running. */
class Keeper implements AsyncDisposable {
  readonly #name: string;
  readonly #command: Command;
  readonly #tell: (line: string) => void;
  readonly #stop = new AbortController();
  #child: Child | undefined;
  #keeping: Promise<void> | undefined;

  constructor(name: string, command: Command, tell: (line: string) => void) {
    this.#name = name;
    this.#command = command;
    this.#tell = tell;
  }

  async start(): Promise<Announcement> {
    const announcement = await this.#launch();
    this.#keeping = this.#keep();
    return announcement;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#child?.stop(limits.drainMs * 2);
    await this.#keeping;
  }

  async #launch(): Promise<Announcement> {
    this.#child = new Child(this.#name, this.#command);
    const announcement = await this.#child.announced();
    const { pid, address } = announcement;
    this.#tell(`${this.#name.padEnd(20)}pid ${String(pid).padEnd(9)}${address}`);
    return announcement;
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const began = systemClock.monotonic();
      const how = await this.#child!.ended();
      if (signal.aborted) return;
      if (systemClock.monotonic() - began > limits.retryMostMs) attempt = 0;
      const bounds = { firstMs: limits.retryFirstMs, mostMs: limits.retryMostMs };
      const delay = backoffMs(attempt, systemRandom.fraction(), bounds);
      this.#tell(`${this.#name.padEnd(20)}ended (${how}); it starts again in ${delay} ms`);
      await pause(systemClock, delay, signal);
      if (signal.aborted) return;
      // An end before it was up is an end like any other: the next turn waits longer.
      await this.#launch().catch(() => undefined);
    }
  }
}
