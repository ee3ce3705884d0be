import { accountGroups, accountUser, isAccountName } from "@octoplane/kinds/service-account";
import { failure } from "@octoplane/shared/errors";
import { namedUser, type AccountClaim, type User } from "./user.ts";

/** What stands in a token of ours (RFC 7519): `iat` with its fraction, so that a moment divides tokens exactly. */
export interface TokenClaims {
  readonly sub: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp?: number;
  readonly service_account?: AccountClaim;
}

/** Whom a token names, and for how long. */
export interface TokenSubject {
  readonly user: string;
  readonly account?: AccountClaim;
  /** Absent: the token does not end by itself. */
  readonly expiresInSeconds?: number;
}

/** `now` is in milliseconds. Pure. */
export function claimsOf(
  subject: TokenSubject,
  made: { readonly id: string; readonly now: number },
): TokenClaims {
  const { user, account, expiresInSeconds } = subject;
  return {
    sub: user,
    jti: made.id,
    iat: made.now / 1_000,
    ...(expiresInSeconds === undefined
      ? {}
      : { exp: Math.floor(made.now / 1_000) + expiresInSeconds }),
    ...(account === undefined ? {} : { service_account: account }),
  };
}

/**
 * The user of a token whose signature is good. `Unauthenticated` for one that lacks what it would be revoked by, or that
 * names a service account without being one of its tokens. Pure.
 */
export function userOfClaims(claims: Readonly<Record<string, unknown>>): User {
  const { sub, jti, iat, exp, service_account: account } = claims;
  if (typeof sub !== "string" || sub === "") throw refusal("the token names no user");
  if (typeof jti !== "string" || jti === "") throw refusal("the token has no id (jti)");
  if (typeof iat !== "number") throw refusal("the token does not tell when it was issued (iat)");
  const end = typeof exp === "number" ? exp * 1_000 : Infinity;
  const credential = { what: "token", id: jti, issued: Math.round(iat * 1_000), end } as const;
  if (account === undefined) {
    if (isAccountName(sub)) throw refusal("the token names a service account and is none of its");
    return namedUser(sub, [], credential);
  }
  const claim = readAccount(account);
  if (!claim || accountUser(claim.namespace, claim.name) !== sub) {
    throw refusal("the token names a service account that is not its user");
  }
  return namedUser(sub, accountGroups(claim.namespace), { ...credential, account: claim });
}

function readAccount(value: unknown): AccountClaim | undefined {
  const { namespace, name, uid } = { ...(value as Readonly<Record<string, unknown>>) };
  const isWhole = [namespace, name, uid].every((part) => typeof part === "string" && part !== "");
  return isWhole ? ({ namespace, name, uid } as AccountClaim) : undefined;
}

function refusal(message: string): Error {
  return failure("Unauthenticated", message);
}
