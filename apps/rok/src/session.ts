import { openClient, type Client } from "@octoplane/client/client";
import { failure } from "@octoplane/shared/errors";
import { findAccess, type Access, type AccessFlags } from "./find-server.ts";
import type { Io } from "./output.ts";

export type OutputFormat = "table" | "json" | "yaml";

/** The flags that every command takes. */
export interface CommonFlags extends AccessFlags {
  readonly output?: OutputFormat;
  readonly namespace?: string;
}

/** One run of one command: where it writes, and the server, found when it is first needed. */
export class Session {
  readonly io: Io;
  readonly output: OutputFormat;
  readonly #flags: CommonFlags;
  #access: Access | undefined;
  #client: Client | undefined;

  constructor(io: Io, flags: CommonFlags) {
    this.io = io;
    this.#flags = flags;
    this.output = flags.output ?? "table";
  }

  /**
   * Where the server was found; `undefined` before it was looked for. For what is said of errors.
   */
  get access(): Access | undefined {
    return this.#access;
  }

  async client(): Promise<Client> {
    if (this.#client) return this.#client;
    this.#access = await findAccess(this.#flags, this.io);
    const { address, token, tls } = this.#access;
    const { clock } = this.io;
    this.#client = openClient({
      address,
      clock,
      ...(token === undefined ? {} : { token }),
      ...(tls === undefined ? {} : { fetch: (await import("./tls-fetch.ts")).tlsFetch(tls) }),
    });
    return this.#client;
  }

  /**
   * The one that is named, or the config file's, or the user's own, which is called like the user.
   */
  async namespace(): Promise<string> {
    if (this.#flags.namespace !== undefined) return this.#flags.namespace;
    const client = await this.client();
    const namespace = this.#access?.namespace ?? (await client.me()).user;
    if (namespace === "") throw failure("Invalid", "the server knows no user; give --namespace");
    return namespace;
  }

  /** A remark beside the result, where it does not disturb who reads the result. */
  note(text: string): void {
    this.io.err(`${text}\n`);
  }
}
