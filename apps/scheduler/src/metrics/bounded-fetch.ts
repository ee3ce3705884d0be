import { Agent, request } from "undici";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/** GET of a JSON document, with everything about it bounded. */
export type BoundedFetch = (url: string, signal: AbortSignal) => Promise<unknown>;

/**
 * The only way to a URL that a user gave: hosts from the list, no redirects, a limit on time and size.
 * `allowedHosts` holds host names, `*.suffix`, or `*` for any.
 */
export function boundedFetch(allowedHosts: readonly string[]): {
  readonly fetchJson: BoundedFetch;
  readonly close: () => Promise<void>;
} {
  const agent = new Agent({ connections: 4, connect: { timeout: limits.metricsTimeoutMs } });
  const fetchJson: BoundedFetch = async (url, signal) => {
    const { hostname, host } = new URL(url);
    if (!allowedHosts.some((pattern) => matches(pattern, hostname))) {
      throw failure("Forbidden", `metrics may not be fetched from ${hostname} (allowed_hosts)`);
    }
    const answer = await request(url, {
      dispatcher: agent,
      signal,
      headersTimeout: limits.metricsTimeoutMs,
      bodyTimeout: limits.metricsTimeoutMs,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limits.metricsAnswerBytesMax) {
        throw failure(
          "TooLarge",
          `${host} answered with more than ${limits.metricsAnswerBytesMax} bytes`,
        );
      }
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString("utf8");
    try {
      return JSON.parse(text);
    } catch {
      throw failure("Unavailable", `${host} answered ${answer.statusCode}, and not with JSON`);
    }
  };
  return { fetchJson, close: () => agent.close() };
}

function matches(pattern: string, hostname: string): boolean {
  if (pattern === "*") return true;
  return pattern.startsWith("*.") ? hostname.endsWith(pattern.slice(1)) : hostname === pattern;
}
