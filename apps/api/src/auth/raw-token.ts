import { createHash } from "node:crypto";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { foreignUser } from "./identity-name.ts";
import { ask } from "./outbound.ts";
import type { User } from "./user.ts";

/** Asks one server whose token this is: a name, or `undefined` when it does not know the token. */
export type NameOf = (token: string) => Promise<string | undefined>;

/** Keystone's API v3, "validate and show information for token", with the token as its own warrant (as in Krake). */
export function keystone(endpoint: string, clock: Clock): NameOf {
  return async (token) => {
    const headers = { "x-auth-token": token, "x-subject-token": token };
    const { status, json } = await ask(`${endpoint}/auth/tokens`, { headers }, clock);
    const answer = json as { readonly token?: { readonly user?: { readonly name?: unknown } } };
    return nameIn("Keystone", status, answer?.token?.user?.name);
  };
}

/** The user info endpoint of a realm of Keycloak; `basePath` is `/auth` before Keycloak 17, as in Krake. */
export function keycloak(
  settings: { readonly endpoint: string; readonly realm: string; readonly base_path: string },
  clock: Clock,
): NameOf {
  const { endpoint, realm, base_path: basePath } = settings;
  const path = `${basePath}/realms/${encodeURIComponent(realm)}/protocol/openid-connect/userinfo`;
  return async (token) => {
    const body = new URLSearchParams({ access_token: token });
    const { status, json } = await ask(`${endpoint}${path}`, { method: "POST", body }, clock);
    const answer = json as { readonly preferred_username?: unknown } | null | undefined;
    return nameIn("Keycloak", status, answer?.preferred_username);
  };
}

function nameIn(server: string, status: number, name: unknown): string | undefined {
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) return undefined;
  if (status === 200 && typeof name === "string") return name;
  throw failure("Unavailable", `${server} did not tell whose token this is (status ${status})`);
}

interface Known {
  readonly user: User | undefined;
  readonly until: number;
}

/**
 * Tokens that say nothing themselves: the servers are asked one after the other, and the answer holds for a short time. What
 * a server fails to tell is `Unavailable` and is not asked of the next one. Tokens are remembered by their hash.
 */
export class RawTokens {
  readonly #servers: readonly NameOf[];
  readonly #allowSystemNames: boolean;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<User | undefined>>();

  constructor(servers: readonly NameOf[], allowSystemNames: boolean, clock: Clock) {
    this.#servers = servers;
    this.#allowSystemNames = allowSystemNames;
    this.#clock = clock;
  }

  async userOf(token: string): Promise<User | undefined> {
    const key = createHash("sha256").update(token).digest("base64");
    const known = this.#known.get(key);
    if (known && known.until > this.#clock.monotonic()) return known.user;
    let asking = this.#asking.get(key);
    if (!asking) {
      if (this.#asking.size >= limits.identityRequestsMax) {
        throw failure("Unavailable", "too many tokens are being checked at once");
      }
      asking = this.#ask(key, token).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    return await asking;
  }

  async #ask(key: string, token: string): Promise<User | undefined> {
    let name: string | undefined;
    for (const server of this.#servers) {
      name = await server(token);
      if (name !== undefined) break;
    }
    const allowSystemNames = this.#allowSystemNames;
    // What the servers tell says neither when a token was issued nor when it ends, and they may know one token by more
    // than one text (Keystone's by many), so it has no id: they end it, or a revocation of its user does.
    const credential = { what: "token", issued: -Infinity, end: Infinity } as const;
    const user =
      name === undefined
        ? undefined
        : foreignUser("the token", { name, groups: [], allowSystemNames, credential });
    const until = this.#clock.monotonic() + (user ? limits.foreignUserMs : limits.foreignTokenMs);
    if (this.#known.size >= limits.verifiedTokensMax) this.#known.clear();
    this.#known.set(key, { user, until });
    return user;
  }
}
