import jwt from "jsonwebtoken";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import type { Random } from "@octoplane/shared/random";

/**
 * Bearer tokens that this server signs: JSON Web Tokens (RFC 7519) with HMAC-SHA256. One algorithm, one issuer, one
 * audience: a token that says anything else about itself is forged.
 */
export class TokenSigner {
  readonly #key: Buffer;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(key: Buffer, clock: Clock, random: Random) {
    if (key.length < 32) throw failure("Invalid", "expected a token key of at least 32 bytes");
    this.#key = key;
    this.#clock = clock;
    this.#random = random;
  }

  /** Without `expiresInSeconds` the token does not expire. */
  sign(user: string, expiresInSeconds?: number): string {
    const iat = Math.floor(this.#clock.now() / 1_000);
    const exp = expiresInSeconds === undefined ? {} : { exp: iat + expiresInSeconds };
    const claims = { sub: user, iat, jti: this.#random.uuid(), ...exp };
    return jwt.sign(claims, this.#key, { algorithm: "HS256", issuer, audience });
  }

  /** The user whom a token names; `undefined` when it is no token of this form at all. */
  verify(token: string): string | undefined {
    if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined;
    try {
      const claims = jwt.verify(token, this.#key, {
        algorithms: ["HS256"],
        issuer,
        audience,
        clockTimestamp: Math.floor(this.#clock.now() / 1_000),
      });
      if (typeof claims === "object" && typeof claims.sub === "string" && claims.sub !== "") {
        return claims.sub;
      }
    } catch (error) {
      const expired = error instanceof jwt.TokenExpiredError;
      throw failure(
        "Unauthenticated",
        expired ? "the token has expired" : "the token is not valid",
      );
    }
    throw failure("Unauthenticated", "the token names no user");
  }
}

const issuer = "octoplane";
const audience = "octoplane";
