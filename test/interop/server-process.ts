import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../wait-for.ts";

/**
 * A server of others as a process group of its own, with a temporary folder that goes with it: some
 * are started by a shell that stays in between.
 */
export class ServerProcess implements AsyncDisposable {
  readonly #name: string;
  readonly folder: string;
  #child: ChildProcess | undefined;

  constructor(name: string) {
    this.#name = name;
    this.folder = mkdtempSync(join(tmpdir(), `octoplane-${name}-`));
  }

  /** What it has said so far, on both its outputs. */
  get output(): string {
    return readFileSync(join(this.folder, "output"), "utf8");
  }

  /** Starts it and waits until the probe gives something; an error with its output when it does not. */
  async start<T>(
    command: string,
    args: readonly string[],
    options: {
      readonly env: Readonly<Record<string, string | undefined>>;
      readonly probe: () => Promise<T | undefined> | T | undefined;
    },
  ): Promise<T> {
    const output = openSync(join(this.folder, "output"), "a");
    const child = spawn(command, args, {
      cwd: this.folder,
      detached: true,
      stdio: ["ignore", output, output],
      env: options.env,
    });
    this.#child = child;
    let broken: string | undefined;
    child.once("error", (error) => (broken = error.message));
    child.once("exit", (code, signal) => (broken ??= `it ended with ${code ?? signal}`));
    const ready = async (): Promise<T | undefined> => {
      if (broken) throw new Error(`${this.#name}: ${broken}: ${this.output.slice(-4_000)}`);
      return await options.probe();
    };
    return await waitFor(`${this.#name} serves`, ready, {
      deadlineMs: 240_000,
      seen: () => this.output.slice(-4_000),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      process.kill(-child.pid, "SIGKILL");
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
