import { failure } from "@octoplane/shared/errors";
import type { IssuerAnswer } from "./issuer.ts";

/** What an issuer gives for a login or a refresh; the ID token is what is shown to the server. */
export interface Grant {
  readonly token: string;
  readonly refreshToken?: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/**
 * Reads the answer of a token endpoint. The ID token came from the issuer itself, so its signature is left to the server
 * (OpenID Connect Core 1.0, section 3.1.3.7); that it is of this issuer and for this client is checked, so that a mistake
 * shows here. Pure.
 */
export function readGrant(
  answer: IssuerAnswer,
  from: { readonly issuer: string; readonly clientId: string },
): Grant {
  const { id_token: token, refresh_token: refreshToken } = answer;
  if (typeof token !== "string") {
    throw failure("Invalid", `${from.issuer} gives no ID token; the scopes must name openid`);
  }
  const claims = claimsOf(token);
  const audience: readonly unknown[] = [claims?.["aud"]].flat();
  if (claims?.["iss"] !== from.issuer || !audience.includes(from.clientId)) {
    throw failure("Invalid", `${from.issuer} gives an ID token that is not for ${from.clientId}`);
  }
  const { exp } = claims;
  if (typeof exp !== "number") throw failure("Invalid", "the ID token does not tell its end");
  return {
    token,
    expires: exp * 1_000,
    ...(typeof refreshToken === "string" ? { refreshToken } : {}),
  };
}

function claimsOf(token: string): Readonly<Record<string, unknown>> | undefined {
  const [, payload = ""] = token.split(".");
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null
      ? (claims as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
