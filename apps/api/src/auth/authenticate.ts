import { failure } from "@octoplane/shared/errors";
import type { StaticUsers } from "./static-users.ts";
import type { TokenSigner } from "./signed-token.ts";
import { anonymous, type User } from "./user.ts";

export interface Authenticator {
  readonly signer: TokenSigner;
  readonly staticUsers: StaticUsers | undefined;
  readonly allowAnonymous: boolean;
}

/**
 * Who sent a request, by its `Authorization` header. Credentials that are wrong are an error even where anonymous access
 * is allowed: a failed method never falls through to another identity.
 */
export function authenticate(auth: Authenticator, header: string | undefined): User {
  if (header === undefined) {
    if (auth.allowAnonymous) return anonymous;
    throw failure("Unauthenticated", "expected a header Authorization: Bearer <token>");
  }
  // Krake's clients send the token alone, without a word before it.
  const match = /^(?:Bearer +)?(\S+) *$/i.exec(header);
  if (!match) throw failure("Unauthenticated", "expected a header Authorization: Bearer <token>");
  const token = match[1]!;
  const name = auth.staticUsers?.verify(token) ?? auth.signer.verify(token);
  if (name === undefined) throw failure("Unauthenticated", "the token is not valid");
  return { name, isAnonymous: false };
}
