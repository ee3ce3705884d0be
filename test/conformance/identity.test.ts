import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import jwt from "jsonwebtoken";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OidcIssuer, OidcSchema, type OidcConfig } from "@octoplane/api/auth/oidc";
import { keycloak, keystone, RawTokens } from "@octoplane/api/auth/raw-token";
import { readAs } from "@octoplane/kinds/read-input";
import { limits } from "@octoplane/shared/limits";
import { silentLog } from "@octoplane/shared/log";
import { VirtualClock } from "@octoplane/shared/virtual-clock";
import { waitFor } from "../wait-for.ts";

/** Servers that know users, scripted on 127.0.0.1, with real signatures. */
type Handler = (request: IncomingMessage, body: string, response: ServerResponse) => void;

let server: Server;
let address: string;
let handler: Handler;
let requests: string[];
let clock: VirtualClock;

beforeEach(async () => {
  clock = new VirtualClock(1_800_000_000_000);
  requests = [];
  server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const part of request) body += String(part);
      requests.push(`${request.method} ${request.url}`);
      handler(request, body, response);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
};

describe("OpenID Connect", () => {
  interface Key {
    readonly kid: string;
    readonly secret: KeyObject;
    readonly algorithm: "RS256" | "ES256";
    readonly jwk: object;
  }
  const keyOf = (kid: string, algorithm: Key["algorithm"]): Key => {
    const { privateKey, publicKey } =
      algorithm === "RS256"
        ? generateKeyPairSync("rsa", { modulusLength: 2_048 })
        : generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = { ...publicKey.export({ format: "jwk" }), kid, use: "sig", alg: algorithm };
    return { kid, secret: privateKey, algorithm, jwk };
  };
  const [rsa, ec, next] = [keyOf("r", "RS256"), keyOf("e", "ES256"), keyOf("n", "RS256")];
  let published: readonly (object | null)[];
  let discovery: object;
  beforeEach(() => {
    published = [rsa.jwk, ec.jwk];
    discovery = { issuer: address, jwks_uri: `${address}/keys` };
    handler = (request, _body, response) => {
      if (request.url === "/.well-known/openid-configuration") return json(response, discovery);
      if (request.url === "/keys") return json(response, { keys: published });
      return json(response, {}, 404);
    };
  });
  const open = (settings: object = {}): OidcIssuer => {
    const config = { issuer: address, audience: "octoplane", ...settings };
    return new OidcIssuer(readAs<OidcConfig>(OidcSchema, config), { clock, log: silentLog });
  };
  const seconds = (): number => Math.floor(clock.now() / 1_000);
  const token = (claims: object = {}, key = rsa, header: object = {}): string => {
    const all = {
      iss: address,
      aud: "octoplane",
      preferred_username: "alice",
      iat: seconds(),
      exp: seconds() + 300,
      ...claims,
    };
    // What is undefined is left out.
    const payload = JSON.parse(JSON.stringify(all)) as object;
    const { algorithm, kid } = key;
    return jwt.sign(payload, key.secret, { algorithm, header: { alg: algorithm, kid, ...header } });
  };

  it("takes tokens by RSA and by elliptic curve, and asks for the keys once", async () => {
    const issuer = open();
    for (const key of [rsa, ec]) {
      const one = token({ groups: ["/team", "dev"] }, key);
      const user = await issuer.userOf(one);
      expect(user).toMatchObject({ name: "alice", groups: ["/team", "dev"], isAnonymous: false });
      expect(await issuer.userOf(one)).toBe(user);
    }
    await Promise.all(["a", "b", "c"].map((sub) => issuer.userOf(token({ sub }))));
    expect(requests).toEqual(["GET /.well-known/openid-configuration", "GET /keys"]);
  });

  it("reads the claims that the settings name, and puts the prefixes before them", async () => {
    const issuer = open({
      user_claim: "sub",
      groups_claim: "roles",
      user_prefix: "kc:",
      groups_prefix: "g:",
    });
    const user = await issuer.userOf(token({ sub: "system:admin", roles: "one" }));
    expect(user).toMatchObject({ name: "kc:system:admin", groups: ["g:one"] });
    const byMail = open({ user_claim: "email" });
    await expect(byMail.userOf(token({ email: "a@x" }))).rejects.toThrow("not verified");
    const verified = token({ email: "a@x", email_verified: true });
    expect((await byMail.userOf(verified))?.name).toBe("a@x");
  });

  it("refuses what is not meant for us, not of now, not signed by the issuer, or names nobody", async () => {
    const issuer = open();
    const foreign = keyOf("r", "RS256");
    const late = seconds() - limits.clockSkewSeconds;
    const payload = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { iss: address, aud: "octoplane", preferred_username: "a", exp: seconds() + 9 };
    const rsaAsSecret = generateKeyPairSync("rsa", { modulusLength: 2_048 })
      .publicKey.export({ type: "spki", format: "pem" })
      .toString();
    const wrong: readonly (readonly [string, string])[] = [
      [token({ aud: "another" }), "somebody else"],
      [token({ aud: undefined }), "somebody else"],
      [token({ exp: late - 1 }), "expired"],
      [token({ exp: undefined }), "no end"],
      [token({ nbf: seconds() + limits.clockSkewSeconds + 1 }), "not valid yet"],
      [token({}, foreign), "not valid"],
      [token({}, next), "unknown key"],
      [token({}, rsa, { kid: "e" }), "unknown key"],
      [
        token({}, rsa, { kid: undefined }).replace(/.$/, (end) => (end === "A" ? "Q" : "A")),
        "valid",
      ],
      [`${payload({ alg: "none", kid: "r" })}.${payload(claims)}.`, "unknown key"],
      [jwt.sign(claims, rsaAsSecret, { algorithm: "HS256", keyid: "r" }), "unknown key"],
      [token({ preferred_username: undefined }), "no claim preferred_username"],
      [token({ preferred_username: "" }), "no claim preferred_username"],
      [token({ preferred_username: 7 }), "no claim preferred_username"],
      [token({ preferred_username: "a\nb" }), "names no user"],
      [token({ preferred_username: "x".repeat(256) }), "names no user"],
      [token({ preferred_username: "system:admin" }), "which it may not"],
      [token({ groups: [1] }), "no list of texts"],
      [token({ groups: [""] }), "groups that cannot be any"],
    ];
    for (const [bad, message] of wrong) {
      await expect(issuer.userOf(bad)).rejects.toMatchObject({
        code: "Unauthenticated",
        message: expect.stringContaining(message) as string,
      });
    }
    expect(await issuer.userOf(token({ iss: "https://another" }))).toBeUndefined();
    expect(await issuer.userOf("opaque")).toBeUndefined();
    const groups = ["team", "system:masters"];
    expect((await issuer.userOf(token({ groups })))?.groups).toEqual(["team"]);
    const trusting = open({ allow_system_names: true });
    const admin = token({ preferred_username: "system:admin", groups });
    expect(await trusting.userOf(admin)).toMatchObject({ name: "system:admin", groups });
  });

  it("allows clocks to differ by a minute, and ends what it remembers", async () => {
    const issuer = open();
    const slow = token({ nbf: seconds() + 59 });
    const ending = token({ exp: seconds() - 59 });
    expect((await issuer.userOf(slow))?.name).toBe("alice");
    expect((await issuer.userOf(ending))?.name).toBe("alice");
    clock.advance(2_000);
    await expect(issuer.userOf(ending)).rejects.toThrow("expired");
  });

  it("looks for a new key when a token names one, but not for every token that does", async () => {
    const issuer = open();
    await issuer.userOf(token());
    published = [...published, next.jwk];
    await expect(issuer.userOf(token({}, next))).rejects.toThrow("unknown key");
    clock.advance(limits.issuerKeysRetryMs);
    expect((await issuer.userOf(token({}, next)))?.name).toBe("alice");
    const before = requests.length;
    for (let count = 0; count < 50; count += 1) {
      const invented = token({}, rsa, { kid: `invented-${count}` });
      await expect(issuer.userOf(invented)).rejects.toThrow("unknown key");
    }
    expect(requests.length).toBe(before);
  });

  it("forgets what a key has signed that the issuer takes back", async () => {
    const issuer = open();
    const kept = token({ exp: seconds() + 90_000 });
    await issuer.userOf(kept);
    published = [ec.jwk];
    clock.advance(limits.issuerKeysFreshMs + 1);
    await waitFor("its end", async () => {
      const answer = await issuer.userOf(kept).catch((error: Error) => error.message);
      return answer === "the token is signed with an unknown key";
    });
  });

  it("goes on with the keys it has while the issuer is down, for a day, and without any is Unavailable", async () => {
    const issuer = open();
    await issuer.userOf(token());
    handler = (_request, _body, response) => response.destroy();
    clock.advance(limits.issuerKeysFreshMs + 1);
    expect((await issuer.userOf(token()))?.name).toBe("alice");
    clock.advance(limits.issuerKeysMostMs);
    await expect(issuer.userOf(token())).rejects.toMatchObject({ code: "Unavailable" });
    await expect(open().userOf(token())).rejects.toMatchObject({ code: "Unavailable" });
  });

  it("believes no discovery that is about another issuer, redirects, is endless or no JSON", async () => {
    const endless = (response: ServerResponse): void => {
      const part = Buffer.alloc(64 * 1024, " ");
      const more = (): void => {
        while (response.writable && response.write(part));
        response.once("drain", more);
      };
      more();
    };
    const wrong: Handler[] = [
      (_request, _body, response) => json(response, { ...discovery, issuer: `${address}/` }),
      (_request, _body, response) => json(response, { ...discovery, jwks_uri: "file:///etc/keys" }),
      (_request, _body, response) => json(response, { issuer: address }),
      (_request, _body, response) => response.end("<html>"),
      (_request, _body, response) => json(response, null),
      (_request, _body, response) => endless(response),
      (request, _body, response) =>
        request.url === "/moved"
          ? json(response, discovery)
          : response.writeHead(302, { location: `${address}/moved` }).end(),
    ];
    for (const one of wrong) {
      handler = one;
      await expect(open().userOf(token())).rejects.toMatchObject({ code: "Unavailable" });
    }
    expect(requests).not.toContain("GET /moved");
  });

  it("takes no key that is too short, for encryption or of another curve", async () => {
    const short = generateKeyPairSync("rsa", { modulusLength: 1_024 });
    const curve = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const jwk = (key: KeyObject, more: object) => ({ ...key.export({ format: "jwk" }), ...more });
    published = [
      jwk(short.publicKey, { kid: "short" }),
      jwk(curve.publicKey, { kid: "curve" }),
      { ...rsa.jwk, kid: "enc", use: "enc" },
      { kty: "RSA", kid: "broken", n: "!" },
      null,
      rsa.jwk,
    ];
    const issuer = open();
    for (const kid of ["short", "curve", "enc", "broken"]) {
      await expect(issuer.userOf(token({}, rsa, { kid }))).rejects.toThrow("unknown key");
    }
    expect((await issuer.userOf(token({}, rsa, { kid: undefined })))?.name).toBe("alice");
  });
});

