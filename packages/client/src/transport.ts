import type { Clock } from "@octoplane/shared/clock";
import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { readWarnings } from "@octoplane/shared/warning-header";
import { errorOfAnswer, errorOfConnection } from "./problem.ts";

/** Requests to one server: authentication, deadlines, bounds, errors. Knows nothing of kinds. */

export interface TransportOptions {
  /** `http://127.0.0.1:8080`, with a path in front of the API if need be. */
  readonly address: string;
  readonly token?: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** What the server warns of beside an answer, one text a warning. */
  readonly onWarning?: (text: string) => void;
}

export interface Asking {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export class Transport {
  readonly address: string;
  readonly clock: Clock;
  readonly #base: string;
  readonly #token: string | undefined;
  readonly #fetch: typeof globalThis.fetch;
  readonly #onWarning: ((text: string) => void) | undefined;

  /** `Invalid` when the address is no http(s) URL or the token cannot stand in a header. */
  constructor(options: TransportOptions) {
    const url = URL.parse(options.address);
    if (!url || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "") {
      throw failure(
        "Invalid",
        `expected the server's address, such as http://127.0.0.1:8080, found ${options.address}`,
      );
    }
    if (url.username !== "" || url.password !== "") {
      throw failure("Invalid", "expected no credentials in the server's address; give a token");
    }
    if (options.token !== undefined && !/^[\x21-\x7E]+$/.test(options.token)) {
      throw failure("Invalid", "the token is not one word of plain characters");
    }
    this.address = url.href.replace(/\/+$/, "");
    this.clock = options.clock;
    this.#base = this.address;
    this.#token = options.token;
    this.#fetch = options.fetch;
    this.#onWarning = options.onWarning;
  }

  /**
   * One request, one answer in JSON. Every failure is an OctoplaneError, but for the reason of an
   * abort.
   */
  async json<T>(method: string, path: string, asking: Asking = {}): Promise<T> {
    const deadline = new AbortController();
    const late = failure(
      "Timeout",
      `${this.address} did not answer within ${limits.clientRequestMs / 1_000} s`,
    );
    const cancel = this.clock.after(limits.clientRequestMs, () => deadline.abort(late));
    const unlink = forwardAbort(asking.signal, deadline);
    try {
      const response = await this.#send(method, path, { ...asking, signal: deadline.signal });
      const text = await this.#textOf(response, deadline.signal);
      return this.#parse<T>(text);
    } finally {
      cancel();
      unlink();
    }
  }

  /** One request whose answer is read while it comes. The signal ends it; there is no deadline. */
  async stream(
    path: string,
    asking: Asking & { readonly signal: AbortSignal },
  ): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#send("GET", path, asking);
    if (!response.body) throw failure("Unavailable", `${this.address} sent no stream`);
    return response.body;
  }

  async #send(
    method: string,
    path: string,
    asking: Asking & { readonly signal: AbortSignal },
  ): Promise<Response> {
    const url = `${this.#base}${path}${queryText(asking.query)}`;
    let response: Response;
    try {
      response = await this.#fetch(url, {
        method,
        headers: {
          accept: "application/json",
          ...(asking.body === undefined ? {} : { "content-type": "application/json" }),
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...asking.headers,
        },
        ...(asking.body === undefined ? {} : { body: JSON.stringify(asking.body) }),
        // A redirect would turn a POST into a GET; better to say where the server really is.
        redirect: "manual",
        signal: asking.signal,
      });
    } catch (error) {
      throw this.#connectionError(error, asking.signal);
    }
    if (response.ok) {
      const warnings = readWarnings(response.headers.get("warning") ?? undefined);
      for (const text of warnings) this.#onWarning?.(text);
      return response;
    }
    if (response.status < 400) {
      await response.body?.cancel();
      const to = response.headers.get("location") ?? "another address";
      throw failure("Unavailable", `${this.address} redirects to ${to}; use that address`);
    }
    const text = await this.#textOf(response, asking.signal);
    throw errorOfAnswer(response.status, text, { method, url });
  }

  async #textOf(response: Response, signal: AbortSignal): Promise<string> {
    if (!response.body) return "";
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    const parts: string[] = [];
    let bytes = 0;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return parts.join("") + decoder.decode();
        bytes += value.length;
        if (bytes > limits.clientAnswerBytesMax) {
          throw failure("TooLarge", `the answer of ${this.address} is too large`);
        }
        parts.push(decoder.decode(value, { stream: true }));
      }
    } catch (error) {
      throw isFailure(error) ? error : this.#connectionError(error, signal);
    } finally {
      // What is read to its end cannot be cancelled, and needs not be.
      await reader.cancel().catch(() => undefined);
    }
  }

  #parse<T>(text: string): T {
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      const message = `${this.address} did not answer in JSON: is it an Octoplane server?`;
      throw failure("Unavailable", message, { cause: error });
    }
  }

  #connectionError(error: unknown, signal: AbortSignal): unknown {
    return signal.aborted ? signal.reason : errorOfConnection(error, this.address);
  }
}

function queryText(query: Asking["query"] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, value);
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/**
 * Aborts the controller when the signal does; the returned function must be called when the work is
 * over.
 */
export function forwardAbort(
  signal: AbortSignal | undefined,
  controller: AbortController,
): () => void {
  if (!signal) return () => undefined;
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return () => signal.removeEventListener("abort", abort);
}
