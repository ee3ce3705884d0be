import { createHash } from "node:crypto";

/**
 * The id of a token that we did not make, by which it can be revoked: `sha256:` and the hash of what it says. Of a JSON Web
 * Token that is everything but the signature, which can be written in more than one way (RFC 7518, section 3.4).
 */
export function foreignTokenId(token: string): string {
  const said = /^([\w-]+\.[\w-]+)\.[\w-]*$/.exec(token)?.[1] ?? token;
  return `sha256:${createHash("sha256").update(said).digest("hex")}`;
}
