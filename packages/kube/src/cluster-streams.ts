import type { Duplex } from "node:stream";
import { linkedAbort } from "@octoplane/shared/abort";
import { limits } from "@octoplane/shared/limits";
import type { Dispatcher } from "undici";
import { aborted, type ClusterHttp, type ClusterHttpOptions } from "./cluster-http.ts";
import { openPool } from "./cluster-pool.ts";
import { answerFailure } from "./kube-failure.ts";
import type { KubeLogin } from "./kube-login.ts";
import { KubeError, type RawAnswer, type RawRequest, type UpgradeAnswer } from "./kube.ts";
import { answerHeaders, requestHeaders, type Headers } from "./passed-headers.ts";
import { openUpgrade, readSmall, type Opening } from "./open-upgrade.ts";

/**
 * What flows for long or of which nothing is known: endless answers, upgraded connections, requests that are passed on. They have
 * connections of their own, a bounded number of them; one more is refused, because those before it may never end.
 */
export class ClusterStreams implements AsyncDisposable {
  readonly #login: KubeLogin;
  readonly #options: ClusterHttpOptions;
  readonly #http: ClusterHttp;
  readonly #pool: Dispatcher;
  readonly #sockets = new Set<Duplex>();
  #count = 0;

  /** `http` makes KubeErrors of what goes wrong. */
  constructor(login: KubeLogin, options: ClusterHttpOptions, http: ClusterHttp) {
    this.#login = login;
    this.#options = options;
    this.#http = http;
    this.#pool = openPool(login, limits.kubeStreamsMax, () => undefined);
  }

  /** The answer as it comes. Anything but 2xx is a KubeError; the time limit, where there is one, holds until the headers are there. */
  async stream(request: RawRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const ms = request.mayBeSilent === true ? undefined : this.#options.timeoutMs;
    const answer = await this.#request(request, signal, ms);
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw this.#refused(answer.status, answer.headers, await readSmall(answer.body));
  }

  async proxy(request: RawRequest, signal: AbortSignal): Promise<RawAnswer> {
    return await this.#request(request, signal, limits.proxyAnswerMs);
  }

  async upgrade(request: RawRequest, signal: AbortSignal): Promise<UpgradeAnswer> {
    const done = this.#begin();
    const options = this.#dispatchOptions(request);
    const limit = { clock: this.#options.clock, ms: this.#options.timeoutMs };
    const { controller, release } = linkedAbort(signal, limit);
    try {
      const protocol = request.upgrade ?? "websocket";
      const opened: Opening = await openUpgrade(
        this.#pool,
        { ...options, upgrade: protocol },
        controller.signal,
      );
      if (opened.type === "refused") {
        done();
        const { status, headers, body } = opened;
        return {
          type: "refused",
          status,
          headers: answerHeaders(headers),
          body,
          failure: () => this.#refused(status, headers, body),
        };
      }
      const { socket } = opened;
      this.#sockets.add(socket);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        done();
      });
      return { type: "upgraded", socket, headers: answerHeaders(opened.headers) };
    } catch (error) {
      done();
      throw this.#failure(error, signal);
    } finally {
      release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.#pool.destroy();
  }

  async #request(
    request: RawRequest,
    signal: AbortSignal,
    ms: number | undefined,
  ): Promise<RawAnswer> {
    const done = this.#begin();
    const { controller, release } = linkedAbort(signal);
    const giveUp = (): void => controller.abort(new Error(`nothing within ${ms} ms`));
    const cancel = ms === undefined ? () => undefined : this.#options.clock.after(ms, giveUp);
    const end = (): void => {
      release();
      done();
    };
    try {
      const response = await this.#pool.request({
        ...this.#dispatchOptions(request),
        body: request.body ?? null,
        signal: controller.signal,
      });
      // One who reads is told by the iteration; one who has left must not end the process.
      response.body.once("close", end).on("error", () => undefined);
      const headers = answerHeaders(response.headers);
      return { status: response.statusCode, headers, body: response.body };
    } catch (error) {
      end();
      throw this.#failure(error, signal);
    } finally {
      cancel();
    }
  }

  /** Counts a stream; the function that it gives ends that, however often it is called. */
  #begin(): () => void {
    if (this.#count >= limits.kubeStreamsMax) throw tooManyStreams();
    this.#count += 1;
    let isOver = false;
    return () => {
      if (!isOver) this.#count -= 1;
      isOver = true;
    };
  }

  #dispatchOptions(request: RawRequest): {
    readonly origin: string;
    readonly method: string;
    readonly path: string;
    readonly headers: Record<string, string | string[]>;
  } {
    refuseDotSegments(request.path);
    const { origin, basePath, headers } = this.#login;
    return {
      origin,
      method: request.method,
      path: `${basePath}${request.path}${request.search}`,
      headers: requestHeaders({ "user-agent": "octoplane", ...request.headers }, headers),
    };
  }

  #failure(error: unknown, signal: AbortSignal): KubeError {
    return signal.aborted ? aborted() : this.#http.failure(error);
  }

  #refused(status: number, headers: Headers, body: Buffer): KubeError {
    const retryAfter = [headers["retry-after"]].flat()[0];
    const answer = { status, retryAfter, body: body.toString("utf8") };
    // A kubelet explains itself in plain words, where an API server sends an object.
    const words = answer.body.trim();
    const failed = answerFailure(answer, this.#options.clock);
    if (words === "" || words.startsWith("{")) return this.#http.failure(failed);
    const { reason, retry, retryAfterMs } = failed;
    const message = words.slice(0, limits.messageCharsMax);
    return this.#http.failure(new KubeError(message, { status, reason, retry, retryAfterMs }));
  }
}

/** The base path of a cluster is a border that a path with dots would cross on the way, wherever it is made shorter. */
function refuseDotSegments(path: string): void {
  const isPlain =
    path.startsWith("/") &&
    !/[\s\\?#]/.test(path) &&
    path.split("/").every((segment) => !isDots(segment));
  if (isPlain) return;
  throw new KubeError("the path leads out of the cluster, or is none", {
    status: 400,
    reason: "BadRequest",
    retry: false,
  });
}

/** Encoded once or twice, too: a gateway in between may decode it, whatever else in the segment can be decoded or not. */
function isDots(segment: string): boolean {
  let text = segment;
  for (let round = 0; round < 3; round += 1) {
    if (text.split(/[/\\]/).some((part) => part === "." || part === "..")) return true;
    text = text.replace(/%(?:25|2e|2f|5c)/gi, (code) => decodeURIComponent(code));
  }
  return false;
}

function tooManyStreams(): KubeError {
  return new KubeError(`more than ${limits.kubeStreamsMax} streams on one cluster`, {
    status: 0,
    reason: "TooManyStreams",
    retry: true,
  });
}
