import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiConfigSchema, type ApiConfig } from "@octoplane/api/config";
import { Revocations } from "@octoplane/api/auth/revocations";
import { start } from "@octoplane/api/start";
import { readAs, readInput } from "@octoplane/kinds/read-input";
import { anyKind } from "@octoplane/kinds/kind";
import { TokenRevocationKind } from "@octoplane/kinds/token-revocation";
import { Resources } from "@octoplane/resources/resources";
import { limits } from "@octoplane/shared/limits";
import { silentLog } from "@octoplane/shared/log";
import { Metrics } from "@octoplane/shared/metrics";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import type { Answer, OpenServer, ServerBench } from "./server-bench.ts";

const accounts = (namespace: string) => `/core/namespaces/${namespace}/serviceaccounts`;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A stream of a watch under any token; ends when the server ends it. */
async function openWatch(address: string, path: string, token: string) {
  const response = await fetch(`${address}${path}`, { headers: bearer(token) });
  if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
  const state = { text: "", isOver: false };
  const reading = (async () => {
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      state.text += part;
    }
    state.isOver = true;
  })();
  reading.catch(() => undefined);
  return state;
}

/** Service accounts, their tokens, and tokens that end before their time. */
export function tokenSuite(open: OpenServer): void {
  let server: ServerBench;
  const folder = mkdtempSync(join(tmpdir(), "octoplane-tokens-"));
  beforeAll(async () => {
    const file = join(folder, "users.yaml");
    const hash = createHash("sha256").update("grace's").digest("hex");
    writeFileSync(file, `users: [{name: grace, token_sha256: ${hash}}]\n`);
    server = await open({ authentication: { static_users: file } });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const by = (token: string, method = "GET", path = "/me", body?: Json): Promise<Answer> =>
    server.call(method, path, {
      user: null,
      headers: bearer(token),
      ...(body === undefined ? {} : { body }),
    });
  const told = async (token: string): Promise<[number, string]> => {
    const { status, body } = await by(token);
    return [status, body.user ?? body.detail];
  };
  const account = (namespace: string, name: string) =>
    server.ok("POST", accounts(namespace), { body: { metadata: { name }, spec: {} } });
  const tokenFor = (namespace: string, name: string, user = "system:admin") =>
    server.call("POST", `${accounts(namespace)}/${name}/token`, { body: {}, user });
  const allow = async (users: readonly string[], rules: readonly Json[], groups: string[] = []) => {
    const name = `of:${users[0] ?? groups[0]}`;
    await server.ok("POST", "/core/roles", { body: { metadata: { name }, rules } });
    const binding = { metadata: { name }, users, groups, roles: [name] };
    await server.ok("POST", "/core/rolebindings", { body: binding });
  };
  const rule = (resources: string[], verbs: string[], namespaces = [""]) => ({
    api: "core",
    resources,
    namespaces,
    verbs,
  });

  describe("a service account", () => {
    it("is a user with two groups, and gets its rights by bindings of either", async () => {
      await account("ci", "builder");
      const made = await server.ok("POST", `${accounts("ci")}/builder/token`, {
        body: { expires_in: 60 },
      });
      expect(made).toEqual({
        user: "system:serviceaccount:ci:builder",
        token: expect.any(String),
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        expires: expect.stringMatching(/^20.*Z$/),
      });
      expect((await by(made.token)).body).toEqual({
        user: "system:serviceaccount:ci:builder",
        groups: ["system:serviceaccounts", "system:serviceaccounts:ci"],
        roles: [],
      });
      expect((await by(made.token, "GET", "/core/namespaces/ci/metrics")).status).toBe(403);
      await allow([], [rule(["metrics"], ["list"], ["ci"])], ["system:serviceaccounts:ci"]);
      await waitFor("the right of the group", async () => {
        return (await by(made.token, "GET", "/core/namespaces/ci/metrics")).status === 200;
      });
      await allow(["system:serviceaccount:ci:builder"], [rule(["roles"], ["list"])]);
      await waitFor("the right of the user", async () => {
        return (await by(made.token, "GET", "/core/roles")).status === 200;
      });
    });

    it("gets tokens by who may make them, and holds all that it may do", async () => {
      await account("ci", "deployer");
      const create = rule(["serviceaccounts/token"], ["create"], ["ci"]);
      await allow(["maker"], [create]);
      // What the group may do, above, is not the maker's.
      const ofGroup = await waitFor("the right", async () => {
        const { body } = await tokenFor("ci", "deployer", "maker");
        return body.detail?.includes("does not hold") === true && body;
      });
      expect(ofGroup.detail).toContain("does not hold list core/metrics in namespace ci");
      expect((await tokenFor("ci", "deployer", "nobody")).status).toBe(403);
      await server.ok("DELETE", "/core/rolebindings/of:system:serviceaccounts:ci?force=True");
      await waitFor(
        "its end",
        async () => (await tokenFor("ci", "deployer", "maker")).status === 200,
      );
      await allow(["system:serviceaccount:ci:deployer"], [rule(["metrics"], ["delete"], ["ci"])]);
      const refused = await waitFor("the refusal", async () => {
        const answer = await tokenFor("ci", "deployer", "maker");
        return answer.status === 403 && answer;
      });
      expect(refused.body.detail).toContain("does not hold delete core/metrics in namespace ci");
      expect((await tokenFor("ci", "none", "maker")).status).toBe(404);
      expect((await tokenFor("other", "deployer", "maker")).status).toBe(403);
    });

    it("ends with its tokens when it is marked, gone, made anew, or told so", async () => {
      await account("x", "bot");
      const { body: first } = await tokenFor("x", "bot");
      expect((await by(first.token)).status).toBe(200);
      await server.ok("DELETE", `${accounts("x")}/bot`);
      const over = "the service account x/bot of the token is deleted";
      await waitFor("its end", async () => (await told(first.token))[0] === 401);
      expect(await told(first.token)).toEqual([401, over]);
      expect((await tokenFor("x", "bot")).status).toBe(409);
      await server.ok("DELETE", `${accounts("x")}/bot?force=True`);
      expect(await told(first.token)).toEqual([401, over]);
      await account("x", "bot");
      const { body: second } = await tokenFor("x", "bot");
      // At once, though the feed may not have told of the new one yet.
      expect((await by(second.token)).status).toBe(200);
      expect(await told(first.token)).toEqual([401, over]);
      const tokens_not_before = new Date().toISOString();
      const bot = await server.ok("GET", `${accounts("x")}/bot`);
      bot.spec.tokens_not_before = tokens_not_before;
      await server.ok("PUT", `${accounts("x")}/bot`, { body: bot });
      await waitFor("its end", async () => (await told(second.token))[0] === 401);
      expect((await told(second.token))[1]).toContain(
        `takes no tokens from before ${tokens_not_before}`,
      );
      const { body: third } = await tokenFor("x", "bot");
      expect((await by(third.token)).status).toBe(200);
    });

    it("has a name that no other user can have", async () => {
      const named = { user: "system:serviceaccount:ci:builder" };
      const refused = await server.call("POST", "/core/tokens", { body: named });
      expect([refused.status, refused.body.detail]).toEqual([
        422,
        expect.stringContaining("POST /core/namespaces/ci/serviceaccounts/builder/token"),
      ]);
      for (const user of [...Object.values(named), "System:ServiceAccounts:ci"]) {
        expect(await told(server.tokenOf(user))).toEqual([
          401,
          expect.stringContaining("service account"),
        ]);
        const file = join(folder, "wrong.yaml");
        writeFileSync(file, `users: [{name: "${user}", token_sha256: ${"a".repeat(64)}}]\n`);
        await expect(open({ authentication: { static_users: file } })).rejects.toThrow(
          "only service accounts",
        );
      }
      const stolen = server.signer.issue({
        user: "system:admin",
        account: { namespace: "ci", name: "builder", uid: "u" },
      });
      expect(await told(stolen.token)).toEqual([401, expect.stringContaining("is not its user")]);
      const ambiguous = { metadata: { name: "a:b" }, spec: {} };
      expect((await server.call("POST", accounts("ci"), { body: ambiguous })).status).toBe(422);
      const own = { metadata: { name: "c" }, spec: {} };
      await server.ok("POST", accounts("system:admin"), { body: own });
      const { body: made } = await tokenFor("system:admin", "c");
      expect(await told(made.token)).toEqual([200, "system:serviceaccount:system:admin:c"]);
    });
  });

  describe("a token", () => {
    const make = (user: string, expires_in: number | null = null) =>
      server.ok("POST", "/core/tokens", { body: { user, expires_in } });

    it("comes with its id and its end, and is revoked by who has it, at once and once", async () => {
      const made = await make("anna", 3_600);
      expect(made).toMatchObject({ user: "anna", id: expect.any(String) });
      expect(Date.parse(made.expires) - Date.now()).toBeGreaterThan(3_500_000);
      expect((await make("anna")).expires).toBeNull();
      const other = await make("anna");
      const revoked = await by(made.token, "POST", "/core/tokens/revoke", {
        token: made.token,
        reason: "logout",
      });
      expect([revoked.status, revoked.body.spec]).toEqual([
        200,
        { token_id: made.id, user: null, before: null, expires: made.expires, reason: "logout" },
      ]);
      expect(await told(made.token)).toEqual([401, "the token was revoked"]);
      expect((await by(other.token)).status).toBe(200);
      const again = await by(other.token, "POST", "/core/tokens/revoke", { token: made.token });
      expect([again.status, again.body.metadata.uid]).toEqual([200, revoked.body.metadata.uid]);
      expect(server.logged()).not.toContain(made.token);
    });

    it("is revoked by its id by who may, and what bears that name already changes nothing", async () => {
      const [one, two] = [await make("bert"), await make("bert")];
      const body = { token_id: one.id };
      const asBert = await by(two.token, "POST", "/core/tokens/revoke", body);
      expect([asBert.status, asBert.body.detail]).toEqual([
        403,
        "bert may not create core/tokenrevocations",
      ]);
      const decoy = { metadata: { name: one.id }, spec: { token_id: "another" } };
      await server.ok("POST", "/core/tokenrevocations", { body: decoy });
      await server.ok("POST", "/core/tokens/revoke", { body });
      expect(await told(one.token)).toEqual([401, "the token was revoked"]);
      expect((await by(two.token)).status).toBe(200);
    });

    it("of a user from before a moment has ended, and a later one has not", async () => {
      const before = [await make("carl"), await make("carl", 60)];
      const others = await make("carla");
      await server.ok("POST", "/core/tokens/revoke", { body: { user: "carl" } });
      for (const { token } of before) {
        expect(await told(token)).toEqual([
          401,
          expect.stringMatching(/^the tokens of carl from before 20/),
        ]);
      }
      const after = await make("carl");
      expect((await by(after.token)).status).toBe(200);
      expect((await by(others.token)).status).toBe(200);
      const long = { user: "carl", before: "2020-01-01T00:00:00Z" };
      await server.ok("POST", "/core/tokens/revoke", { body: long });
      expect((await by(after.token)).status).toBe(200);
      expect((await by(before[0]!.token)).status).toBe(401);
    });

    it("of a file of users is revoked by whoever shows it, and again good when the revocation goes", async () => {
      const answer = await server.call("POST", "/core/tokens/revoke", {
        body: { token: "grace's" },
      });
      expect(answer.body.spec.token_id).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(await told("grace's")).toEqual([401, "the token was revoked"]);
      await server.ok("DELETE", `/core/tokenrevocations/${answer.body.metadata.name}`);
      await waitFor("its return", async () => (await told("grace's"))[0] === 200);
    });

    it("that is none, and requests that name nothing or too much, are refused", async () => {
      const expired = server.signer.sign("dora", -1);
      for (const body of [
        {},
        { token: "nonsense" },
        { token: expired },
        { token_id: "a b" },
        { token_id: "a", user: "b" },
        { token_id: "a", before: "2020-01-01T00:00:00Z" },
        { user: "a", before: "yesterday" },
        { user: "a", before: "2020-06-30T23:59:60Z" },
        { user: "" },
        { token: server.tokenOf("dora"), expires: "2020-01-01T00:00:00Z" },
        { token_id: "a", more: 1 },
      ]) {
        const { status } = await server.call("POST", "/core/tokens/revoke", { body });
        expect([body, status]).toEqual([body, 422]);
      }
      for (const spec of [
        {},
        { token_id: "a", user: "b" },
        { token_id: "a", before: "2020-01-01T00:00:00Z" },
      ]) {
        const body = { metadata: { name: "wrong" }, spec };
        expect((await server.call("POST", "/core/tokenrevocations", { body })).status).toBe(422);
      }
    });

    it("that ends also ends the watches under it, at their next event or heartbeat, and no others", async () => {
      await account("w", "bot");
      await allow([], [rule(["roles"], ["list"])], ["system:serviceaccounts"]);
      await allow(["wanda"], [rule(["roles"], ["list"])]);
      const { body: bots } = await tokenFor("w", "bot");
      const [revoked, short, stays] = [
        await make("wanda"),
        await make("wanda", 2),
        await make("wanda"),
      ];
      const path = "/core/roles?watch&heartbeat=1";
      for (const { token } of [bots, revoked, short, stays]) {
        await waitFor(
          "the right",
          async () => (await by(token, "GET", "/core/roles")).status === 200,
        );
      }
      const watches = await Promise.all(
        [bots, revoked, short, stays].map(({ token }) => openWatch(server.address, path, token)),
      );
      const quiet = await openWatch(server.address, "/core/roles?watch&heartbeat=0", revoked.token);
      await server.ok("DELETE", `${accounts("w")}/bot`);
      await server.ok("POST", "/core/tokens/revoke", { body: { token_id: revoked.id } });
      await server.ok("POST", "/core/roles", { body: { metadata: { name: "late" }, rules: [] } });
      await waitFor("the ends", () => watches.slice(0, 3).every(({ isOver }) => isOver));
      await waitFor("the end without heartbeats", () => quiet.isOver);
      expect(quiet.text).not.toContain('"late"');
      expect(watches[1]!.text).not.toContain('"late"');
      await waitFor("the event", () => watches[3]!.text.includes('"late"'));
      expect(watches[3]!.isOver).toBe(false);
    });
  });

  it("is revoked on every server of the store, and after a start", async () => {
    const { token, id } = await server.ok("POST", "/core/tokens", { body: { user: "emil" } });
    await using second = await secondServer(server);
    const there = async () =>
      (await fetch(`${second.address}/me`, { headers: bearer(token) })).status;
    expect(await there()).toBe(200);
    await server.ok("POST", "/core/tokens/revoke", { body: { token_id: id } });
    await waitFor("the feed", async () => (await there()) === 401);
    await using third = await secondServer(server);
    expect((await fetch(`${third.address}/me`, { headers: bearer(token) })).status).toBe(401);
  });

  it("revocations that have expired are removed, by whichever server comes first", async () => {
    const { bench } = server;
    const repository = bench.resources.of(TokenRevocationKind);
    const kind = anyKind(TokenRevocationKind);
    const past = (ms: number) => new Date(Date.now() - ms).toISOString();
    const grace = 2 * limits.clockSkewSeconds * 1_000;
    for (const [name, expires] of [
      ["over", past(grace + 1_000)],
      ["just-over", past(1_000)],
      ["never", null],
    ] as const) {
      const body = { metadata: { name }, spec: { token_id: name, expires } };
      await repository.create(readInput(kind, body));
    }
    const sweepers = [bench.another(), bench.another()].map(
      (one) => new Revocations(one, silentLog),
    );
    for (const one of sweepers) await one.start();
    await Promise.all(sweepers.map((one) => one.sweep()));
    const { items } = await repository.list();
    const names = items.map(({ metadata }) => metadata.name);
    expect(names).toEqual(expect.arrayContaining(["just-over", "never"]));
    expect(names).not.toContain("over");
    for (const one of sweepers) await one[Symbol.asyncDispose]();
    // And by itself, after some minutes; here they pass at once.
    const { parts } = bench.resources;
    const after = (ms: number, run: () => void) => parts.clock.after(ms > 100_000 ? 20 : ms, run);
    const hurried = { ...parts, clock: { ...parts.clock, after } };
    await using resources = new Resources(hurried, silentLog);
    await using third = new Revocations(resources, silentLog);
    await third.start();
    const spec = { token_id: "again", expires: past(grace + 1_000) };
    await repository.create(readInput(kind, { metadata: { name: "again" }, spec }));
    await waitFor("its end", async () => (await repository.get({ name: "again" })) === undefined);
  });

  it("the page for logging in names the issuers with a client for it, to everyone", async () => {
    expect(await server.ok("GET", "/login", { user: null })).toEqual({ issuers: [] });
    const oidc = [
      { issuer: "https://one.example", audience: "a" },
      { issuer: "https://two.example", audience: "a", device_client_id: "rok" },
    ];
    await using other = await open({ authentication: { oidc } });
    expect(await other.ok("GET", "/login", { user: null })).toEqual({
      issuers: [
        {
          issuer: "https://two.example",
          client_id: "rok",
          scopes: ["openid", "profile", "offline_access"],
        },
      ],
    });
  });
}

async function secondServer(server: ServerBench) {
  const config = readAs<ApiConfig>(ApiConfigSchema, { listen: "127.0.0.1:0" });
  return await start(config, {
    resources: server.bench.another(),
    signer: server.signer,
    log: silentLog,
    metrics: new Metrics(),
    version: "test",
  });
}
