import { join } from "node:path";
import { freePort } from "../free-port.ts";
import type { Json } from "../rest.ts";
import { ServerProcess } from "./server-process.ts";
import { findSoftware } from "./software.ts";

const admin = { username: "admin", password: "the administrator's" };

/** What a realm is made with. */
export interface RealmOptions {
  readonly name: string;
  /** Seconds that an access token holds; 300 when left out. */
  readonly tokenLifespan?: number;
  /** Whom the tokens are meant for. */
  readonly audience: string;
  readonly users: readonly {
    readonly name: string;
    readonly password: string;
    readonly groups: readonly string[];
  }[];
}

export interface Login {
  readonly realm: string;
  readonly username: string;
  readonly password: string;
  /** `openid` when left out. */
  readonly scope?: string;
}

/** What a login gave. */
export interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

/** The public client that users log in with, in every realm that `addRealm` makes. */
const clientId = "command-line";

/** A real Keycloak that keeps everything in memory, for tests. */
export class Keycloak implements AsyncDisposable {
  readonly #process: ServerProcess;
  readonly address: string;

  private constructor(process: ServerProcess, address: string) {
    this.#process = process;
    this.address = address;
  }

  static async start(): Promise<Keycloak> {
    const server = new ServerProcess("keycloak");
    try {
      const port = await freePort();
      const address = `http://127.0.0.1:${port}`;
      const program = join(findSoftware("keycloak")!, "keycloak/bin/kc.sh");
      const settings = ["--http-host=127.0.0.1", `--http-port=${port}`, "--db=dev-mem"];
      await server.start("bash", [program, "start-dev", ...settings], {
        env: {
          ...process.env,
          KC_BOOTSTRAP_ADMIN_USERNAME: admin.username,
          KC_BOOTSTRAP_ADMIN_PASSWORD: admin.password,
        },
        probe: async () => {
          const answer = await fetch(`${address}/realms/master`).catch(() => undefined);
          return answer?.ok || undefined;
        },
      });
      return new Keycloak(server, address);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** How the tokens of a realm name who issued them. */
  issuer(realm: string): string {
    return `${this.address}/realms/${realm}`;
  }

  /** Makes a realm whose tokens have an audience and a claim `groups`, and its users and groups. */
  async addRealm(options: RealmOptions): Promise<void> {
    const groups = [...new Set(options.users.flatMap((user) => user.groups))];
    const mapper = (name: string, protocolMapper: string, config: object) => ({
      name,
      protocol: "openid-connect",
      protocolMapper,
      config: { "access.token.claim": "true", ...config },
    });
    await this.call("POST", "", {
      realm: options.name,
      enabled: true,
      accessTokenLifespan: options.tokenLifespan ?? 300,
      groups: groups.map((name) => ({ name })),
      clients: [
        {
          clientId,
          publicClient: true,
          directAccessGrantsEnabled: true,
          protocolMappers: [
            mapper("audience", "oidc-audience-mapper", {
              "included.custom.audience": options.audience,
            }),
            mapper("groups", "oidc-group-membership-mapper", {
              "claim.name": "groups",
              "full.path": "false",
            }),
          ],
        },
      ],
      users: options.users.map(({ name, password, groups: memberOf }) => ({
        username: name,
        enabled: true,
        // Keycloak lets nobody log in whose profile is not complete.
        email: `${name.replaceAll(":", ".")}@example.org`,
        emailVerified: true,
        firstName: name,
        lastName: name,
        groups: memberOf.map((group) => `/${group}`),
        credentials: [{ type: "password", value: password, temporary: false }],
      })),
    });
  }

  async login({ realm, username, password, scope = "openid" }: Login): Promise<Tokens> {
    const grant = { grant_type: "password", scope, username, password };
    return await this.#grant(realm, { ...grant, client_id: clientId });
  }

  /** Ends the session that a login began. */
  async logout(realm: string, tokens: Tokens): Promise<void> {
    const body = new URLSearchParams({ client_id: clientId, refresh_token: tokens.refresh });
    const answer = await fetch(`${this.#protocol(realm)}/logout`, { method: "POST", body });
    if (!answer.ok) throw new Error(`logout: ${answer.status} ${await answer.text()}`);
  }

  /** Signs the next tokens of a realm with a new key, and takes the earlier ones back if asked to. */
  async rotateKeys(realm: string, options: { readonly forget: boolean }): Promise<void> {
    const provider = "org.keycloak.keys.KeyProvider";
    const found = await this.call("GET", `/${realm}/components?type=${provider}`);
    const earlier = (found as readonly Json[]).filter(
      ({ providerId }) => providerId === "rsa-generated",
    );
    await this.call("POST", `/${realm}/components`, {
      name: `rsa-${earlier.length + 1}`,
      providerId: "rsa-generated",
      providerType: provider,
      config: { priority: ["1000"], keySize: ["2048"], algorithm: ["RS256"] },
    });
    if (!options.forget) return;
    for (const { id } of earlier) await this.call("DELETE", `/${realm}/components/${id}`);
  }

  /** One request to the administration of realms; an error when it is refused. */
  async call(method: string, path: string, body?: object): Promise<Json> {
    const grant = { grant_type: "password", client_id: "admin-cli", ...admin };
    const { access } = await this.#grant("master", grant);
    const answer = await fetch(`${this.address}/admin/realms${path}`, {
      method,
      headers: { authorization: `Bearer ${access}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  #protocol(realm: string): string {
    return `${this.issuer(realm)}/protocol/openid-connect`;
  }

  async #grant(realm: string, form: Readonly<Record<string, string>>): Promise<Tokens> {
    const body = new URLSearchParams(form);
    const answer = await fetch(`${this.#protocol(realm)}/token`, { method: "POST", body });
    const json: Json = await answer.json();
    if (!answer.ok) throw new Error(`login: ${answer.status} ${JSON.stringify(json)}`);
    return { access: json.access_token, refresh: json.refresh_token };
  }
}
