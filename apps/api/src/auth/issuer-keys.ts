import { textOf } from "@octoplane/shared/text-of";
import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import type { Clock } from "@octoplane/shared/clock";
import { failure, messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import { ask } from "./outbound.ts";

export interface IssuerKey {
  readonly id: string | undefined;
  readonly algorithm: "RS256" | "ES256";
  readonly key: KeyObject;
}

/**
 * The public keys of an issuer of OpenID Connect (Discovery 1.0, RFC 7517), fetched when first needed and again when they
 * are old or a token names one that is not among them, but not more often than the limit says: tokens with invented key
 * names must not make us a load for the issuer.
 */
export class IssuerKeys {
  readonly #issuer: string;
  readonly #parts: { readonly clock: Clock; readonly log: Log };
  #keys: readonly IssuerKey[] = [];
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  #fetching: Promise<void> | undefined;
  /** Counts how often the keys have changed: what was verified with earlier ones is to be verified again. */
  generation = 0;

  constructor(issuer: string, parts: { readonly clock: Clock; readonly log: Log }) {
    this.#issuer = issuer;
    this.#parts = parts;
  }

  /** The key of this name, or the only one of the algorithm when there is no name. `Unavailable` when none could be had. */
  async find(id: string | undefined, algorithm: string): Promise<IssuerKey | undefined> {
    await this.refreshOld();
    const found = this.#find(id, algorithm);
    if (found) return found;
    await this.#refresh();
    return this.#find(id, algorithm);
  }

  /**
   * Fetches the keys again when they are old, so that one that was taken back does not hold for ever. While there are keys
   * to go on with, nobody waits for that.
   */
  async refreshOld(): Promise<void> {
    const age = (): number => this.#parts.clock.monotonic() - this.#fetchedAt;
    if (age() <= limits.issuerKeysFreshMs) return;
    const refreshed = this.#refresh();
    if (age() <= limits.issuerKeysMostMs) return;
    await refreshed;
    if (age() <= limits.issuerKeysMostMs) return;
    throw failure("Unavailable", `the keys of ${this.#issuer} cannot be fetched`);
  }

  #find(id: string | undefined, algorithm: string): IssuerKey | undefined {
    const fitting = this.#keys.filter((key) => key.algorithm === algorithm);
    if (id === undefined) return fitting.length === 1 ? fitting[0] : undefined;
    return fitting.find((key) => key.id === id);
  }

  async #refresh(): Promise<void> {
    if (this.#fetching) return await this.#fetching;
    const now = this.#parts.clock.monotonic();
    if (now - this.#triedAt < limits.issuerKeysRetryMs) return;
    this.#triedAt = now;
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    await this.#fetching;
  }

  async #fetch(): Promise<void> {
    const { clock, log } = this.#parts;
    try {
      const keys = await fetchKeys(this.#issuer, clock);
      if (!isSame(keys, this.#keys)) this.generation += 1;
      this.#keys = keys;
      this.#fetchedAt = clock.monotonic();
    } catch (error) {
      log.warn({ issuer: this.#issuer, problem: messageOf(error) }, "keys cannot be fetched");
    }
  }
}

async function fetchKeys(issuer: string, clock: Clock): Promise<readonly IssuerKey[]> {
  const discovery = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const { json } = await ask(discovery, {}, clock);
  const { issuer: named, jwks_uri: uri } = { ...(json as Readonly<Record<string, unknown>>) };
  if (named !== issuer) throw failure("Invalid", `${discovery} is about issuer ${textOf(named)}`);
  const url = typeof uri === "string" ? URL.parse(uri) : null;
  if (!url || (url.protocol !== "https:" && url.protocol !== new URL(issuer).protocol)) {
    throw failure("Invalid", `${discovery} names no jwks_uri that can be trusted`);
  }
  const { json: set } = await ask(url.href, {}, clock);
  const { keys } = { ...(set as { readonly keys?: unknown }) };
  if (!Array.isArray(keys)) throw failure("Invalid", `${url.href} holds no keys`);
  return keys.slice(0, limits.issuerKeysMax).flatMap((key: unknown) => readKey(key));
}

/** A key for signatures that we take; others are none of our business. */
function readKey(value: unknown): readonly IssuerKey[] {
  const jwk = { ...(value as JsonWebKey & { readonly kid?: unknown; readonly use?: unknown }) };
  const algorithm =
    jwk.kty === "RSA" ? "RS256" : jwk.kty === "EC" && jwk.crv === "P-256" ? "ES256" : undefined;
  if (!algorithm || (jwk.use !== undefined && jwk.use !== "sig")) return [];
  if (jwk["alg"] !== undefined && jwk["alg"] !== algorithm) return [];
  try {
    // The public part alone, whatever the issuer has published by mistake.
    const { kty, crv, x, y, n, e } = jwk;
    const parts = algorithm === "RS256" ? { kty, n, e } : { kty, crv, x, y };
    const key = createPublicKey({ key: parts as JsonWebKey, format: "jwk" });
    if ((key.asymmetricKeyDetails?.modulusLength ?? 2_048) < 2_048) return [];
    return [{ id: typeof jwk.kid === "string" ? jwk.kid : undefined, algorithm, key }];
  } catch {
    return [];
  }
}

function isSame(one: readonly IssuerKey[], other: readonly IssuerKey[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ id, key }, index) => id === other[index]!.id && key.equals(other[index]!.key))
  );
}
