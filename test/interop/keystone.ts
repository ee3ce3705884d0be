import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Json } from "../rest.ts";
import { run } from "./install.ts";
import { ServerProcess } from "./server-process.ts";
import { findSoftware } from "./software.ts";

export interface KeystoneUser {
  readonly name: string;
  readonly password: string;
  readonly project: string;
  /** `Default` when left out. */
  readonly domain?: string;
}

/** A real Keystone over SQLite, for tests. */
export class Keystone implements AsyncDisposable {
  readonly #process: ServerProcess;
  /** With the version of its API, as Octoplane's settings want it. */
  readonly endpoint: string;
  readonly #admin: KeystoneUser;

  private constructor(process: ServerProcess, endpoint: string, admin: KeystoneUser) {
    this.#process = process;
    this.endpoint = endpoint;
    this.#admin = admin;
  }

  static async start(): Promise<Keystone> {
    const server = new ServerProcess("keystone");
    try {
      const password = "the administrator's";
      const bin = join(findSoftware("keystone")!, "bin");
      const settings = writeSettings(server.folder);
      await setUp(join(bin, "keystone-manage"), settings, password);
      const port = await server.start(
        join(bin, "python"),
        [join(import.meta.dirname, "keystone-server.py")],
        {
          env: { ...process.env, OS_KEYSTONE_CONFIG_FILES: settings },
          probe: () => /serves on port (\d+)/.exec(server.output)?.[1],
        },
      );
      const admin = { name: "admin", password, project: "admin" };
      return new Keystone(server, `http://127.0.0.1:${port}/v3`, admin);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Makes a user who is a member of a project, and the project and the domain that it lacks. */
  async addUser(user: KeystoneUser): Promise<{ readonly id: string }> {
    const domain = await this.#domain(user.domain ?? "Default");
    const project = await this.#findOrMake("project", { name: user.project, domain_id: domain });
    const { name, password } = user;
    const made = await this.#findOrMake("user", { name, password, domain_id: domain });
    const role = await this.#findOrMake("role", { name: "member" });
    await this.call("PUT", `/projects/${project}/users/${made}/roles/${role}`);
    return { id: made };
  }

  /** A token of a user for their project. */
  async login(user: KeystoneUser): Promise<string> {
    const domain = { name: user.domain ?? "Default" };
    const { name, password } = user;
    const answer = await fetch(`${this.endpoint}/auth/tokens`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        auth: {
          identity: { methods: ["password"], password: { user: { name, password, domain } } },
          scope: { project: { name: user.project, domain } },
        },
      }),
    });
    const token = answer.headers.get("x-subject-token");
    if (answer.status !== 201 || token === null) {
      throw new Error(`${name} cannot log in: ${answer.status} ${await answer.text()}`);
    }
    return token;
  }

  /** The end of a token, before its time. */
  async revoke(token: string): Promise<void> {
    await this.call("DELETE", "/auth/tokens", { subject: token });
  }

  /** One request as the administrator; an error when it is refused. */
  async call(
    method: string,
    path: string,
    options: { readonly body?: object; readonly subject?: string } = {},
  ): Promise<Json> {
    const answer = await fetch(`${this.endpoint}${path}`, {
      method,
      headers: {
        "x-auth-token": await this.login(this.#admin),
        "content-type": "application/json",
        ...(options.subject === undefined ? {} : { "x-subject-token": options.subject }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  async #domain(name: string): Promise<string> {
    return await this.#findOrMake("domain", { name });
  }

  /** The id of what has this name, in its domain when it is in one. */
  async #findOrMake(
    kind: "domain" | "project" | "user" | "role",
    wanted: { readonly name: string; readonly domain_id?: string; readonly password?: string },
  ): Promise<string> {
    const { name, domain_id: domain } = wanted;
    const query = new URLSearchParams({ name, ...(domain ? { domain_id: domain } : {}) });
    const found = await this.call("GET", `/${kind}s?${query.toString()}`);
    const known = found[`${kind}s`][0]?.id as string | undefined;
    if (known !== undefined) return known;
    const made = await this.call("POST", `/${kind}s`, { body: { [kind]: wanted } });
    return made[kind].id as string;
  }
}

function writeSettings(folder: string): string {
  const inside = (name: string): string => join(folder, name);
  for (const name of ["fernet", "credential"]) mkdirSync(inside(name), { mode: 0o700 });
  writeFileSync(
    inside("keystone.conf"),
    [
      "[database]",
      `connection = sqlite:///${inside("keystone.db")}`,
      "[fernet_tokens]",
      `key_repository = ${inside("fernet")}`,
      "[credential]",
      `key_repository = ${inside("credential")}`,
      "",
    ].join("\n"),
  );
  return inside("keystone.conf");
}

async function setUp(manage: string, settings: string, password: string): Promise<void> {
  const { username, gid } = userInfo();
  const owner = ["--keystone-user", username, "--keystone-group", String(gid)];
  for (const step of [
    ["db_sync"],
    ["fernet_setup", ...owner],
    ["credential_setup", ...owner],
    ["bootstrap", "--bootstrap-password", password],
  ]) {
    await run(manage, ["--config-file", settings, ...step]);
  }
}
