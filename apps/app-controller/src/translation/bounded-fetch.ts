import { lookup, type LookupAddress, type LookupOptions } from "node:dns";
import { isIP } from "node:net";
import { Agent, request, type Dispatcher } from "undici";
import { linkedAbort } from "@octoplane/shared/abort";
import type { Clock } from "@octoplane/shared/clock";
import { failure, isFailure, messageOf, type OctoplaneError } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { FetchRules } from "./fetch-rules.ts";

/**
 * Fetches what a URL of a user's leads to: http(s) only, to addresses that the rules allow, with a limit on time, size and
 * redirects. What may pass is `Unavailable` or `Timeout`, everything else `Invalid`, `Forbidden` or `TooLarge`; no error
 * tells the user, password or query of a URL.
 */
export type BoundedFetch = (url: string, signal: AbortSignal) => Promise<Uint8Array>;

export interface BoundedFetcher extends AsyncDisposable {
  readonly fetch: BoundedFetch;
}

export function openBoundedFetch(
  rules: FetchRules,
  clock: Clock,
  timeoutMs: number = limits.sourceFetchMs,
): BoundedFetcher {
  const agent = new Agent({
    connect: { timeout: timeoutMs, lookup: checkedLookup(rules) },
  });
  const fetch: BoundedFetch = async (url, signal) => {
    const { controller, release } = linkedAbort(signal, { clock, ms: timeoutMs });
    try {
      return await follow({ agent, rules, signal: controller.signal }, url);
    } catch (error) {
      if (signal.aborted) throw error;
      if (!controller.signal.aborted) throw told(url, error);
      throw failure("Timeout", `${tellable(url)}: ${messageOf(controller.signal.reason)}`);
    } finally {
      release();
    }
  };
  return { fetch, [Symbol.asyncDispose]: () => agent.destroy() };
}

interface Way {
  readonly agent: Dispatcher;
  readonly rules: FetchRules;
  readonly signal: AbortSignal;
}

async function follow(way: Way, text: string): Promise<Uint8Array> {
  const first = addressOf(text, "expected");
  for (let url = first, redirects = 0; ; redirects += 1) {
    const answer = await ask(way, url, first);
    const { location } = answer.headers;
    const isRedirect = answer.statusCode >= 300 && answer.statusCode < 400;
    if (!isRedirect || typeof location !== "string") return await bodyOf(url, answer);
    await answer.body.dump({ limit: 0 });
    if (redirects >= limits.sourceRedirectsMax) {
      throw failure("Invalid", `redirects more than ${limits.sourceRedirectsMax} times`);
    }
    const next = addressOf(
      URL.parse(location, bare(url).href)?.href ?? "",
      "redirects to what is not",
    );
    if (url.protocol === "https:" && next.protocol === "http:") {
      throw failure("Invalid", "redirects from https to http");
    }
    url = next;
  }
}

/** What a host is called in DNS, or the address that it is. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

async function ask(
  { agent, rules, signal }: Way,
  url: URL,
  first: URL,
): Promise<Dispatcher.ResponseData> {
  const host = hostOf(url);
  // Nobody looks up what is an address already.
  if (isIP(host) !== 0 && !rules.isAllowed(host, host)) throw notAllowed(host);
  const authorization = url.origin === first.origin ? credentialsOf(first) : undefined;
  return await request(bare(url), {
    dispatcher: agent,
    signal,
    headers: {
      accept: "application/yaml, application/zip, */*;q=0.5",
      ...(authorization === undefined ? {} : { authorization }),
    },
  });
}

async function bodyOf(url: URL, answer: Dispatcher.ResponseData): Promise<Uint8Array> {
  const { statusCode: status, body } = answer;
  if (status !== 200) {
    await body.dump({ limit: 0 });
    const canPass = status >= 500 || status === 408 || status === 429;
    throw failure(canPass ? "Unavailable" : "Invalid", `${tellable(url.href)} answered ${status}`);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > limits.csarBytesMax) {
      body.destroy();
      throw failure("TooLarge", `answered with more than ${limits.csarBytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

type Done = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** The connection goes to the very address that was checked: a name that means something else a moment later changes nothing. */
function checkedLookup(rules: FetchRules) {
  return (host: string, options: LookupOptions, done: Done): void => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error) return done(error, []);
      const allowed = found.filter(({ address }) => rules.isAllowed(host, address));
      const [first] = allowed;
      if (!first) return done(notAllowed(host), []);
      if (options.all === true) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
}

function notAllowed(host: string): OctoplaneError {
  return failure(
    "Forbidden",
    `${host} is no public address, and not among those that may be fetched from (fetch.allow of the application controller)`,
  );
}

function addressOf(text: string, what: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw failure("Invalid", `${what} an http(s) URL`);
}

function bare(url: URL): URL {
  const copy = new URL(url);
  copy.username = "";
  copy.password = "";
  return copy;
}

function credentialsOf({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const text = [username, password].map((part) => decodeURIComponent(part)).join(":");
  return `Basic ${Buffer.from(text).toString("base64")}`;
}

/** A URL as it may be told: without user, password, query and fragment, where secrets stand. */
function tellable(text: string): string {
  const url = URL.parse(text);
  return url === null ? "the URL" : `${url.protocol}//${url.host}${url.pathname}`;
}

/** What went wrong, with the URL that the user gave. */
function told(text: string, error: unknown): OctoplaneError {
  const url = tellable(text);
  if (isFailure(error)) {
    const { code, message } = error;
    return failure(code, message.startsWith(url) ? message : `${url}: ${message}`);
  }
  // Of what the network says the cause is more than "fetch failed"; several tried addresses have several.
  const causes = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  const words = [...new Set(causes.map((cause) => messageOf(cause)))].join(", ");
  return failure("Unavailable", `${url} cannot be fetched: ${words}`);
}
