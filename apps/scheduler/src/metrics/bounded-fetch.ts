import { Agent, request, type Dispatcher } from "undici";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/** One request to a provider; `ca` is the PEM text of those who may vouch for it, instead of the usual authorities. */
export interface Outbound {
  readonly url: string;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly ca?: string | undefined;
}

export interface Answer {
  /** Whom it is from, for messages. */
  readonly host: string;
  readonly status: number;
  readonly text: string;
}

/** One request with everything about it bounded. Whatever the status of the answer is, it is handed on. */
export type BoundedFetch = (outbound: Outbound, signal: AbortSignal) => Promise<Answer>;

/**
 * The only way to a URL that a user gave: hosts from the list, no redirects, a limit on time and size.
 * `allowedHosts` holds host names, `*.suffix`, or `*` for any.
 */
export function boundedFetch(allowedHosts: readonly string[]): {
  readonly send: BoundedFetch;
  readonly close: () => Promise<void>;
} {
  const agents = new Agents();
  const send: BoundedFetch = async ({ url, method, headers, body, ca }, signal) => {
    const { hostname, host } = new URL(url);
    if (!allowedHosts.some((pattern) => matches(pattern, hostname))) {
      throw failure("Forbidden", `metrics may not be fetched from ${hostname} (allowed_hosts)`);
    }
    const answer = await request(url, {
      dispatcher: agents.of(ca),
      signal,
      method: method ?? "GET",
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
      headersTimeout: limits.metricsTimeoutMs,
      bodyTimeout: limits.metricsTimeoutMs,
    });
    return { host, status: answer.statusCode, text: await textOf(answer.body, host) };
  };
  return { send, close: () => agents.close() };
}

async function textOf(body: AsyncIterable<Buffer>, host: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limits.metricsAnswerBytesMax) {
      const message = `${host} answered with more than ${limits.metricsAnswerBytesMax} bytes`;
      throw failure("TooLarge", message);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** `Unavailable` when a server refuses the credentials, sends elsewhere, or answers something that is no JSON. */
export function jsonOf({ host, status, text }: Answer): unknown {
  refuseElsewhere({ host, status });
  try {
    return JSON.parse(text);
  } catch {
    throw failure("Unavailable", `${host} answered ${status}, and not with JSON`);
  }
}

/** A server that answers for nobody: it refuses the credentials, or says that somebody else should be asked. */
export function refuseElsewhere({ host, status }: Pick<Answer, "host" | "status">): void {
  if (status === 401 || status === 403) {
    const message = `${host} answered ${status}: the provider's credentials are refused`;
    throw failure("Unavailable", message);
  }
  // Whoever may be asked was chosen by who wrote the provider, and credentials go nowhere else.
  if (status >= 300 && status < 400) {
    throw failure("Unavailable", `${host} answered ${status}: redirects are not followed`);
  }
}

/** Connections are kept for each authority, so that what one provider believes is never believed for another. */
class Agents {
  readonly #byAuthority = new Map<string, Agent>();
  readonly #closing = new Set<Promise<void>>();

  of(ca: string | undefined): Dispatcher {
    const key = ca ?? "";
    const known = this.#byAuthority.get(key);
    this.#byAuthority.delete(key);
    const agent =
      known ??
      new Agent({
        connections: 4,
        connect: { timeout: limits.metricsTimeoutMs, ...(ca === undefined ? {} : { ca }) },
      });
    this.#byAuthority.set(key, agent);
    // The one that was used longest ago is the first of the map.
    const [oldest] = this.#byAuthority;
    if (oldest && this.#byAuthority.size > limits.metricsAuthoritiesMax) this.#end(...oldest);
    return agent;
  }

  async close(): Promise<void> {
    for (const [key, agent] of this.#byAuthority) this.#end(key, agent);
    await Promise.all(this.#closing);
  }

  #end(key: string, agent: Agent): void {
    this.#byAuthority.delete(key);
    const closing = agent.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

function matches(pattern: string, hostname: string): boolean {
  if (pattern === "*") return true;
  return pattern.startsWith("*.") ? hostname.endsWith(pattern.slice(1)) : hostname === pattern;
}
