import { readFile, stat, writeFile } from "node:fs/promises";
import type { Clock } from "@octoplane/shared/clock";
import { takeSecret } from "@octoplane/shared/config";
import { failure, messageOf } from "@octoplane/shared/errors";
import { keyLine, parseKeyRing, type KeyRing } from "@octoplane/shared/key-ring-text";
import type { Log } from "@octoplane/shared/log";
import type { Random } from "@octoplane/shared/random";
import { Reload } from "./reload.ts";

/** Where the keys of a process come from, and how it keeps up with them. `key-ring-text.ts` tells what such a file holds. */

export interface KeySource {
  /** A variable of the environment that holds the keys, by lines or commas; set, it wins over the files. */
  readonly variable: string;
  /** Their keys together, in this order, are the ring. */
  readonly files: readonly string[];
}

export interface KeyParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly reloadMs: number;
}

/** `Invalid` with the path, and the line, when the file is not there or holds what is no key. */
export async function readKeyFile(path: string): Promise<KeyRing> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const isAbsent = (error as { readonly code?: string }).code === "ENOENT";
    const hint = isAbsent ? "; rok key new makes one, rok config generate a whole set" : "";
    throw failure("Invalid", `the key file ${path} cannot be read: ${messageOf(error)}${hint}`);
  }
  return parseKeyRing(text, path);
}

/** Makes a file with one key when there is none. Two that start at once end up with the same. */
export async function makeKeyFile(path: string, random: Random): Promise<void> {
  try {
    await writeFile(path, `${keyLine(random.bytes(32))}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as { readonly code?: string }).code !== "EEXIST") throw error;
  }
}

/** Reads the keys, or makes one when the file is not there. */
export async function readOrMakeKeyFile(path: string, random: Random): Promise<KeyRing> {
  await makeKeyFile(path, random);
  return await readKeyFile(path);
}

/**
 * The keys of a process while it runs: read again from time to time, so that a rotation needs no restart. Files that have
 * become unreadable or wrong leave the keys as they are. Keys from the environment stay what they are.
 */
export class HeldKeys implements AsyncDisposable {
  readonly #reload: Reload<KeyRing> | undefined;
  readonly #ring: KeyRing;
  #apply: (ring: KeyRing) => void = () => undefined;

  private constructor(ring: KeyRing, reload: Reload<KeyRing> | undefined) {
    this.#ring = ring;
    this.#reload = reload;
  }

  /** Takes the variable out of the environment. `make` makes the files that are not there, unless the variable is set. */
  static async open(
    source: KeySource,
    parts: KeyParts,
    make: (path: string) => Promise<void> = async () => undefined,
  ): Promise<HeldKeys> {
    const text = takeSecret(source.variable);
    if (text !== undefined) return HeldKeys.fixed(text, source.variable);
    for (const file of source.files) await make(file);
    for (const file of source.files) await warnIfOpen(file, parts.log);
    const read = () => readKeyFiles(source.files);
    const current = await read();
    const reload = new Reload<KeyRing>({
      current,
      intervalMs: parts.reloadMs,
      clock: parts.clock,
      read,
      apply(ring) {
        held.#apply(ring);
        parts.log.info({ files: source.files, keys: ring.length }, "the keys were changed");
      },
      onProblem: (problem) =>
        parts.log.error({ problem }, "the key files do not do; the old keys stay"),
    });
    const held = new HeldKeys(current, reload);
    return held;
  }

  /** Keys that stay: the text of a variable, whose name is for messages. */
  static fixed(text: string, variable: string): HeldKeys {
    return new HeldKeys(parseKeyRing(text.replaceAll(",", "\n"), variable), undefined);
  }

  get ring(): KeyRing {
    return this.#reload?.current ?? this.#ring;
  }

  /** From now on the function hears of every other ring; there is one such function. */
  follow(apply: (ring: KeyRing) => void): void {
    this.#apply = apply;
  }

  /** Reads the files now. Never rejects. */
  async look(): Promise<void> {
    await this.#reload?.look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reload?.[Symbol.dispose]();
  }
}

async function readKeyFiles(files: readonly string[]): Promise<KeyRing> {
  const rings = await Promise.all(files.map((file) => readKeyFile(file)));
  const [first, ...others] = rings.flat();
  if (!first) throw failure("Invalid", "expected at least one key file");
  return [first, ...others];
}

async function warnIfOpen(file: string, log: Log): Promise<void> {
  const mode = await stat(file).then(
    (found) => found.mode & 0o777,
    () => 0,
  );
  if ((mode & 0o077) === 0) return;
  log.warn({ file, mode: mode.toString(8) }, "others than its owner may use this key file");
}
