import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { environmentWith } from "@octoplane/shared/config";
import { failure } from "@octoplane/shared/errors";

/** What a process tells on its first line when it is up. */
export interface Announcement {
  readonly name: string;
  readonly pid: number;
  readonly address: string;
  readonly health: string;
}

/** What is run: a file of ours, and what it is told. */
export interface Command {
  readonly main: string;
  readonly args: readonly string[];
  readonly secrets: Readonly<Record<string, string | undefined>>;
}

/** One process of a distributed set-up, from its start to its end. */
export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #ended = Promise.withResolvers<string>();
  readonly #announced = Promise.withResolvers<Announcement>();

  /** Runs `main` with this very Node; its log goes to our standard error. `secrets` are more variables for it. */
  constructor(name: string, { main, args, secrets }: Command) {
    this.name = name;
    this.#announced.promise.catch(() => undefined);
    // In a group of its own, so that Ctrl-C reaches it through us, once, and not from the terminal as well.
    this.#process = spawn(process.execPath, [main, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
      // What configures us is no configuration of a single app.
      env: { ...environmentWith({ OCTOPLANE_CONFIG: undefined, ...secrets }) },
      detached: true,
    });
    this.#process.once("error", (error) => this.#end(error.message));
    this.#process.once("exit", (code, signal) => this.#end(signal ?? `status ${code}`));
    createInterface({ input: this.#process.stdout! }).once("line", (line) => {
      this.#announced.resolve(JSON.parse(line) as Announcement);
    });
  }

  /** Resolves when it is up; `Unavailable` when it ends before that. */
  async announced(): Promise<Announcement> {
    return await this.#announced.promise;
  }

  /** Resolves with how it ended. */
  async ended(): Promise<string> {
    return await this.#ended.promise;
  }

  /** Asks it to stop and waits until it has; what does not stop in time is ended. */
  async stop(timeoutMs: number): Promise<void> {
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), timeoutMs);
    await this.ended();
    clearTimeout(timer);
  }

  #end(how: string): void {
    this.#announced.reject(failure("Unavailable", `${this.name} ended before it was up: ${how}`));
    this.#ended.resolve(how);
  }
}
