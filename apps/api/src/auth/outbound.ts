import { linkedAbort } from "@octoplane/shared/abort";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

export interface Outbound {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams;
}

export interface OutboundAnswer {
  readonly status: number;
  /** `undefined` when the answer is no JSON. */
  readonly json: unknown;
}

/**
 * One request to a server that tells who somebody is: bounded in time and size, and without following redirects, which could
 * lead anywhere. `Unavailable` when there is no whole answer. Messages name the host and never what was sent.
 */
export async function ask(
  url: string,
  outbound: Outbound,
  clock: Clock,
  closing?: AbortSignal,
): Promise<OutboundAnswer> {
  const { controller, release } = linkedAbort(closing);
  const cancel = clock.after(limits.identityServerMs, () => controller.abort());
  try {
    const response = await fetch(url, {
      method: outbound.method ?? "GET",
      headers: { accept: "application/json", ...outbound.headers },
      redirect: "manual",
      signal: controller.signal,
      ...(outbound.body === undefined ? {} : { body: outbound.body }),
    });
    return { status: response.status, json: parse(await textOf(response)) };
  } catch {
    throw failure("Unavailable", `${new URL(url).host}, which knows the users, does not answer`);
  } finally {
    cancel();
    release();
  }
}

async function textOf(response: Response): Promise<string> {
  if (!response.body) return "";
  const parts: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels what is still to come.
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > limits.identityAnswerBytesMax) throw failure("TooLarge", "the answer is too large");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
