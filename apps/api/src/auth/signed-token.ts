import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import jwt from "jsonwebtoken";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Random } from "@octoplane/shared/random";
import { claimsOf, userOfClaims, type TokenSubject } from "./token-claims.ts";
import type { User } from "./user.ts";

interface Key {
  readonly id: string;
  readonly key: KeyObject;
}

interface Verified {
  readonly user: User;
  /** Milliseconds since the epoch. */
  readonly end: number;
}

/** A token that was made just now. */
export interface IssuedToken {
  readonly token: string;
  /** By which it can be revoked. */
  readonly id: string;
  /** Seconds since the epoch; absent when it does not end by itself. */
  readonly exp?: number;
}

/**
 * Bearer tokens that this server signs: JSON Web Tokens (RFC 7519) with HMAC-SHA256. One algorithm, one issuer, one
 * audience: a token that says anything else about itself is forged. The first key signs, all of them verify: to rotate, put
 * a new one in front, and take the old one away when its tokens are to end.
 */
export class TokenSigner {
  #keys: readonly [Key, ...Key[]];
  /** Tokens whose signature was found good, with their end: a signature does not change its mind. */
  readonly #verified = new Map<string, Verified>();
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(keys: Buffer | readonly Buffer[], clock: Clock, random: Random) {
    this.#keys = ringOf([keys].flat());
    this.#clock = clock;
    this.#random = random;
  }

  /** Goes on with other keys: tokens that were signed with one that is no longer there have ended. */
  replaceKeys(keys: readonly Buffer[]): void {
    this.#keys = ringOf(keys);
    this.#verified.clear();
  }

  /** Whether a token is good, and signed with the key that signs now. */
  isNewest(token: string): boolean {
    return this.verify(token) !== undefined && decode(token)?.keyId === this.#keys[0].id;
  }

  /** Without `expiresInSeconds` the token does not expire. */
  sign(user: string, expiresInSeconds?: number): string {
    return this.issue({ user, ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }) })
      .token;
  }

  issue(subject: TokenSubject): IssuedToken {
    const id = this.#random.uuid();
    const claims = claimsOf(subject, { id, now: this.#clock.now() });
    const { id: keyid, key } = this.#keys[0];
    const token = jwt.sign({ ...claims }, key, { algorithm: "HS256", issuer, audience, keyid });
    return { token, id, ...(claims.exp === undefined ? {} : { exp: claims.exp }) };
  }

  /** The name of the user of a token; `undefined` when it does not say that it is one of ours. */
  verify(token: string): string | undefined {
    return this.userOf(token)?.name;
  }

  /**
   * The user whom a token names, the same object every time; `undefined` when it does not say that it is one of ours.
   * `Unauthenticated` when it does, and is not, or is no longer.
   */
  userOf(token: string): User | undefined {
    let known = this.#verified.get(token);
    if (!known) {
      const decoded = /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token) ? decode(token) : undefined;
      if (decoded?.issuer !== issuer) return undefined;
      known = this.#check(token, decoded.keyId);
      if (this.#verified.size >= limits.verifiedTokensMax) this.#verified.clear();
      this.#verified.set(token, known);
    }
    if (known.end > this.#clock.now()) return known.user;
    throw failure("Unauthenticated", "the token has expired");
  }

  #check(token: string, keyId: string | undefined): Verified {
    // The first tokens had no key's name in their head.
    const keys = this.#keys.filter(({ id }) => keyId === undefined || id === keyId);
    let isExpired = false;
    for (const { key } of keys) {
      let claims: unknown;
      try {
        claims = this.#claimsOf(token, key);
      } catch (error) {
        isExpired ||= error instanceof jwt.TokenExpiredError;
        continue;
      }
      return verifiedOf(claims);
    }
    const message = isExpired ? "the token has expired" : "the token is not valid";
    throw failure("Unauthenticated", message);
  }

  #claimsOf(token: string, key: KeyObject): unknown {
    const clockTimestamp = this.#nowSeconds();
    return jwt.verify(token, key, { algorithms: ["HS256"], issuer, audience, clockTimestamp });
  }

  #nowSeconds(): number {
    return Math.floor(this.#clock.now() / 1_000);
  }
}

const issuer = "octoplane";
const audience = "octoplane";

function ringOf(keys: readonly Buffer[]): readonly [Key, ...Key[]] {
  const [first, ...others] = keys.map((bytes) => keyOf(bytes));
  if (!first) throw failure("Invalid", "expected at least one token key");
  return [first, ...others];
}

/** A key object: given bytes, the library would try to read them as a public key at every call. */
function keyOf(bytes: Buffer): Key {
  if (bytes.length < 32) throw failure("Invalid", "expected a token key of at least 32 bytes");
  const id = createHmac("sha256", bytes).update("octoplane token key").digest("base64url");
  return { id: id.slice(0, 16), key: createSecretKey(bytes) };
}

function decode(token: string): { readonly issuer: unknown; readonly keyId?: string } | undefined {
  try {
    const decoded = jwt.decode(token, { complete: true });
    if (!decoded || typeof decoded.payload === "string") return undefined;
    const { kid } = decoded.header;
    return { issuer: decoded.payload.iss, ...(kid === undefined ? {} : { keyId: kid }) };
  } catch {
    return undefined;
  }
}

function verifiedOf(claims: unknown): Verified {
  const user = userOfClaims(claims as Readonly<Record<string, unknown>>);
  return { user, end: user.credential?.end ?? Infinity };
}
