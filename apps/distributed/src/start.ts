import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { TokenSigner } from "@octoplane/api/auth/signed-token";
import { readOrMakeKeyFile } from "@octoplane/process/key-file";
import { backoffMs } from "@octoplane/shared/backoff";
import { pause, systemClock } from "@octoplane/shared/clock";
import { disposeAll } from "@octoplane/shared/lifecycle";
import { limits } from "@octoplane/shared/limits";
import { systemRandom } from "@octoplane/shared/random";
import { writeAddress, writeAdminToken } from "@octoplane/standalone/access-files";
import { Child, type Announcement } from "./child.ts";

export interface DistributedConfig {
  readonly store: string;
  readonly listen: string;
  readonly data_dir: string;
  readonly log_level: string;
}

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
  const sealingKey = join(dataDir, "sealing.key");
  const tokenKey = join(dataDir, "token.key");
  await readOrMakeKeyFile(sealingKey, systemRandom);
  const key = await readOrMakeKeyFile(tokenKey, systemRandom);
  await writeAdminToken(dataDir, new TokenSigner(key, systemClock, systemRandom));
  const common = [
    "--store",
    config.store,
    "--sealing-key-file",
    sealingKey,
    "--log-level",
    config.log_level,
  ];
  const api = ["--listen", config.listen, "--token-key-file", tokenKey];
  const keepers = names.map(
    (name) => new Keeper(name, name === "api" ? [...common, ...api] : common, tell),
  );
  try {
    const announcements = await Promise.all(keepers.map((keeper) => keeper.start()));
    const address = announcements.find(({ name }) => name === "api")!.address;
    const addressFile = await writeAddress(dataDir, address);
    return { address, [Symbol.asyncDispose]: () => disposeAll([...keepers, addressFile]) };
  } catch (error) {
    await disposeAll(keepers);
    throw error;
  }
}

/** Keeps one process running. */
class Keeper implements AsyncDisposable {
  readonly #name: string;
  readonly #args: readonly string[];
  readonly #tell: (line: string) => void;
  readonly #stop = new AbortController();
  #child: Child | undefined;
  #keeping: Promise<void> | undefined;

  constructor(name: string, args: readonly string[], tell: (line: string) => void) {
    this.#name = name;
    this.#args = args;
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
    const main = fileURLToPath(new URL(`../../${this.#name}/src/main.ts`, import.meta.url));
    this.#child = new Child(this.#name, main, this.#args);
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
