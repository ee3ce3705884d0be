import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";

/** One program of the control plane, started with a log file of its own. */
export class Component implements AsyncDisposable {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #logPath: string;
  readonly #ended: Promise<void>;
  #isStopping = false;
  #failure: string | undefined;

  constructor(options: {
    readonly name: string;
    readonly path: string;
    readonly args: readonly string[];
    readonly logPath: string;
  }) {
    this.name = options.name;
    this.#logPath = options.logPath;
    const log = openSync(options.logPath, "a");
    this.#child = spawn(options.path, options.args, { stdio: ["ignore", log, log] });
    closeSync(log);
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#failure = error.message;
        resolve();
      });
      this.#child.once("exit", (code, signal) => {
        if (!this.#isStopping) this.#failure = `ended with ${code ?? signal}`;
        resolve();
      });
    });
    running.add(this.#child);
  }

  /** Throws when the program ended by itself, with the end of its log. */
  check(): void {
    if (this.#failure === undefined) return;
    const log = readFileSync(this.#logPath, "utf8").slice(-4_000);
    throw new Error(`${this.name} ${this.#failure}:\n${log}`);
  }

  /**
   * Kills at once: nothing here is worth a graceful end, and a real outage gives no notice either.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#child.kill("SIGKILL");
    await this.#ended;
    running.delete(this.#child);
  }
}

/** A test run that dies must not leave a control plane behind. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