describe("raw tokens, as Krake takes them", () => {
  const open = (allowSystemNames = false): RawTokens => {
    const realm = { endpoint: address, realm: "krake", base_path: "/auth" };
    const servers = [keystone(`${address}/v3`, clock), keycloak(realm, clock)];
    return new RawTokens(servers, allowSystemNames, clock);
  };
  const userinfo = "POST /auth/realms/krake/protocol/openid-connect/userinfo";
  beforeEach(() => {
    handler = (request, body, response) => {
      if (request.url === "/v3/auth/tokens") {
        const { "x-auth-token": auth, "x-subject-token": subject } = request.headers;
        const isKnown = auth === subject && String(auth).startsWith("ks-");
        if (!isKnown) return json(response, { error: { code: 401 } }, 401);
        return json(response, { token: { user: { name: String(auth).slice(3), domain: {} } } });
      }
      const form = new URLSearchParams(body);
      const given = form.get("access_token") ?? "";
      if (!given.startsWith("kc-")) return json(response, { error: "invalid_token" }, 401);
      return json(response, { sub: "1", preferred_username: given.slice(3) });
    };
  });

  it("Keystone and Keycloak tell whose they are, one after the other", async () => {
    const tokens = open();
    expect((await tokens.userOf("ks-anna"))?.name).toBe("anna");
    expect((await tokens.userOf("kc-bert+&="))?.name).toBe("bert+&=");
    expect(await tokens.userOf("nobody's")).toBeUndefined();
    const both = ["GET /v3/auth/tokens", userinfo];
    expect(requests).toEqual(["GET /v3/auth/tokens", ...both, ...both]);
  });

  it("an answer holds for a short time, and many who ask at once ask once", async () => {
    const tokens = open();
    const users = await Promise.all([1, 2, 3, 4].map(() => tokens.userOf("ks-anna")));
    expect(new Set(users).size).toBe(1);
    clock.advance(limits.foreignUserMs - 1);
    expect(await tokens.userOf("ks-anna")).toBe(users[0]);
    expect(requests).toHaveLength(1);
    handler = (_request, _body, response) => json(response, {}, 404);
    clock.advance(1);
    expect(await tokens.userOf("ks-anna")).toBeUndefined();
    const { length } = requests;
    expect(await tokens.userOf("ks-anna")).toBeUndefined();
    expect(requests).toHaveLength(length);
    clock.advance(limits.foreignTokenMs);
    await tokens.userOf("ks-anna");
    expect(requests.length).toBeGreaterThan(length);
  });

  it("a server that fails is not one that does not know the token: the next is not asked", async () => {
    const failing: Handler[] = [
      (_request, _body, response) => json(response, {}, 500),
      (_request, _body, response) => json(response, {}, 429),
      (_request, _body, response) => json(response, { token: {} }),
      (_request, _body, response) => response.writeHead(302, { location: "/x" }).end(),
      (_request, _body, response) => response.destroy(),
    ];
    for (const one of failing) {
      handler = one;
      await expect(open().userOf("kc-eve")).rejects.toMatchObject({ code: "Unavailable" });
    }
    expect(requests).not.toContain(userinfo);
  });

  it("users of the system are not theirs to name, unless the settings say so", async () => {
    await expect(open().userOf("ks-system:admin")).rejects.toMatchObject({
      code: "Unauthenticated",
    });
    expect((await open(true).userOf("ks-system:admin"))?.name).toBe("system:admin");
    await expect(open().userOf("ks-")).rejects.toMatchObject({ code: "Unauthenticated" });
  });

  it("a server that never answers is given up, and no more than so many are asked at once", async () => {
    handler = () => undefined;
    const tokens = open();
    const names = Array.from({ length: limits.identityRequestsMax }, (_, index) => `t${index}`);
    const waiting = names.map((name) => tokens.userOf(name).catch((error: Error) => error.message));
    await expect(tokens.userOf("one-more")).rejects.toThrow("too many tokens");
    await waitFor("the requests", () => requests.length === names.length);
    clock.advance(limits.identityServerMs);
    for (const answer of await Promise.all(waiting)) expect(answer).toMatch(/does not answer/);
  });
});
