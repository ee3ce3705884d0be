import { pause, type Clock } from "@octoplane/shared/clock";
import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { readGrant, type Grant } from "./grant.ts";
import { discover, post, type IssuerAnswer } from "./issuer.ts";

/** The device authorization grant (RFC 8628): somebody logs in with a browser, here or on another machine. */

export interface LoginClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
}

/** What the person is shown. */
export interface DevicePrompt {
  readonly code: string;
  readonly address: string;
  /** The same with the code in it, when the issuer makes one. */
  readonly complete?: string;
}

/**
 * Asks for a code, shows it, and waits until somebody has used it. `Unauthenticated` when that is refused, `Timeout` when
 * the code ends before; a question that is not answered is asked again, more slowly.
 */
export async function deviceLogin(
  client: LoginClient,
  show: (prompt: DevicePrompt) => void,
  clock: Clock,
): Promise<Grant> {
  const { issuer, clientId } = client;
  const endpoints = await discover(issuer, clock);
  if (endpoints.device === undefined) {
    throw failure("Invalid", `${issuer} knows no login from devices (RFC 8628)`);
  }
  const asked = { client_id: clientId, scope: client.scopes.join(" ") };
  const { status, json } = await post(endpoints.device, asked, clock);
  if (status !== 200) throw refusal(issuer, json);
  const code = readDeviceCode(issuer, json);
  show(code.prompt);
  const end = clock.monotonic() + code.seconds * 1_000;
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    device_code: code.deviceCode,
    client_id: clientId,
  };
  for (let everyMs = code.everyMs; ;) {
    await pause(clock, everyMs);
    if (clock.monotonic() > end) throw failure("Timeout", "nobody has logged in in time");
    const answer = await postPatiently(endpoints.token, form, clock);
    if (answer?.status === 200) return readGrant(answer.json, client);
    const error = answer?.json["error"];
    if (answer === undefined || error === "slow_down") everyMs += limits.loginSlowDownMs;
    else if (error !== "authorization_pending") throw refusal(issuer, answer.json);
  }
}

/** `undefined` when there was no answer: the person may still be at it. */
async function postPatiently(
  url: string,
  form: Readonly<Record<string, string>>,
  clock: Clock,
): Promise<Awaited<ReturnType<typeof post>> | undefined> {
  try {
    const answer = await post(url, form, clock);
    return answer.status >= 500 ? undefined : answer;
  } catch (error) {
    if (isFailure(error, "Unavailable")) return undefined;
    throw error;
  }
}

/** `undefined` when the issuer takes the refresh token no more. */
export async function refreshLogin(
  client: Pick<LoginClient, "issuer" | "clientId">,
  refreshToken: string,
  clock: Clock,
): Promise<Grant | undefined> {
  const { token } = await discover(client.issuer, clock);
  const form = {
    grant_type: "refresh_token",
    refresh_token: refreshToken,
    client_id: client.clientId,
  };
  const { status, json } = await post(token, form, clock);
  if (status === 200) return readGrant(json, client);
  if (json["error"] === "invalid_grant") return undefined;
  if (status >= 500) throw failure("Unavailable", `${client.issuer} answers with status ${status}`);
  throw refusal(client.issuer, json);
}

/** Tells the issuer that a refresh token is not needed any more (RFC 7009), if it wants to know. */
export async function endLogin(
  client: Pick<LoginClient, "issuer" | "clientId">,
  refreshToken: string,
  clock: Clock,
): Promise<void> {
  const { revocation } = await discover(client.issuer, clock);
  if (revocation === undefined) return;
  const form = {
    token: refreshToken,
    token_type_hint: "refresh_token",
    client_id: client.clientId,
  };
  const { status, json } = await post(revocation, form, clock);
  if (status !== 200) throw refusal(client.issuer, json);
}

function readDeviceCode(issuer: string, json: IssuerAnswer) {
  const text = (name: string): string | undefined => {
    const value = json[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const seconds = (name: string): number | undefined => {
    const value = json[name];
    return typeof value === "number" && value > 0 ? value : undefined;
  };
  const [deviceCode, code, address] = [
    text("device_code"),
    text("user_code"),
    text("verification_uri"),
  ];
  const expires = seconds("expires_in");
  if (!deviceCode || !code || !address || expires === undefined) {
    throw failure("Invalid", `${issuer} gives no code to log in with`);
  }
  const complete = text("verification_uri_complete");
  const every = seconds("interval");
  return {
    deviceCode,
    prompt: { code, address, ...(complete === undefined ? {} : { complete }) },
    seconds: expires,
    everyMs: every === undefined ? limits.loginPollMs : every * 1_000,
  };
}

/** RFC 6749, section 5.2; what an issuer says in words is repeated. */
function refusal(issuer: string, json: IssuerAnswer): Error {
  const { error, error_description: words } = json;
  if (error === "expired_token") return failure("Timeout", "nobody has logged in in time");
  const reason = [error, words].filter((part) => typeof part === "string").join(": ");
  if (error === "access_denied") {
    return failure("Unauthenticated", `the login was refused at ${issuer}`);
  }
  return failure("Invalid", `${issuer} refuses (${reason === "" ? "no reason given" : reason})`);
}
