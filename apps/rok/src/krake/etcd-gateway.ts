import { textOf } from "@octoplane/shared/text-of";
import type { Clock } from "@octoplane/shared/clock";
import { failure, isFailure, messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/** Reads an etcd over its JSON gateway: `POST /v3/kv/range`, keys and values in base64, numbers of 64 bits as texts. */

export interface EtcdAccess {
  /** `http://127.0.0.1:2379` */
  readonly url: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

export interface EtcdPair {
  readonly key: string;
  /** Empty when only keys were asked for. */
  readonly value: string;
}

interface RangeAnswer {
  readonly header?: { readonly revision?: string };
  readonly kvs?: readonly { readonly key?: string; readonly value?: string }[];
  readonly more?: boolean;
}

/** Everything is read at the revision of the first answer, so that it belongs together. */
export class EtcdGateway {
  readonly #access: EtcdAccess;
  readonly #base: string;
  #token: string | undefined;
  #revision: string | undefined;

  /** `Invalid` for an address that cannot be. */
  constructor(access: EtcdAccess) {
    const url = URL.parse(access.url);
    if (!url || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "") {
      const message = `expected the address of etcd, such as http://127.0.0.1:2379, found ${access.url}`;
      throw failure("Invalid", message);
    }
    this.#access = access;
    this.#base = url.href.replace(/\/+$/, "");
  }

  get revision(): string | undefined {
    return this.#revision;
  }

  /**
   * Pages of what begins with a prefix, in order of the keys. `Unavailable` when etcd does not answer, `Unauthenticated` when
   * it knows us not, `Compacted` when its history is gone before all was read.
   */
  async *pages(
    prefix: string,
    options: { readonly keysOnly?: boolean } = {},
  ): AsyncGenerator<readonly EtcdPair[], void, undefined> {
    const end = base64(Buffer.from(`${prefix.slice(0, -1)}${next(prefix.at(-1) ?? "/")}`));
    const limit = options.keysOnly ? limits.pageEntriesMax * 10 : limits.importPageMax;
    for (let from = Buffer.from(prefix); ;) {
      const answer = (await this.#post("/v3/kv/range", {
        key: base64(from),
        range_end: end,
        limit: String(limit),
        keys_only: options.keysOnly === true,
        ...(this.#revision === undefined ? {} : { revision: this.#revision }),
      })) as RangeAnswer;
      this.#revision ??= answer.header?.revision;
      const raw = (answer.kvs ?? []).map((pair) => ({
        key: Buffer.from(pair.key ?? "", "base64"),
        value: Buffer.from(pair.value ?? "", "base64").toString("utf8"),
      }));
      if (raw.length > 0) yield raw.map(({ key, value }) => ({ key: key.toString("utf8"), value }));
      const last = raw.at(-1);
      if (answer.more !== true || !last) return;
      from = Buffer.concat([last.key, Buffer.from([0])]);
    }
  }

  async #post(path: string, body: object): Promise<unknown> {
    const { user, password } = this.#access;
    if (user !== undefined && this.#token === undefined) {
      const credentials = { name: user, password: password ?? "" };
      const answer = await this.#send("/v3/auth/authenticate", credentials);
      this.#token = textOf((answer as { readonly token?: unknown }).token ?? "");
    }
    return await this.#send(path, body);
  }

  async #send(path: string, body: object): Promise<unknown> {
    const { fetch, clock } = this.#access;
    const late = failure("Timeout", `etcd at ${this.#base} did not answer in time`);
    const deadline = new AbortController();
    const cancel = clock.after(limits.clientRequestMs, () => deadline.abort(late));
    try {
      const response = await fetch(`${this.#base}${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(this.#token === undefined ? {} : { authorization: this.#token }),
        },
        body: JSON.stringify(body),
        redirect: "manual",
        signal: deadline.signal,
      });
      const text = await readBounded(response);
      if (!response.ok) throw errorOf(response.status, text, this.#base);
      return JSON.parse(text);
    } catch (error) {
      if (deadline.signal.aborted) throw late;
      if (isFailure(error)) throw error;
      const what = error instanceof SyntaxError ? "did not answer as etcd does" : "does not answer";
      const cause = error instanceof SyntaxError ? "" : ` (${messageOf(error)})`;
      throw failure("Unavailable", `${this.#base} ${what}${cause}`, { cause: error });
    } finally {
      cancel();
    }
  }
}

async function readBounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > limits.clientAnswerBytesMax) {
      throw failure("TooLarge", "an answer of etcd is too large");
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** What the gateway says of an error: `{error, message, code}`, the code being that of gRPC. */
function errorOf(status: number, text: string, base: string): Error {
  let said = "";
  try {
    const { error, message } = JSON.parse(text) as {
      readonly error?: unknown;
      readonly message?: unknown;
    };
    said = textOf(message ?? error ?? "");
  } catch {
    said = `status ${status}`;
  }
  if (/compacted/.test(said)) {
    const message = "etcd has compacted its history before everything was read: begin again";
    return failure("Compacted", message);
  }
  const isAuth = status === 401 || status === 403 || /auth|permission|user name/i.test(said);
  return failure(isAuth ? "Unauthenticated" : "Unavailable", `etcd at ${base}: ${said}`);
}

function next(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) + 1);
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64");
}
