import { linkedAbort } from "@octoplane/shared/abort";
import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import type { Dispatcher } from "undici";
import { certificateEnd } from "./certificate-end.ts";
import { openPool } from "./cluster-pool.ts";
import { answerFailure, networkFailure, notKubernetes } from "./kube-failure.ts";
import type { KubeLogin } from "./kube-login.ts";
import { KubeError } from "./kube.ts";

export interface ClusterRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Without the base path of the cluster. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept?: string;
  /** Sent as JSON. */
  readonly body?: { readonly type: string; readonly value: unknown };
  readonly signal?: AbortSignal | undefined;
}

export interface ClusterAnswer {
  /** 2xx. */
  readonly status: number;
  /** The parsed body. */
  readonly value: unknown;
  readonly warnings: string | readonly string[] | undefined;
}

export interface ClusterHttpOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly timeoutMs: number;
}

/**
 * The connections to one cluster: a bounded pool for requests and another for watches, which hold
 * their connection for minutes. Nothing is shared between clusters. Every failure leaves as a
 * KubeError without secrets. It does not try anything twice: that is for the work queues above.
 */
export class ClusterHttp implements AsyncDisposable {
  readonly #login: KubeLogin;
  readonly #options: ClusterHttpOptions;
  readonly #requests: Dispatcher;
  readonly #watches: Dispatcher;
  /** Of the server's certificate, from the newest connection. */
  #serverCertificateEnd: number | undefined;

  constructor(login: KubeLogin, options: ClusterHttpOptions) {
    this.#login = login;
    this.#options = options;
    const onConnected = (end: number | undefined): void => {
      this.#serverCertificateEnd = end ?? this.#serverCertificateEnd;
    };
    this.#requests = openPool(login, limits.kubeConnectionsMax, onConnected);
    this.#watches = openPool(login, limits.kubeWatchesMax, onConnected);
  }

  /** When the first of our certificate and the server's ends; `undefined` while neither is known. */
  certificateExpires(): number | undefined {
    const { cert } = this.#login.tls;
    const ends = [cert && certificateEnd(cert), this.#serverCertificateEnd];
    const known = ends.filter((end) => end !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /**
   * Sends a request and reads the whole answer, within the time limit; anything but 2xx is thrown.
   */
  async request(request: ClusterRequest): Promise<ClusterAnswer> {
    return this.#within(request, async (signal) => {
      const response = await this.#send(this.#requests, request, signal);
      const body = await readText(response.body);
      if (!isSuccess(response)) throw this.#refused(request, response, body);
      const status = response.statusCode;
      return { status, value: parseJson(body), warnings: response.headers["warning"] };
    });
  }

  /**
   * Opens an endless answer. The time limit holds until the headers are there; after that `signal`
   * is the only way to end it, and must be used.
   */
  async open(request: ClusterRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.#within({ ...request, signal }, async (opening) => {
      // The request must outlive this call: the link from `opening` ends with it.
      const { controller, release } = linkedAbort(opening);
      signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true });
      const response = await this.#send(this.#watches, request, controller.signal);
      if (!isSuccess(response)) {
        throw this.#refused(request, response, await readText(response.body));
      }
      release();
      return response.body;
    });
  }

  /** A KubeError of anything thrown, without secrets. */
  failure(error: unknown): KubeError {
    const failed = networkFailure(error, this.#login.origin);
    const clean = (text: string): string =>
      this.#login.secrets.reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), text);
    const causes = failed.causes.map(({ field, message }) => ({ field, message: clean(message) }));
    const { status, reason, retry, retryAfterMs } = failed;
    return new KubeError(clean(failed.message), { status, reason, retry, causes, retryAfterMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#requests.destroy(), this.#watches.destroy()]);
  }

  async #within<T>(request: ClusterRequest, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, log, timeoutMs } = this.#options;
    const startedAt = clock.monotonic();
    const { controller, release } = linkedAbort(request.signal);
    const cancel = clock.after(timeoutMs, () =>
      controller.abort(new Error(`nothing within ${timeoutMs} ms`)),
    );
    try {
      return await work(controller.signal);
    } catch (error) {
      if (request.signal?.aborted) throw aborted();
      throw this.failure(error);
    } finally {
      cancel();
      release();
      const durationMs = Math.round(clock.monotonic() - startedAt);
      log.debug({ method: request.method, path: request.path, durationMs }, "asked a cluster");
    }
  }

  #send(
    pool: Dispatcher,
    request: ClusterRequest,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const query = new URLSearchParams(request.query).toString();
    const path = `${this.#login.basePath}${request.path}`;
    return pool.request({
      origin: this.#login.origin,
      method: request.method,
      path: query === "" ? path : `${path}?${query}`,
      headers: {
        "user-agent": "octoplane",
        accept: request.accept ?? "application/json",
        ...(request.body ? { "content-type": request.body.type } : {}),
        ...this.#login.headers,
      },
      body: request.body ? JSON.stringify(request.body.value) : null,
      signal,
    });
  }

  #refused(request: ClusterRequest, response: Dispatcher.ResponseData, body: string): KubeError {
    // These three are there on every API server: whoever lacks them is none.
    if (response.statusCode === 404 && ["/version", "/api", "/apis"].includes(request.path)) {
      return notKubernetes(`it has no ${request.path}`);
    }
    const retryAfter = response.headers["retry-after"];
    return answerFailure(
      {
        status: response.statusCode,
        retryAfter: typeof retryAfter === "string" ? retryAfter : retryAfter?.[0],
        body,
      },
      this.#options.clock,
    );
  }
}

/** What a caller gets that no longer wants the answer. */
export function aborted(): KubeError {
  return new KubeError("given up by the caller", { status: 0, reason: "Aborted", retry: true });
}

function isSuccess(response: Dispatcher.ResponseData): boolean {
  return response.statusCode >= 200 && response.statusCode < 300;
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > limits.kubeAnswerBytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function tooLarge(): KubeError {
  return new KubeError(`the cluster's answer is larger than ${limits.kubeAnswerBytesMax} bytes`, {
    status: 0,
    reason: "AnswerTooLarge",
    retry: false,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notKubernetes("its answer is not JSON");
  }
}
