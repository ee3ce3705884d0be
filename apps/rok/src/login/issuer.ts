import { textOf } from "@octoplane/shared/text-of";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/** What is spoken with an issuer of OpenID Connect: bounded, without redirects, and nothing sent is ever told of. */

export type IssuerAnswer = Readonly<Record<string, unknown>>;

export interface Endpoints {
  readonly device: string | undefined;
  readonly token: string;
  /** RFC 7009. */
  readonly revocation: string | undefined;
}

/**
 * Where an issuer takes requests (OpenID Connect Discovery 1.0). `Invalid` when what is found there is about another issuer,
 * or names addresses that cannot be trusted; `Unavailable` when it does not answer.
 */
export async function discover(issuer: string, clock: Clock): Promise<Endpoints> {
  const url = URL.parse(issuer);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw failure("Invalid", `expected the address of an issuer, found ${issuer}`);
  }
  const page = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const { status, json } = await ask(page, undefined, clock);
  if (status !== 200)
    throw failure("Invalid", `there is no issuer at ${issuer} (status ${status})`);
  if (json["issuer"] !== issuer) {
    throw failure("Invalid", `${page} is about issuer ${textOf(json["issuer"])}`);
  }
  const endpoint = (name: string): string | undefined => {
    const value = json[name];
    const found = typeof value === "string" ? URL.parse(value) : null;
    if (!found) return undefined;
    if (found.protocol === "https:" || found.protocol === url.protocol) return found.href;
    throw failure("Invalid", `${page}: ${name} cannot be trusted`);
  };
  const token = endpoint("token_endpoint");
  if (token === undefined) throw failure("Invalid", `${page} names no token_endpoint`);
  return {
    device: endpoint("device_authorization_endpoint"),
    token,
    revocation: endpoint("revocation_endpoint"),
  };
}

/** A POST of a form; `Unavailable` when there is no whole answer. What is no JSON comes as an empty object. */
export async function post(
  url: string,
  form: Readonly<Record<string, string>>,
  clock: Clock,
): Promise<{ readonly status: number; readonly json: IssuerAnswer }> {
  return await ask(url, new URLSearchParams(form).toString(), clock);
}

async function ask(
  url: string,
  form: string | undefined,
  clock: Clock,
): Promise<{ readonly status: number; readonly json: IssuerAnswer }> {
  const late = new AbortController();
  const cancel = clock.after(limits.loginRequestMs, () => late.abort());
  try {
    const response = await fetch(url, {
      method: form === undefined ? "GET" : "POST",
      headers: {
        accept: "application/json",
        ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
      },
      redirect: "manual",
      signal: late.signal,
      ...(form === undefined ? {} : { body: form }),
    });
    return { status: response.status, json: parsed(await boundedText(response)) };
  } catch {
    throw failure("Unavailable", `the issuer at ${new URL(url).host} does not answer`);
  } finally {
    cancel();
  }
}

/** A page for people says nothing that could be read; the status has to do. */
function parsed(text: string): IssuerAnswer {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? (json as IssuerAnswer) : {};
  } catch {
    return {};
  }
}

async function boundedText(response: Response): Promise<string> {
  if (!response.body) return "";
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > limits.loginAnswerBytesMax) throw new Error("too large");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
