import jwt from "jsonwebtoken";
import { Type, type Static } from "typebox";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import { foreignUser } from "./identity-name.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import { foreignTokenId } from "./token-id.ts";
import type { Credential, User } from "./user.ts";

/** One issuer of OpenID Connect whose tokens are taken. */
export const OidcSchema = Type.Object(
  {
    issuer: Type.String({
      pattern: "^https?://[^?#\\s]+$",
      description: "as its tokens name it, such as https://keycloak.example/realms/krake",
    }),
    audience: Type.String({ minLength: 1, description: "whom its tokens must be meant for" }),
    user_claim: Type.String({
      default: "preferred_username",
      minLength: 1,
      description: "the claim with the name of the user",
    }),
    groups_claim: Type.String({
      default: "groups",
      minLength: 1,
      description: "the claim with the groups",
    }),
    user_prefix: Type.String({ default: "", description: "put before every name" }),
    groups_prefix: Type.String({ default: "", description: "put before every group" }),
    allow_system_names: Type.Boolean({
      default: false,
      description: "whether it may name users and groups that begin with system:",
    }),
    device_client_id: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "the public client by which `rok login` logs people in (RFC 8628); its ID tokens are taken beside those " +
          "that are meant for the audience",
      }),
    ),
    device_scopes: Type.Array(Type.String({ pattern: "^[\\x21\\x23-\\x5B\\x5D-\\x7E]+$" }), {
      default: ["openid", "profile", "offline_access"],
      description: "what `rok login` asks for",
    }),
  },
  { additionalProperties: false },
);
export type OidcConfig = Static<typeof OidcSchema>;

interface Verified {
  readonly user: User;
  /** Seconds. */
  readonly end: number;
  readonly generation: number;
}

/** Tokens of an issuer of OpenID Connect: RS256 and ES256, issuer, audience and times checked, claims read. */
export class OidcIssuer {
  readonly #config: OidcConfig;
  readonly #clock: Clock;
  readonly #keys: IssuerKeys;
  readonly #verified = new Map<string, Verified>();

  constructor(config: OidcConfig, parts: { readonly clock: Clock; readonly log: Log }) {
    this.#config = config;
    this.#clock = parts.clock;
    this.#keys = new IssuerKeys(config.issuer, parts);
  }

  /**
   * The user of a token, the same object as long as it is remembered; `undefined` when it does not say that it is of this
   * issuer. `Unauthenticated` when it does and is not good, `Unavailable` when the issuer's keys cannot be had.
   */
  async userOf(token: string): Promise<User | undefined> {
    const known = this.#verified.get(token);
    if (known) {
      await this.#keys.refreshOld();
      if (known.generation === this.#keys.generation && known.end > this.#seconds()) {
        return known.user;
      }
      this.#verified.delete(token);
    }
    const decoded = decode(token);
    if (decoded?.payload.iss !== this.#config.issuer) return undefined;
    const verified = await this.#check(token, decoded.header);
    if (this.#verified.size >= limits.verifiedTokensMax) this.#verified.clear();
    this.#verified.set(token, verified);
    return verified.user;
  }

  async #check(token: string, header: jwt.JwtHeader): Promise<Verified> {
    const { issuer, audience, device_client_id: client } = this.#config;
    const key = await this.#keys.find(header.kid, header.alg);
    if (!key) throw failure("Unauthenticated", "the token is signed with an unknown key");
    const { generation } = this.#keys;
    let claims: Readonly<Record<string, unknown>>;
    try {
      claims = jwt.verify(token, key.key, {
        algorithms: [key.algorithm],
        issuer,
        audience: client === undefined ? audience : [audience, client],
        clockTolerance: limits.clockSkewSeconds,
        clockTimestamp: this.#seconds(),
      }) as jwt.JwtPayload;
    } catch (error) {
      throw failure("Unauthenticated", reasonOf(error));
    }
    const { exp, iat } = claims;
    if (typeof exp !== "number") throw failure("Unauthenticated", "the token has no end (exp)");
    const end = exp + limits.clockSkewSeconds;
    const credential = {
      what: "token",
      id: foreignTokenId(token),
      issued: typeof iat === "number" ? iat * 1_000 : -Infinity,
      end: end * 1_000,
    } as const;
    return { user: this.#read(claims, credential), end, generation };
  }

  #read(claims: Readonly<Record<string, unknown>>, credential: Credential): User {
    const config = this.#config;
    const name = claims[config.user_claim];
    if (typeof name !== "string" || name === "") {
      throw failure(
        "Unauthenticated",
        `the token has no claim ${config.user_claim} that is a text`,
      );
    }
    if (config.user_claim === "email" && claims["email_verified"] !== true) {
      throw failure("Unauthenticated", "the address of the token (email) is not verified");
    }
    const listed = claims[config.groups_claim] ?? [];
    const groups = [listed].flat() as readonly unknown[];
    if (!groups.every((group) => typeof group === "string")) {
      throw failure("Unauthenticated", `the token's ${config.groups_claim} are no list of texts`);
    }
    return foreignUser("the token", {
      name: `${config.user_prefix}${name}`,
      groups: groups.map((group) => `${config.groups_prefix}${group}`),
      allowSystemNames: config.allow_system_names,
      credential,
    });
  }

  #seconds(): number {
    return Math.floor(this.#clock.now() / 1_000);
  }
}

function decode(
  token: string,
): { readonly header: jwt.JwtHeader; readonly payload: jwt.JwtPayload } | undefined {
  if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) return undefined;
  try {
    const decoded = jwt.decode(token, { complete: true });
    if (!decoded || typeof decoded.payload === "string") return undefined;
    return { header: decoded.header, payload: decoded.payload };
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof jwt.TokenExpiredError) return "the token has expired";
  if (error instanceof jwt.NotBeforeError) return "the token is not valid yet";
  const isAudience = error instanceof Error && error.message.includes("audience");
  return isAudience ? "the token is meant for somebody else (audience)" : "the token is not valid";
}
