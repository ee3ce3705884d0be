import { textOf } from "@octoplane/shared/text-of";
import { generateKeyPairSync } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { type Configuration } from "oidc-provider";

/** A real issuer of OpenID Connect on 127.0.0.1, with its own pages for people. */
export interface Issuer extends AsyncDisposable {
  readonly address: string;
  /** Grants that were given, by their type. */
  readonly grants: readonly string[];
  /** From now on it signs with another key, and publishes that one only. */
  rotateKeys(): void;
  /** From now on nobody answers, or somebody does again. */
  setDown(isDown: boolean): void;
}

export const robotSecret = "a secret of the robot that is long enough";
const device = "urn:ietf:params:oauth:grant-type:device_code";

export async function startIssuer(settings: Configuration = {}): Promise<Issuer> {
  const grants: string[] = [];
  let answer: RequestListener = (_request, response) => response.writeHead(503).end();
  let isDown = false;
  const server = createServer((request, response) => {
    if (isDown) return request.socket.destroy();
    return answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const rotateKeys = (): void => {
    const provider = new Provider(address, { ...configurationOf(), ...settings });
    provider.on("grant.success", (context) => {
      grants.push(textOf(context.oidc.params?.["grant_type"]));
    });
    const handle = provider.callback();
    answer = (request, response) => void handle(request, response);
  };
  rotateKeys();
  return {
    address,
    grants,
    rotateKeys,
    setDown: (next) => void (isDown = next),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function configurationOf(): Configuration {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const publicClient = {
    token_endpoint_auth_method: "none",
    grant_types: [device, "refresh_token"],
    redirect_uris: [],
    response_types: [],
    application_type: "native",
  } as const;
  return {
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256" }] },
    cookies: { keys: ["cookies of the test"] },
    clients: [
      { ...publicClient, client_id: "rok" },
      { ...publicClient, client_id: "another" },
      {
        client_id: "robot",
        client_secret: robotSecret,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
      },
    ],
    features: {
      deviceFlow: { enabled: true },
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: "api",
          audience: resource,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
    scopes: ["openid", "offline_access", "profile"],
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"] },
    // Servers like ours read the ID token and nothing else, so the claims of the scopes stand in it.
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: `id-of-${id}`, preferred_username: id, groups: ["team"] }),
    }),
    issueRefreshToken: (_context, client) => client.grantTypeAllowed("refresh_token"),
    ttl: { IdToken: 300, DeviceCode: 600, Grant: 3_600, Interaction: 600, Session: 3_600 },
  };
}

/** The browser of somebody who logs in: follows redirects, keeps cookies, fills in forms. */
export class Browser {
  readonly #cookies: { readonly name: string; readonly value: string; readonly path: string }[] =
    [];

  /** Opens the address with the code in it, confirms, logs in as a user and agrees. The text of the last page. */
  async logIn(address: string, user: string): Promise<string> {
    let page = await this.#open(address);
    for (let steps = 0; steps < 8; steps += 1) {
      const form = formOf(page.html, page.url);
      if (!form) return page.html;
      const fields = "prompt" in form.fields && form.fields["prompt"] === "login";
      const body = fields ? { ...form.fields, login: user, password: "any" } : form.fields;
      page = await this.#open(form.action, body);
    }
    throw new Error(`the login does not end: ${page.html}`);
  }

  async #open(address: string, form?: Readonly<Record<string, string>>) {
    let [url, body] = [address, form];
    for (let steps = 0; steps < 10; steps += 1) {
      const { pathname } = new URL(url);
      const cookies = this.#cookies.filter(({ path }) => pathname.startsWith(path));
      const response = await fetch(url, {
        method: body === undefined ? "GET" : "POST",
        redirect: "manual",
        headers: {
          cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; "),
          ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
        },
        ...(body === undefined ? {} : { body: new URLSearchParams(body).toString() }),
      });
      this.#keep(response.headers.getSetCookie());
      const to = response.headers.get("location");
      const html = await response.text();
      if (to === null) return { url, html };
      [url, body] = [new URL(to, url).href, undefined];
    }
    throw new Error(`${address} leads in a circle`);
  }

  #keep(lines: readonly string[]): void {
    for (const line of lines) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const path = /;\s*path=([^;]+)/i.exec(line)?.[1] ?? "/";
      const known = this.#cookies.findIndex((one) => one.name === name && one.path === path);
      if (known >= 0) this.#cookies.splice(known, 1);
      if (value !== "") this.#cookies.push({ name, value, path });
    }
  }
}

function formOf(html: string, url: string) {
  const action = /<form[^>]*\saction="([^"]+)"/.exec(html)?.[1];
  if (action === undefined) return undefined;
  const fields: Record<string, string> = {};
  for (const [input] of html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const name = /\sname="([^"]*)"/.exec(input)?.[1];
    if (name !== undefined) fields[name] = /\svalue="([^"]*)"/.exec(input)?.[1] ?? "";
  }
  return { action: new URL(action, url).href, fields };
}
