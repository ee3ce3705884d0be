import { openClient, type Client } from "@octoplane/client/client";
import { failure } from "@octoplane/shared/errors";
import { findAccess, type Access, type AccessFlags } from "./access/find-server.ts";
import type { Format } from "./output/output-format.ts";
import type { Io } from "./io.ts";
import { paintStates, wantsColour, type ColourWish } from "./output/state-colour.ts";
import type { Layout } from "./output/table.ts";
import { oneLine } from "./output/terminal-text.ts";

export type OutputFormat = Format["type"];

/** The flags that every command takes. */
export interface CommonFlags extends AccessFlags {
  readonly output?: Format;
  readonly namespace?: string;
  /** `false`: without the titles of tables. */
  readonly headers?: boolean;
  readonly color?: ColourWish;
}

/** One run of one command: where it writes, and the server, found when it is first needed. */
export class Session {
  readonly io: Io;
  readonly format: Format;
  readonly #flags: CommonFlags;
  #access: Access | undefined;
  #client: Client | undefined;

  constructor(io: Io, flags: CommonFlags) {
    this.io = io;
    this.#flags = flags;
    this.format = flags.output ?? { type: "table", isWide: false };
  }

  /** `table` for the wide one too. */
  get output(): OutputFormat {
    return this.format.type;
  }

  /** How tables are laid out here; what is wide goes on beyond the edge of the terminal. */
  get layout(): Layout {
    const { io } = this;
    const isWide = this.format.type === "table" && this.format.isWide;
    return {
      width: isWide ? undefined : io.columns,
      noHeaders: this.#flags.headers === false,
      paint: wantsColour(this.#flags.color ?? "auto", io) ? paintStates : undefined,
    };
  }

  /** The flags that say where the server is and who one is. */
  get flags(): AccessFlags {
    return this.#flags;
  }

  /** The config file of the flag, if one was given. */
  get configPath(): string | undefined {
    return this.#flags.config;
  }

  /** The namespace of the flag, if one was given. */
  get namedNamespace(): string | undefined {
    return this.#flags.namespace;
  }

  /**
   * Where the server was found; `undefined` before it was looked for. For what is said of errors.
   */
  get access(): Access | undefined {
    return this.#access;
  }

  /** Where the server is, as it was found: with a login that may have to be refreshed. */
  async find(): Promise<Access> {
    this.#access ??= await findAccess(this.#flags, this.io);
    return this.#access;
  }

  /** The same once more, after something has changed that is found. */
  async findAgain(): Promise<Access> {
    this.#access = undefined;
    return await this.find();
  }

  async client(): Promise<Client> {
    this.#client ??= await this.clientWith(await this.token());
    return this.#client;
  }

  /**
   * The token of the moment: a login's is refreshed when it is about to end. For what goes on for longer than a token is good.
   */
  async token(): Promise<string | undefined> {
    const access = await this.find();
    const { login } = access;
    if (login === undefined) return access.token;
    const { freshToken } = await import("./login/fresh-token.ts");
    const token = await freshToken(login.path, login.stored, this.io);
    this.#access = { ...access, token };
    return token;
  }

  /** A client of the same server with another token, or with none. */
  async clientWith(token: string | undefined): Promise<Client> {
    const { address, tls } = await this.find();
    const { clock } = this.io;
    return openClient({
      address,
      clock,
      onWarning: (text) => this.note(`warning: ${oneLine(text)}`),
      ...(token === undefined ? {} : { token }),
      ...(tls === undefined
        ? {}
        : { fetch: (await import("./access/tls-fetch.ts")).tlsFetch(tls) }),
    });
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
