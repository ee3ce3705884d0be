import { createSecretKey, type KeyObject } from "node:crypto";
import jwt from "jsonwebtoken";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Random } from "@octoplane/shared/random";

/**
 * Bearer tokens that this server signs: JSON Web Tokens (RFC 7519) with HMAC-SHA256. One algorithm, one issuer, one
 * audience: a token that says anything else about itself is forged.
 */
export class TokenSigner {
  readonly #key: KeyObject;
  /** Tokens whose signature was found good, with their end in seconds: a signature does not change its mind. */
  readonly #verified = new Map<string, { readonly user: string; readonly exp: number }>();
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(key: Buffer, clock: Clock, random: Random) {
    if (key.length < 32) throw failure("Invalid", "expected a token key of at least 32 bytes");
    // A key object: given bytes, the library would try to read them as a public key at every call.
    this.#key = createSecretKey(key);
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
    let known = this.#verified.get(token);
    if (!known) {
      known = this.#check(token);
      if (this.#verified.size >= limits.verifiedTokensMax) this.#verified.clear();
      this.#verified.set(token, known);
    }
    if (known.exp > this.#nowSeconds()) return known.user;
    throw failure("Unauthenticated", "the token has expired");
  }

  #check(token: string): { readonly user: string; readonly exp: number } {
    let claims: unknown;
    try {
      const clockTimestamp = this.#nowSeconds();
      claims = jwt.verify(token, this.#key, {
        algorithms: ["HS256"],
        issuer,
        audience,
        clockTimestamp,
      });
    } catch (error) {
      const expired = error instanceof jwt.TokenExpiredError;
      const message = expired ? "the token has expired" : "the token is not valid";
      throw failure("Unauthenticated", message);
    }
    const { sub, exp } = claims as { readonly sub?: unknown; readonly exp?: unknown };
    if (typeof sub !== "string" || sub === "") {
      throw failure("Unauthenticated", "the token names no user");
    }
    return { user: sub, exp: typeof exp === "number" ? exp : Infinity };
  }

  #nowSeconds(): number {
    return Math.floor(this.#clock.now() / 1_000);
  }
}

const issuer = "octoplane";
const audience = "octoplane";
