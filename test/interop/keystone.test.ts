import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keystone as askKeystone, RawTokens } from "@octoplane/api/auth/raw-token";
import { limits } from "@octoplane/shared/limits";
import { VirtualClock } from "@octoplane/shared/virtual-clock";
import { openConstellation, type Constellation } from "../constellation.ts";
import { Rest } from "../rest.ts";
import { Keystone, type KeystoneUser } from "./keystone.ts";
import { hasSoftware } from "./software.ts";

const alice: KeystoneUser = { name: "alice", password: "a", project: "blue" };
const bob: KeystoneUser = { name: "bob", password: "b", project: "green" };
const admin: KeystoneUser = { name: "admin", password: "the administrator's", project: "admin" };

describe.runIf(hasSoftware("keystone"))("with a real Keystone", () => {
  let keystone: Keystone;
  let octoplane: Constellation;
  beforeAll(async () => {
    keystone = await Keystone.start();
    for (const user of [alice, bob]) await keystone.addUser(user);
    const strategy = { keystone: { enabled: true, endpoint: keystone.endpoint } };
    octoplane = await openConstellation({ settings: { api: { authentication: { strategy } } } });
    const { rest } = octoplane;
    const rule = { api: "kubernetes", namespaces: ["blue"], resources: [""], verbs: ["list"] };
    await rest.ok("POST", "/core/roles", { metadata: { name: "blue" }, rules: [rule] });
    const binding = { metadata: { name: "blue" }, users: ["alice"], roles: ["blue"] };
    await rest.ok("POST", "/core/rolebindings", binding);
  });
  afterAll(async () => {
    await octoplane?.[Symbol.asyncDispose]();
    await keystone?.[Symbol.asyncDispose]();
  });

  /** As Krake's clients send it: the token alone, without the name of a scheme. */
  const raw = async (token: string, path = "/me") => {
    const headers = { authorization: token };
    const answer = await fetch(`${octoplane.address}${path}`, { headers });
    return { status: answer.status, body: await answer.json() };
  };
  const withBearer = (token: string): Rest =>
    new Rest(
      () => octoplane.address,
      () => token,
    );

  it("takes its tokens, names their users and gives them their roles", async () => {
    const token = await keystone.login(alice);
    const me = { user: "alice", roles: ["blue"] };
    expect(await raw(token)).toMatchObject({ status: 200, body: me });
    expect(await withBearer(token).call("GET", "/me")).toMatchObject({ status: 200, body: me });
    expect((await raw(token, "/kubernetes/namespaces/blue/applications")).status).toBe(200);
    expect((await raw(token, "/kubernetes/namespaces/green/applications")).status).toBe(403);
  });

  it("names the users of other projects and domains by their own names", async () => {
    expect((await raw(await keystone.login(bob))).body).toMatchObject({ user: "bob", roles: [] });
    const carol = { name: "carol", password: "c", project: "red", domain: "partners" };
    await keystone.addUser(carol);
    const token = await keystone.login(carol);
    expect((await raw(token)).body).toMatchObject({ user: "carol", roles: [] });
    expect((await raw(token, "/kubernetes/namespaces/blue/applications")).status).toBe(403);
  });

  it("knows its administrator as any other user: only our bindings make one here", async () => {
    const token = await keystone.login(admin);
    expect(await raw(token)).toMatchObject({ status: 200, body: { user: "admin", roles: [] } });
    expect((await raw(token, "/core/roles")).status).toBe(403);
  });

  it("refuses what is no token of it, and a token that was changed", async () => {
    const token = await keystone.login(alice);
    const changed = `${token.slice(0, -8)}${token.endsWith("AAAAAAAA") ? "BBBBBBBB" : "AAAAAAAA"}`;
    for (const wrong of [changed, "gAAAAA", "alice"]) {
      const answer = await raw(wrong);
      expect(answer).toMatchObject({ status: 401, body: { status: 401 } });
      expect(JSON.stringify(answer.body)).not.toContain(wrong);
    }
  });

  it("refuses a name that only the system's own parts may have", async () => {
    const impostor = { name: "system:admin", password: "i", project: "blue" };
    await keystone.addUser(impostor);
    expect((await raw(await keystone.login(impostor))).status).toBe(401);
  });

  it("goes on with a token that was revoked for half a minute at most, then refuses it", async () => {
    const clock = new VirtualClock(Date.now());
    const tokens = new RawTokens([askKeystone(keystone.endpoint, clock)], false, clock);
    const token = await keystone.login(alice);
    const other = await keystone.login(alice);
    expect((await tokens.userOf(token))?.name).toBe("alice");
    await keystone.revoke(token);
    expect((await raw(token)).status).toBe(401);
    clock.advance(limits.foreignUserMs - 1);
    expect((await tokens.userOf(token))?.name).toBe("alice");
    clock.advance(1);
    expect(await tokens.userOf(token)).toBeUndefined();
    expect((await tokens.userOf(other))?.name).toBe("alice");
  });

  it("refuses the tokens of a user who was disabled", async () => {
    const dora = { name: "dora", password: "d", project: "blue" };
    const { id } = await keystone.addUser(dora);
    const token = await keystone.login(dora);
    await keystone.call("PATCH", `/users/${id}`, { body: { user: { enabled: false } } });
    expect((await raw(token)).status).toBe(401);
  });
});
