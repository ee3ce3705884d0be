import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import type { OpenServer, ServerBench } from "./server-bench.ts";

const everything = ["create", "list", "get", "update", "delete"];

/** Groups in bindings, and that nobody can grant what they do not hold. */
export function grantSuite(open: OpenServer): void {
  let server: ServerBench;
  const folder = mkdtempSync(join(tmpdir(), "octoplane-groups-"));
  beforeAll(async () => {
    const file = join(folder, "users.yaml");
    const hash = createHash("sha256").update("grace's").digest("hex");
    writeFileSync(file, `users: [{name: grace, groups: [team, other], token_sha256: ${hash}}]\n`);
    server = await open({ authentication: { static_users: file } });
    // A manager of roles who holds nothing else but the metrics of one namespace.
    await allow("manager", [
      {
        api: "core",
        resources: ["roles", "rolebindings", "tokens"],
        namespaces: [""],
        verbs: everything,
      },
      { api: "core", resources: ["metrics"], namespaces: ["a"], verbs: ["get", "list"] },
    ]);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const allow = async (user: string, rules: readonly Json[]): Promise<void> => {
    await server.ok("POST", "/core/roles", { body: roleOf(`of:${user}`, ...rules) });
    await server.ok("POST", "/core/rolebindings", { body: bindingOf(user, `of:${user}`) });
    await hasRole(user, `of:${user}`);
  };
  const hasRole = (user: string, role: string) =>
    waitFor(`${role} of ${user}`, async () =>
      (await server.ok("GET", "/me", { user })).roles.includes(role),
    );
  const roleOf = (name: string, ...rules: readonly Json[]) => ({ metadata: { name }, rules });
  const bindingOf = (user: string, ...roles: readonly string[]) => ({
    metadata: { name: `${user}:${roles.join(":")}` },
    users: [user],
    roles,
  });
  const metrics = { api: "core", resources: ["metrics"], namespaces: ["a"], verbs: ["get"] };
  const asManager = async (method: string, path: string, body: Json): Promise<[number, string]> => {
    const answer = await server.call(method, path, { user: "manager", body });
    return [answer.status, answer.body.detail ?? "done"];
  };
  const asGrace = (method: string, path: string) =>
    server.call(method, path, { user: null, headers: { authorization: "Bearer grace's" } });

  it("nobody waits for applications that they may not see", async () => {
    const every = (namespace: string, ...verbs: string[]) => ({
      api: "kubernetes",
      resources: ["applications"],
      namespaces: [namespace],
      verbs,
    });
    await allow("alice", [every("own", ...everything), every("shared", "get")]);
    const path = "/kubernetes/namespaces/own/applications";
    const body = (name: string, ...depends_on: Json[]) => ({
      metadata: { name },
      spec: {
        manifest: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" } }],
        delivery: { depends_on },
      },
    });
    const asAlice = async (method: string, at: string, sent: Json): Promise<number> =>
      (await server.call(method, at, { user: "alice", body: sent })).status;
    const foreign = { name: "shop", namespace: "team" };
    expect(await asAlice("POST", path, body("a", foreign))).toBe(403);
    const shared = { name: "shop", namespace: "shared" };
    expect(await asAlice("POST", path, body("a", { name: "b" }, shared))).toBe(200);
    expect(await asAlice("PUT", `${path}/a`, body("a", shared, foreign))).toBe(403);
    // What somebody else wrote down stays, whoever changes the rest.
    await server.ok("PUT", `${path}/a`, { body: body("a", foreign) });
    expect(await asAlice("PUT", `${path}/a`, body("a", foreign, { name: "c" }))).toBe(200);
  });

  it("a binding of a group holds for its members, and a client that knows no groups keeps them", async () => {
    expect((await asGrace("GET", "/me")).body).toEqual({
      user: "grace",
      groups: ["team", "other"],
      roles: [],
    });
    const path = "/core/namespaces/a/metrics";
    expect((await asGrace("GET", path)).status).toBe(403);
    const rule = { ...metrics, verbs: ["list"] };
    await server.ok("POST", "/core/roles", { body: roleOf("reader", rule) });
    const binding = { metadata: { name: "team" }, users: [], groups: ["team"], roles: ["reader"] };
    await server.ok("POST", "/core/rolebindings", { body: binding });
    await waitFor("the right", async () => (await asGrace("GET", path)).status === 200);
    expect((await asGrace("GET", "/me")).body.roles).toEqual(["reader"]);
    expect((await server.ok("GET", "/me", { user: "team" })).roles).toEqual([]);
    const krakes = { metadata: { name: "team" }, users: ["someone"], roles: ["reader"] };
    const kept = await server.ok("PUT", "/core/rolebindings/team", { body: krakes });
    expect(kept.groups).toEqual(["team"]);
    const again = await server.call("PUT", "/core/rolebindings/team", { body: krakes });
    expect([again.status, again.body.code]).toEqual([400, "NoChange"]);
    const without = { ...krakes, groups: [] };
    await server.ok("PUT", "/core/rolebindings/team", { body: without });
    await waitFor("its end", async () => (await asGrace("GET", path)).status === 403);
    for (const groups of [[""], "team", [1]]) {
      const bad = { metadata: { name: "bad" }, users: [], groups, roles: [] };
      expect((await server.call("POST", "/core/rolebindings", { body: bad })).status).toBe(422);
    }
  });

  it("a role can be written by who holds every rule of it only", async () => {
    expect(await asManager("POST", "/core/roles", roleOf("held", metrics))).toEqual([200, "done"]);
    const refused =
      "manager does not hold delete core/metrics in namespace a, and may not grant it";
    const more = { ...metrics, verbs: ["get", "delete"] };
    expect(await asManager("POST", "/core/roles", roleOf("more", more))).toEqual([403, refused]);
    expect(await asManager("PUT", "/core/roles/held", roleOf("held", metrics, more))).toEqual([
      403,
      refused,
    ]);
    const others = [
      { ...metrics, namespaces: ["a", "b"] },
      { ...metrics, namespaces: [""] },
      { ...metrics, resources: [""] },
      { ...metrics, resources: ["metrics", "globalmetrics"] },
      { ...metrics, api: "" },
      { api: "core", resources: ["roles/escalate"], namespaces: [""], verbs: ["update"] },
    ];
    for (const rule of others) {
      const [status] = await asManager("POST", "/core/roles", roleOf("more", rule));
      expect([rule, status]).toEqual([rule, 403]);
    }
    expect((await server.ok("GET", "/core/roles/held")).rules).toEqual([metrics]);
    expect((await server.call("GET", "/core/roles/more")).status).toBe(404);
  });

  it("a binding can be written by who holds every rule of its roles only, whoever is bound", async () => {
    await server.ok("POST", "/core/roles", { body: roleOf("small", metrics) });
    const path = "/core/rolebindings";
    expect(await asManager("POST", path, bindingOf("ivan", "small"))).toEqual([200, "done"]);
    for (const role of ["role:system", "there-is-none-yet"]) {
      for (const user of ["manager", "ivan"]) {
        const [status, detail] = await asManager("POST", path, bindingOf(user, "small", role));
        expect([status, detail]).toEqual([403, expect.stringContaining("and may not grant it")]);
      }
      const name = "ivan:small";
      const change = { ...bindingOf("ivan", role), metadata: { name } };
      expect((await asManager("PUT", `${path}/${name}`, change))[0]).toBe(403);
      const group = { metadata: { name: "g" }, users: [], groups: ["team"], roles: [role] };
      expect((await asManager("POST", path, group))[0]).toBe(403);
    }
    expect((await server.ok("GET", "/me", { user: "manager" })).roles).toEqual(["of:manager"]);
  });

  it("a token for somebody is made by who may do all that they may, or names oneself", async () => {
    await allow("judy", [metrics]);
    await allow("kurt", [{ ...metrics, api: "kubernetes", resources: ["clusters/kubeconfig"] }]);
    const token = async (user: string) => (await asManager("POST", "/core/tokens", { user }))[0];
    expect([await token("judy"), await token("manager"), await token("nobody-yet")]).toEqual([
      200, 200, 200,
    ]);
    expect(await asManager("POST", "/core/tokens", { user: "kurt" })).toEqual([
      403,
      "manager does not hold get kubernetes/clusters/kubeconfig in namespace a, and may not grant it",
    ]);
    expect(await token("system:admin")).toBe(403);
  });

  it("who may update roles/escalate grants whatever they want", async () => {
    const rule = (resources: string[]) => ({
      api: "core",
      resources,
      namespaces: [""],
      verbs: everything,
    });
    await allow("lea", [rule(["roles", "rolebindings", "tokens", "roles/escalate"])]);
    const user = "lea";
    await server.ok("POST", "/core/roles", { user, body: roleOf("lea:all", rule([""])) });
    await server.ok("POST", "/core/rolebindings", { user, body: bindingOf("max", "role:system") });
    await server.ok("POST", "/core/tokens", { user, body: { user: "system:admin" } });
  });
}
