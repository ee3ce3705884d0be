import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OidcIssuer, OidcSchema, type OidcConfig } from "@octoplane/api/auth/oidc";
import { keycloak as askKeycloak, RawTokens } from "@octoplane/api/auth/raw-token";
import { readAs } from "@octoplane/kinds/read-input";
import { limits } from "@octoplane/shared/limits";
import { silentLog } from "@octoplane/shared/log";
import { VirtualClock } from "@octoplane/shared/virtual-clock";
import { openConstellation, type Constellation } from "../constellation.ts";
import { Rest } from "../rest.ts";
import { Keycloak } from "./keycloak.ts";
import { hasSoftware } from "./software.ts";

const audience = "octoplane";
const alice = { name: "alice", password: "a", groups: ["ops", "dev"] };
const bob = { name: "bob", password: "b", groups: [] };
const impostor = { name: "system:admin", password: "i", groups: ["ops"] };
const login = (user: { readonly name: string; readonly password: string }, realm: string) => ({
  realm,
  username: user.name,
  password: user.password,
});

describe.runIf(hasSoftware("keycloak"))("with a real Keycloak", () => {
  let keycloak: Keycloak;
  beforeAll(async () => {
    keycloak = await Keycloak.start();
    await keycloak.addRealm({ name: "krake", audience, users: [alice, bob, impostor] });
    await keycloak.addRealm({ name: "other", audience, users: [alice] });
    await keycloak.addRealm({ name: "elsewhere", audience: "another", users: [alice] });
  });
  afterAll(async () => await keycloak?.[Symbol.asyncDispose]());

  const rest = (server: Constellation, token: string): Rest =>
    new Rest(
      () => server.address,
      () => token,
    );

  describe("as an issuer of OpenID Connect", () => {
    let octoplane: Constellation;
    beforeAll(async () => {
      const oidc = [
        { issuer: keycloak.issuer("krake"), audience },
        { issuer: keycloak.issuer("elsewhere"), audience },
      ];
      octoplane = await openConstellation({ settings: { api: { authentication: { oidc } } } });
      const rule = { api: "kubernetes", namespaces: ["blue"], resources: [""], verbs: ["list"] };
      await octoplane.rest.ok("POST", "/core/roles", { metadata: { name: "ops" }, rules: [rule] });
      await octoplane.rest.ok("POST", "/core/rolebindings", {
        metadata: { name: "ops" },
        users: [],
        groups: ["ops"],
        roles: ["ops"],
      });
    });
    afterAll(async () => await octoplane?.[Symbol.asyncDispose]());

    const me = async (token: string) => await rest(octoplane, token).call("GET", "/me");
    const issuerOf = (realm: string, clock: VirtualClock): OidcIssuer => {
      const config = { issuer: keycloak.issuer(realm), audience };
      return new OidcIssuer(readAs<OidcConfig>(OidcSchema, config), { clock, log: silentLog });
    };

    it("takes its tokens, with the user's groups and the roles that these are bound to", async () => {
      const { access } = await keycloak.login(login(alice, "krake"));
      const { status, body } = await me(access);
      expect(status).toBe(200);
      expect(body).toMatchObject({ user: "alice", roles: ["ops"] });
      expect(body.groups.toSorted()).toEqual(["dev", "ops"]);
      const list = "/kubernetes/namespaces/blue/applications";
      expect((await rest(octoplane, access).call("GET", list)).status).toBe(200);
      const other = (await keycloak.login(login(bob, "krake"))).access;
      expect((await me(other)).body).toMatchObject({ user: "bob", roles: [] });
      expect((await rest(octoplane, other).call("GET", list)).status).toBe(403);
    });

    it("refuses tokens of a realm that is not ours, for somebody else, and no access tokens", async () => {
      const stranger = await keycloak.login(login(alice, "other"));
      expect((await me(stranger.access)).status).toBe(401);
      const elsewhere = await keycloak.login(login(alice, "elsewhere"));
      const refused = await me(elsewhere.access);
      expect(refused.status).toBe(401);
      expect(refused.body.detail).toContain("audience");
      expect((await me((await keycloak.login(login(alice, "krake"))).refresh)).status).toBe(401);
    });

    it("refuses a token that was changed, and a name of the system's own", async () => {
      const { access } = await keycloak.login(login(bob, "krake"));
      const [header, payload, signature] = access.split(".");
      const claims = JSON.parse(Buffer.from(payload!, "base64url").toString());
      const forged = Buffer.from(JSON.stringify({ ...claims, groups: ["ops"] }));
      const changed = [header, forged.toString("base64url"), signature].join(".");
      expect((await me(changed)).status).toBe(401);
      expect((await me((await keycloak.login(login(impostor, "krake"))).access)).status).toBe(401);
    });

    it("refuses a token after its time, and not before", async () => {
      const clock = new VirtualClock(Date.now());
      const issuer = issuerOf("krake", clock);
      const { access } = await keycloak.login(login(alice, "krake"));
      expect((await issuer.userOf(access))?.name).toBe("alice");
      clock.advance(300_000);
      expect((await issuer.userOf(access))?.name).toBe("alice");
      clock.advance((limits.clockSkewSeconds + 1) * 1_000);
      await expect(issuer.userOf(access)).rejects.toThrow("expired");
      await expect(issuerOf("krake", clock).userOf(access)).rejects.toThrow("expired");
    });

    it("follows the realm to a new key, and drops a key that the realm has taken back", async () => {
      const clock = new VirtualClock(Date.now());
      const issuer = issuerOf("other", clock);
      const before = (await keycloak.login(login(alice, "other"))).access;
      expect((await issuer.userOf(before))?.name).toBe("alice");
      await keycloak.rotateKeys("other", { forget: false });
      const after = (await keycloak.login(login(alice, "other"))).access;
      expect(keyOf(after)).not.toBe(keyOf(before));
      // Not sooner: invented names of keys must not become requests to the issuer.
      await expect(issuer.userOf(after)).rejects.toThrow("unknown key");
      clock.advance(limits.issuerKeysRetryMs);
      expect((await issuer.userOf(after))?.name).toBe("alice");
      expect((await issuer.userOf(before))?.name).toBe("alice");
      await keycloak.rotateKeys("other", { forget: true });
      const last = (await keycloak.login(login(alice, "other"))).access;
      clock.advance(limits.issuerKeysRetryMs);
      expect((await issuer.userOf(last))?.name).toBe("alice");
      for (const gone of [before, after]) {
        await expect(issuer.userOf(gone)).rejects.toThrow("unknown key");
      }
    });
  });

  describe("as Krake's strategy keycloak", () => {
    let octoplane: Constellation;
    const settings = () => ({
      enabled: true,
      endpoint: keycloak.address,
      realm: "krake",
      base_path: "",
    });
    beforeAll(async () => {
      const strategy = { keycloak: settings() };
      octoplane = await openConstellation({ settings: { api: { authentication: { strategy } } } });
    });
    afterAll(async () => await octoplane?.[Symbol.asyncDispose]());

    /** As Krake's clients send it: the token alone, without the name of a scheme. */
    const me = async (token: string) => {
      const headers = { authorization: token };
      const answer = await fetch(`${octoplane.address}/me`, { headers });
      return { status: answer.status, body: await answer.json() };
    };

    it("asks the realm whose token it is", async () => {
      const { access } = await keycloak.login(login(alice, "krake"));
      expect(await me(access)).toMatchObject({ status: 200, body: { user: "alice", roles: [] } });
      const bearer = await rest(octoplane, access).call("GET", "/me");
      expect(bearer).toMatchObject({ status: 200, body: { user: "alice" } });
    });

    it("refuses tokens of another realm, refresh tokens, no tokens, and names of the system's own", async () => {
      const stranger = await keycloak.login(login(alice, "other"));
      expect((await me(stranger.access)).status).toBe(401);
      expect((await me((await keycloak.login(login(alice, "krake"))).refresh)).status).toBe(401);
      expect((await me("a.b.c")).status).toBe(401);
      expect((await me((await keycloak.login(login(impostor, "krake"))).access)).status).toBe(401);
    });

    it("needs the scope openid: without it the realm tells nobody whose token it is", async () => {
      const { access } = await keycloak.login({ ...login(alice, "krake"), scope: "profile" });
      expect((await me(access)).status).toBe(401);
    });

    it("goes on with the token of a session that was ended for half a minute at most", async () => {
      const clock = new VirtualClock(Date.now());
      const tokens = new RawTokens([askKeycloak(settings(), clock)], false, clock);
      const session = await keycloak.login(login(alice, "krake"));
      expect((await tokens.userOf(session.access))?.name).toBe("alice");
      await keycloak.logout("krake", session);
      expect((await me(session.access)).status).toBe(401);
      clock.advance(limits.foreignUserMs - 1);
      expect((await tokens.userOf(session.access))?.name).toBe("alice");
      clock.advance(1);
      expect(await tokens.userOf(session.access)).toBeUndefined();
    });

    it("says that it cannot tell when the realm is not there, instead of refusing the user", async () => {
      const clock = new VirtualClock(Date.now());
      const { access } = await keycloak.login(login(alice, "krake"));
      const nowhere = { ...settings(), endpoint: "http://127.0.0.1:1" };
      const tokens = new RawTokens([askKeycloak(nowhere, clock)], false, clock);
      await expect(tokens.userOf(access)).rejects.toMatchObject({ code: "Unavailable" });
    });
  });
});

function keyOf(token: string): string {
  const header = Buffer.from(token.split(".")[0]!, "base64url").toString();
  return (JSON.parse(header) as { readonly kid: string }).kid;
}
