import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Io } from "../io.ts";
import { changeLogin, readLogin, type StoredLogin } from "./credentials-file.ts";
import { refreshLogin } from "./device-login.ts";

/**
 * The token of a login, refreshed when it is about to end. A refresh token is good for one use with most issuers: only one
 * process at a time refreshes, and the others find what it got. `Unauthenticated` when the login is over.
 */
export async function freshToken(
  path: string,
  login: StoredLogin,
  io: Pick<Io, "clock">,
): Promise<string> {
  const left = ({ expires }: StoredLogin): number => expires - io.clock.now();
  if (left(login) > limits.loginRefreshMs) return login.token;
  try {
    const fresh = await changeLogin(path, login, io, async (current) => {
      if (!current || left(current) > limits.loginRefreshMs) return current;
      return await refreshed(current, io);
    });
    if (!fresh) throw failure("Unauthenticated", over(login));
    return fresh.token;
  } catch (error) {
    // While the issuer does not answer, what is left of the token's time can be used.
    if (isFailure(error, "Unavailable") && left(login) > 0) return login.token;
    // A refresh token that is spent was spent by somebody, who may have kept what they got.
    const later = await readLogin(path, login);
    if (later && later.token !== login.token && left(later) > 0) return later.token;
    throw error;
  }
}

async function refreshed(login: StoredLogin, io: Pick<Io, "clock">): Promise<StoredLogin> {
  const { refresh_token: refreshToken, issuer, client_id: clientId } = login;
  const grant =
    refreshToken === undefined
      ? undefined
      : await refreshLogin({ issuer, clientId }, refreshToken, io.clock);
  if (!grant) {
    if (login.expires > io.clock.now()) return login;
    throw failure("Unauthenticated", over(login));
  }
  const next = grant.refreshToken ?? refreshToken;
  return {
    ...login,
    token: grant.token,
    expires: grant.expires,
    ...(next === undefined ? {} : { refresh_token: next }),
  };
}

function over({ issuer }: StoredLogin): string {
  return `the login at ${issuer} is over; log in again with "rok login"`;
}
