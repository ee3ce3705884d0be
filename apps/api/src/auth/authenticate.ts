import type { Socket } from "node:net";
import { failure } from "@octoplane/shared/errors";
import type { ClientCertificates } from "./client-certificate.ts";
import type { OidcIssuer } from "./oidc.ts";
import type { RawTokens } from "./raw-token.ts";
import type { Standing } from "./standing.ts";
import type { StaticUsers } from "./static-users.ts";
import type { TokenSigner } from "./signed-token.ts";
import type { User } from "./user.ts";

/** The methods that are switched on. */
export interface Authenticator {
  readonly certificates: ClientCertificates | undefined;
  readonly signer: TokenSigner;
  readonly staticUsers: StaticUsers | undefined;
  readonly issuers: readonly OidcIssuer[];
  readonly rawTokens: RawTokens | undefined;
  /** Who somebody is that sends nothing; `undefined` where everybody has to show who they are. */
  readonly withoutCredentials: User | undefined;
  readonly standing: Standing;
}

/**
 * Who sent a request: by the certificate of its connection, else by its `Authorization` header, else whoever sends
 * nothing. Credentials that are wrong are an error even where another method would do: a failed method never falls through
 * to another identity.
 */
export function authenticate(
  auth: Authenticator,
  header: string | undefined,
  socket: Socket,
): User | Promise<User> {
  const certified = auth.certificates?.userOf(socket);
  if (certified) return auth.standing.checked(certified);
  if (header === undefined) {
    if (auth.withoutCredentials) return auth.withoutCredentials;
    throw failure("Unauthenticated", "expected a header Authorization: Bearer <token>");
  }
  // Krake's clients send the token alone, without a word before it.
  const match = /^(?:Bearer +)?(\S+) *$/i.exec(header);
  if (!match) throw failure("Unauthenticated", "expected a header Authorization: Bearer <token>");
  const user = userOfToken(auth, match[1]!);
  return user instanceof Promise ? standingOf(auth, user) : auth.standing.checked(user);
}

async function standingOf(auth: Authenticator, user: Promise<User>): Promise<User> {
  return await auth.standing.checked(await user);
}

/**
 * Whose token it is, whether it was revoked or not. Tokens that we know at once come first: they are never shown to another
 * server. `Unauthenticated` for one that is not good or not known.
 */
export function userOfToken(auth: Authenticator, token: string): User | Promise<User> {
  return auth.signer.userOf(token) ?? auth.staticUsers?.userOf(token) ?? foreign(auth, token);
}

async function foreign(auth: Authenticator, token: string): Promise<User> {
  for (const issuer of auth.issuers) {
    const user = await issuer.userOf(token);
    if (user) return user;
  }
  const user = await auth.rawTokens?.userOf(token);
  if (user) return user;
  throw failure("Unauthenticated", "the token is not valid");
}
