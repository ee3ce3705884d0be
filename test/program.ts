import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";

/** A program of ours as a process of its own, as a person starts it. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  stdout = "";
  stderr = "";

  /** `main` is a path from the root of the repository, where it runs too unless `cwd` says otherwise. */
  constructor(
    main: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    cwd?: string,
  ) {
    const root = join(import.meta.dirname, "..");
    this.#child = spawn(process.execPath, [join(root, main), ...args], {
      cwd: cwd ?? root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout!.on("data", (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.#child.stderr!.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#ended = new Promise((resolve) => this.#child.once("close", (code) => resolve(code)));
  }

  signal(name: "SIGINT" | "SIGTERM" | "SIGKILL"): void {
    this.#child.kill(name);
  }

  /** Resolves with the exit status; null after a signal. */
  async ended(): Promise<number | null> {
    return await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
