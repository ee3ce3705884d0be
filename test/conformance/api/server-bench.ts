import { request as httpRequest } from "node:http";
import { ApiConfigSchema, type ApiConfig } from "@octoplane/api/config";
import { TokenSigner } from "@octoplane/api/auth/signed-token";
import { start } from "@octoplane/api/start";
import { readAs } from "@octoplane/kinds/read-input";
import { Metrics } from "@octoplane/shared/metrics";
import { systemRandom } from "@octoplane/shared/random";
import type { StoreOptions } from "@octoplane/store/open";
import type { Json } from "../../rest.ts";
import { openLog } from "@octoplane/shared/log";
import { Writable } from "node:stream";
import { openBench, type Bench } from "../resources/bench.ts";
import type { Store } from "@octoplane/store/store";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Json;
}

interface Call {
  /** Sent as JSON, unless it is a text: that is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Who asks; `system:admin` when absent, nobody when null. */
  readonly user?: string | null;
}

/** An API server in this process over a real store, spoken to by HTTP. */
export interface ServerBench extends AsyncDisposable {
  readonly bench: Bench;
  readonly address: string;
  readonly signer: TokenSigner;
  call(method: string, path: string, call?: Call): Promise<Answer>;
  /** The body of an answer that must be 200. */
  ok(method: string, path: string, call?: Call): Promise<Json>;
  tokenOf(user: string): string;
  logged(): string;
}

export type OpenServer = (settings?: object) => Promise<ServerBench>;

export async function openServer(store: Store, settings: object = {}): Promise<ServerBench> {
  const bench = openBench(store);
  await bench.clear();
  let logged = "";
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString();
      done();
    },
  });
  const { clock } = bench.resources.parts;
  const signer = new TokenSigner(systemRandom.bytes(32), clock, systemRandom);
  const config = readAs<ApiConfig>(ApiConfigSchema, { listen: "127.0.0.1:0", ...settings });
  const log = openLog("api", "debug", sink);
  const parts = {
    resources: bench.resources,
    signer,
    log,
    metrics: new Metrics(),
    version: "test",
  };
  const api = await start(config, parts);
  const call = async (method: string, path: string, options: Call = {}): Promise<Answer> => {
    const { user = "system:admin", body } = options;
    const response = await fetch(`${api.address}${path}`, {
      method,
      headers: {
        ...(user === null ? {} : { authorization: `Bearer ${signer.sign(user)}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /\bjson\b/.test(response.headers.get("content-type") ?? "");
    const parsed: Json = isJson && text !== "" ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, body: parsed };
  };
  return {
    bench,
    address: api.address,
    signer,
    call,
    async ok(method, path, options) {
      const answer = await call(method, path, options);
      if (answer.status !== 200)
        throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return answer.body;
    },
    tokenOf: (user) => signer.sign(user),
    logged: () => logged,
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await bench[Symbol.asyncDispose]();
    },
  };
}

export type { StoreOptions };

/** A body of any size and form; the answer counts even when the server stops reading before the end. */
export async function sendRaw(
  server: ServerBench,
  method: string,
  path: string,
  body: Buffer,
): Promise<{ readonly status: number; readonly body: Json }> {
  return await new Promise((resolve, reject) => {
    const outgoing = httpRequest(`${server.address}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${server.tokenOf("system:admin")}`,
        "content-type": "application/json",
        "content-length": body.length,
      },
    });
    let isAnswered = false;
    outgoing.on("response", (response) => {
      isAnswered = true;
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }),
      );
    });
    outgoing.on("error", (error) => {
      if (!isAnswered) reject(error);
    });
    outgoing.end(body);
  });
}

interface WatchLine {
  readonly type: string;
  readonly object: Json;
}

/** A watch that runs on its own and keeps the lines that it got. */
export class WatchStream implements AsyncDisposable {
  readonly events: WatchLine[] = [];
  heartbeats = 0;
  isOver = false;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;

  private constructor(response: Response) {
    this.#running = this.#read(response)
      .catch(() => undefined)
      .finally(() => {
        this.isOver = true;
      });
  }

  static async open(
    server: ServerBench,
    path: string,
    user = "system:admin",
  ): Promise<WatchStream> {
    const headers = { authorization: `Bearer ${server.tokenOf(user)}` };
    const response = await fetch(`${server.address}${path}`, { headers });
    if (response.status !== 200)
      throw new Error(`${path}: ${response.status} ${await response.text()}`);
    if (response.headers.get("content-type") !== "application/x-ndjson")
      throw new Error("not a watch");
    return new WatchStream(response);
  }

  get lines(): readonly string[] {
    return this.events.map(({ type, object }) => {
      const { namespace, name } = object.metadata;
      return `${type} ${namespace === undefined || namespace === null ? "" : `${namespace}/`}${name}`;
    });
  }

  async ended(): Promise<void> {
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #read(response: Response): Promise<void> {
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    this.#abort.signal.addEventListener("abort", () => void reader.cancel().catch(() => undefined));
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        if (line === "") this.heartbeats += 1;
        else this.events.push(JSON.parse(line) as WatchLine);
      }
    }
  }
}
