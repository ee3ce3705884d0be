import { linkedAbort } from "@octoplane/shared/abort";
import { failure, isFailure, messageOf, type OctoplaneError } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Io } from "../io.ts";
import { wholeText } from "./whole-text.ts";

export function isAddress(path: string): boolean {
  return /^https?:\/\//i.test(path);
}

/**
 * An address as it may be told: without user, password, query and fragment, where secrets stand.
 * What is no address is told as the word it is not.
 */
export function tellableAddress(address: string): string {
  const url = URL.parse(address);
  return url === null ? "the address" : `${url.protocol}//${url.host}${url.pathname}`;
}

/**
 * The text at an http(s) address, fetched by this machine with the right of its user. A user and a
 * password in the address are sent by Basic authentication, to its own origin only. `Unavailable`,
 * `Timeout` or `Invalid`, never with more of the address than may be told.
 */
export async function fetchText(address: string, io: Pick<Io, "clock" | "stop">): Promise<string> {
  const first = URL.parse(address);
  if (first === null) throw failure("Invalid", "expected a valid http(s) address");
  const told = tellableAddress(address);
  const limit = { clock: io.clock, ms: limits.rokSourceFetchMs };
  const { controller, release } = linkedAbort(io.stop, limit);
  try {
    const response = await follow(first, controller.signal);
    if (!response.ok) {
      await response.body?.cancel();
      throw refusal(told, response);
    }
    const text = response.body === null ? "" : await wholeText(told, response.body);
    const isPage =
      /^text\/html\b|^application\/xhtml/i.test(response.headers.get("content-type") ?? "") ||
      /^\s*<(?:!doctype\s+html|html)\b/i.test(text);
    if (!isPage) return text;
    throw failure(
      "Invalid",
      `${told} answered with an HTML page, not with a manifest; give the address of the file itself (its "raw" form)`,
    );
  } catch (error) {
    if (isFailure(error)) throw error;
    if (controller.signal.aborted) {
      throw failure("Timeout", `${told}: ${messageOf(controller.signal.reason)}`);
    }
    throw failure("Unavailable", `${told} cannot be fetched: ${reasonOf(error)}`);
  } finally {
    release();
  }
}

async function follow(first: URL, signal: AbortSignal): Promise<Response> {
  const authorization = credentialsOf(first);
  for (let url = first, redirects = 0; ; redirects += 1) {
    const headers = {
      accept: "application/yaml, application/json, text/plain, */*;q=0.5",
      ...(authorization !== undefined && url.origin === first.origin ? { authorization } : {}),
    };
    const response = await fetch(withoutCredentials(url), { headers, signal, redirect: "manual" });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) return response;
    await response.body?.cancel();
    if (redirects >= limits.rokSourceRedirectsMax) {
      throw failure(
        "Invalid",
        `${tellableAddress(first.href)} redirects more than ${limits.rokSourceRedirectsMax} times`,
      );
    }
    url = nextAddress(first, url, location);
  }
}

function nextAddress(first: URL, from: URL, location: string): URL {
  const to = URL.parse(location, withoutCredentials(from).href);
  const told = tellableAddress(first.href);
  if (to === null || !isAddress(to.href)) {
    throw failure("Invalid", `${told} redirects to what is no http(s) address`);
  }
  if (from.protocol === "https:" && to.protocol === "http:") {
    throw failure("Invalid", `${told} redirects from https to http`);
  }
  return to;
}

function credentialsOf({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(text).toString("base64")}`;
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  return bare;
}

function refusal(told: string, { status, statusText }: Response): OctoplaneError {
  const answer = `${told} answered ${status}${statusText === "" ? "" : ` ${statusText}`}`;
  return failure(status >= 500 ? "Unavailable" : "Invalid", answer);
}

/** Of a failed fetch the cause tells more than "fetch failed". */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}
