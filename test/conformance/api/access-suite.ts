import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import jwt from "jsonwebtoken";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuditRecordKind } from "@octoplane/kinds/audit-record";
import { applicationActions } from "@octoplane/kinds/application-actions";
import { kinds } from "@octoplane/kinds/registry";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import { isAskedOfNodes } from "./route-table.ts";
import { findingOf, sampleOf } from "./samples.ts";
import { WatchStream, type OpenServer, type ServerBench } from "./server-bench.ts";

const everything = ["create", "list", "get", "update", "delete"];

/** Who may do what: tokens, roles, and every operation of the document as nobody, as a stranger and as the right user. */
export function accessSuite(open: OpenServer): void {
  let server: ServerBench;
  beforeAll(async () => {
    server = await open();
    await allow("alice", [{ api: "", resources: [""], namespaces: ["a"], verbs: everything }]);
    await allow("bob", [{ api: "", resources: [""], namespaces: ["b"], verbs: everything }]);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const allow = async (user: string, rules: readonly Json[]): Promise<void> => {
    await server.ok("POST", "/core/roles", { body: { metadata: { name: `of:${user}` }, rules } });
    const binding = { metadata: { name: `of:${user}` }, users: [user], roles: [`of:${user}`] };
    await server.ok("POST", "/core/rolebindings", { body: binding });
    await waitFor(`the role of ${user}`, async () => {
      return (await server.ok("GET", "/me", { user })).roles.includes(`of:${user}`);
    });
  };
  const applications = (namespace: string) => `/kubernetes/namespaces/${namespace}/applications`;
  const withToken = async (token: string): Promise<[number, string]> => {
    const { status, body } = await server.call("GET", "/me", {
      user: null,
      headers: { authorization: token },
    });
    return [status, body.detail ?? body.user];
  };

  describe("a token", () => {
    it("that the server signed names its user, with or without the word before it", async () => {
      const token = server.tokenOf("system:admin");
      for (const header of [`Bearer ${token}`, `bearer  ${token} `, token]) {
        expect(await withToken(header)).toEqual([200, "system:admin"]);
      }
    });

    it("is made by who may, and works until it expires", async () => {
      const body = { user: "carol", expires_in: 3_600 };
      const made = await server.call("POST", "/core/tokens", { body });
      expect([made.status, made.headers.get("cache-control")]).toEqual([200, "no-store"]);
      expect(await withToken(`Bearer ${made.body.token}`)).toEqual([200, "carol"]);
      expect(server.logged()).not.toContain(made.body.token);
      for (const user of ["alice", "carol"]) {
        expect((await server.call("POST", "/core/tokens", { body, user })).status).toBe(403);
      }
      for (const bad of [
        {},
        { user: "" },
        { user: "a b" },
        { user: "a", expires_in: 0 },
        { user: "a", expires_in: 1e300 },
        { user: "a", more: 1 },
      ]) {
        expect((await server.call("POST", "/core/tokens", { body: bad })).status).toBe(422);
      }
    });

    it("that is expired, forged, of another kind or nonsense is refused with 401 and names no one", async () => {
      const now = Math.floor(Date.now() / 1_000);
      const claims = { sub: "system:admin", iss: "octoplane", aud: "octoplane", iat: now };
      const good = server.tokenOf("system:admin");
      const [head, , signature] = good.split(".") as [string, string, string];
      const payload = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const none = `${payload({ alg: "none", typ: "JWT" })}.${payload(claims)}.`;
      const forged: readonly string[] = [
        server.signer.sign("system:admin", -1),
        jwt.sign(claims, "another key that is long enough to be one"),
        none,
        `${none}${signature}`,
        `${head}.${payload({ ...claims, sub: "mallory" })}.${signature}`,
        `${good}x`,
        good.slice(0, -2),
        "nonsense",
        "a.b.c",
        "..",
        " ",
      ];
      for (const token of forged) {
        const [status, detail] = await withToken(`Bearer ${token}`);
        expect([token, status]).toEqual([token, 401]);
        expect(detail).toMatch(/token/);
      }
      expect((await withToken(`Bearer ${forged[0]}`))[1]).toBe("the token has expired");
      for (const header of ["Bearer", "Basic YTpi", `Bearer ${good} ${good}`, `Token ${good}`]) {
        expect((await withToken(header))[0]).toBe(401);
      }
      const { headers } = await server.call("GET", "/me", { user: null });
      expect(headers.get("www-authenticate")).toContain("Bearer");
    });
  });

  it("a role for one namespace shows that namespace only, in lists, pages, watches and by name", async () => {
    await using watch = await WatchStream.open(server, "/kubernetes/applications?watch", "alice");
    for (const namespace of ["a", "b", "concealed"]) {
      for (const name of ["one", "two"]) {
        await server.ok("POST", applications(namespace), { body: sampleOf("Application", name) });
      }
    }
    const names = (list: Json) =>
      list.items.map((item: Json) => `${item.metadata.namespace}/${item.metadata.name}`);
    const all = await server.ok("GET", "/kubernetes/applications", { user: "alice" });
    expect(names(all)).toEqual(["a/one", "a/two"]);
    const found: string[] = [];
    for (let next: string | undefined = ""; next !== undefined;) {
      const query = `?limit=1&continue=${next}`;
      const page: Json = await server.ok("GET", `/kubernetes/applications${query}`, {
        user: "alice",
      });
      found.push(...names(page));
      next = page.metadata.continue;
      expect(Buffer.from(next ?? "", "base64url").toString()).not.toContain("concealed");
    }
    expect(found).toEqual(["a/one", "a/two"]);
    await server.ok("DELETE", `${applications("b")}/one?force=True`);
    await server.ok("DELETE", `${applications("a")}/one?force=True`);
    await waitFor("the end", () => watch.lines.at(-1) === "DELETED a/one");
    expect(watch.lines).toEqual(["ADDED a/one", "ADDED a/two", "DELETED a/one"]);
    for (const path of [
      applications("b"),
      `${applications("b")}?watch`,
      `${applications("b")}/two`,
      `${applications("b")}/missing`,
    ]) {
      expect((await server.call("GET", path, { user: "alice" })).status).toBe(403);
    }
  });

  it("a role for one namespace gives no right over what is in none, unless it names it", async () => {
    for (const path of ["/core/roles", "/core/rolebindings", "/core/globalmetrics"]) {
      expect((await server.call("GET", path, { user: "alice" })).status).toBe(403);
    }
    const grab = { metadata: { name: "grab" }, users: ["alice"], roles: ["role:system"] };
    expect(
      (await server.call("POST", "/core/rolebindings", { body: grab, user: "alice" })).status,
    ).toBe(403);
    await allow("dave", [
      { api: "core", resources: ["globalmetrics"], namespaces: [], verbs: ["list"] },
    ]);
    expect((await server.call("GET", "/core/globalmetrics", { user: "dave" })).status).toBe(200);
    expect((await server.call("GET", "/core/roles", { user: "dave" })).status).toBe(403);
  });

  it("a right that is taken away ends what an open watch shows, and the next request", async () => {
    await allow("erin", [
      { api: "kubernetes", resources: ["applications"], namespaces: ["e"], verbs: ["list"] },
    ]);
    await using watch = await WatchStream.open(server, `${applications("e")}?watch`, "erin");
    await server.ok("POST", applications("e"), { body: sampleOf("Application", "first") });
    await waitFor("the first", () => watch.lines.length === 1);
    await server.ok("DELETE", "/core/rolebindings/of:erin?force=True");
    await waitFor("the refusal", async () => {
      return (await server.call("GET", applications("e"), { user: "erin" })).status === 403;
    });
    await using control = await WatchStream.open(server, `${applications("e")}?watch`);
    await server.ok("POST", applications("e"), { body: sampleOf("Application", "second") });
    await waitFor("the second", () => control.lines.length === 1);
    expect(watch.lines).toEqual(["ADDED e/first"]);
  });

  it("verbs and sub-resources are rights of their own", async () => {
    await allow("frank", [
      {
        api: "kubernetes",
        resources: ["clusters"],
        namespaces: ["f"],
        verbs: ["get", "list", "create", "update"],
      },
    ]);
    const clusters = "/kubernetes/namespaces/f/clusters";
    const user = "frank";
    await server.ok("POST", clusters, { user, body: sampleOf("Cluster", "c") });
    const cluster = await server.ok("GET", `${clusters}/c`, { user });
    expect(JSON.stringify(cluster)).not.toContain("sample-token-77");
    expect((await server.call("GET", `${clusters}/c/kubeconfig`, { user })).status).toBe(403);
    expect((await server.call("PUT", `${clusters}/c/status`, { user, body: cluster })).status).toBe(
      403,
    );
    expect((await server.call("DELETE", `${clusters}/c`, { user })).status).toBe(403);
    // Whoever may write a cluster may not have its credentials sent to an address of their own.
    cluster.spec.kubeconfig.clusters[0].cluster.server = "http://127.0.0.1:2";
    const stolen = await server.call("PUT", `${clusters}/c`, { user, body: cluster });
    expect([stolen.status, stolen.body.errors[0].field]).toEqual([
      422,
      "spec.kubeconfig.users.0.user.token",
    ]);
  });

  it("every operation of the document is open to the right user only", async () => {
    const document = await server.ok("GET", "/openapi.json", { user: null });
    for (const [path, methods] of Object.entries<Json>(document.paths)) {
      for (const [method, operation] of Object.entries<Json>(methods)) {
        const types = Object.keys(operation.requestBody?.content ?? {});
        await walk(method.toUpperCase(), path, types[0]);
      }
    }
  });

  const openToAll = new Set(["/livez", "/readyz", "/metrics", "/login"]);
  const openToUsers = new Set(["/", "/me", "/me/rights", "/me/rules", "/release"]);
  const inside = "/kubernetes/namespaces/{namespace}/applications/{name}";
  const queries: Readonly<Record<string, string>> = {
    "/me/rights": "?verb=list&api=core&resource=roles",
    [`${inside}/exec`]: "?pod=p&command=c",
    [`${inside}/attach`]: "?pod=p",
    [`${inside}/portforward`]: "?pod=p&port=1",
  };
  let counter = 0;

  const walk = async (method: string, template: string, type?: string): Promise<void> => {
    const what = `${method} ${template}`;
    const kind = kinds.find(({ plural }) => template.split("/").includes(plural));
    counter += 1;
    const name = template.includes(AuditRecordKind.plural)
      ? await newestRecord()
      : `walk-${counter}`;
    const fill = (namespace: string) =>
      template
        .replace("{namespace}", namespace)
        .replace("{name}", name)
        .replace("{sequence}", "1")
        .replace("{generation}", "1") + (queries[template] ?? "");
    if (kind && template.includes("{name}")) {
      const scope = kind.namespaced ? "/namespaces/a" : "";
      const collection = `/${kind.api}${scope}/${kind.plural}`;
      await server.ok("POST", collection, { body: sampleOf(kind.kind, name) });
    }
    const body = await bodyOf(method, template, name);
    const statusOf = async (user: string | null, namespace: string): Promise<number> => {
      const headers = type === undefined ? {} : { headers: { "content-type": type } };
      const sent = body === undefined ? {} : { body, ...headers };
      return (await server.call(method, fill(namespace), { user, ...sent })).status;
    };
    const isOpen = openToAll.has(template);
    const needsName = isOpen || openToUsers.has(template);
    // Whoever has the token of a hook may call it.
    const isHook = /\/(?:complete|shutdown)$/.test(template);
    expect([what, await statusOf(null, "a")]).toEqual([what, isOpen || isHook ? 200 : 401]);
    const isListOfAll =
      kind?.namespaced === true && method === "GET" && !template.includes("{namespace}");
    // Nobody has decided about it, and it runs nowhere.
    const isEmpty =
      /\/(?:replay|pods|pods\/\{pod\}|cluster-events|tree|logs|exec|attach|portforward)$/.test(
        template,
      ) || template.endsWith("/applications/{name}/usage");
    // Of a cluster that is nowhere.
    const found = isEmpty ? 404 : isAskedOfNodes(template) ? 503 : 200;
    const success = template === "/release" ? 202 : found;
    const stranger = needsName || isListOfAll ? success : 403;
    expect([what, await statusOf("bob", "a")]).toEqual([what, stranger]);
    expect([what, await statusOf("nobody-in-particular", "a")]).toEqual([
      what,
      needsName ? success : 403,
    ]);
    expect([what, await statusOf("system:admin", "a")]).toEqual([what, success]);
  };

  /** Only the server makes these. */
  const newestRecord = (): Promise<string> =>
    waitFor("an audit record", async () => {
      const { items } = await server.ok("GET", "/core/auditrecords");
      return items.at(-1)?.metadata.name;
    });

  const bindingOf = async (kind: string, name: string): Promise<Json> => {
    const target = {
      Application: { api: "kubernetes", kind: "Cluster", plural: "clusters" },
      Cluster: { api: "infrastructure", kind: "Cloud", plural: "clouds" },
      MagnumCluster: { api: "openstack", kind: "Project", plural: "projects" },
    }[kind]!;
    const { plural, ...rest } = target;
    const body = sampleOf(target.kind, name);
    await server.ok("POST", `/${target.api}/namespaces/a/${plural}`, { body });
    const ref = { ...rest, namespace: "a", name };
    return kind === "MagnumCluster"
      ? { project: ref, template: "t" }
      : { [target.kind.toLowerCase()]: ref };
  };

  /** On an application that has what the actions are about. */
  const actionBodyOf = async (action: string, name: string): Promise<Json> => {
    const template = { spec: { containers: [{ name: "c", image: "i" }] } };
    const objects = [
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "w" }, spec: { template } },
      { apiVersion: "batch/v1", kind: "Job", metadata: { name: "j" }, spec: { template } },
    ];
    const body = { metadata: { name }, spec: { manifest: objects } };
    await server.ok("PUT", `${applications("a")}/${name}`, { body });
    if (action === "scale") return { workloads: [{ name: "w", replicas: 3 }] };
    if (action === "set-image") return { workloads: [{ name: "w", images: { c: "j" } }] };
    return action === "migrate" ? { to: "elsewhere" } : {};
  };

  /** What an operation is sent; one that takes a body and is not known here fails. */
  const bodyOf = async (method: string, template: string, name: string): Promise<Json> => {
    if (method === "GET" || method === "DELETE") return undefined;
    const kind = kinds.find(({ plural }) => template.split("/").includes(plural));
    if (template === "/core/tokens") return { user: "somebody" };
    if (/\/(?:plans|backtests)$/.test(template)) return {};
    if (template === "/core/tokens/revoke") return { token_id: name };
    if (template.endsWith("/serviceaccounts/{name}/token")) return {};
    if (template === "/core/secrets/reseal") return undefined;
    if (template === "/core/import") {
      const value = { metadata: { name, uid: name }, rules: [] };
      return { objects: [{ key: `/core/roles/${name}`, value: JSON.stringify(value) }] };
    }
    if (template === "/core/restore") {
      const { text } = await server.call("GET", "/core/backup");
      return { records: [JSON.parse(text.split("\n")[1]!)] };
    }
    if (template === "/bootstrap") {
      return { documents: [{ api: "core", kind: "Role", ...sampleOf("Role", name) }] };
    }
    if (!kind) throw new Error(`${method} ${template}: no case for this operation yet`);
    const action = applicationActions.find((one) => template.endsWith(`{name}/${one.name}`));
    if (action) return await actionBodyOf(action.name, name);
    if (template.endsWith("{name}/differences")) return {};
    if (template.endsWith("{name}/undo")) return await actionBodyOf("undo", name);
    if (method === "POST") return sampleOf(kind.kind, `${name}-new`);
    if (template.endsWith("/{name}")) {
      return { ...sampleOf(kind.kind, name), metadata: { name, labels: { walked: "yes" } } };
    }
    if (template.endsWith("/status")) return { status: {} };
    if (template.endsWith("/binding")) return await bindingOf(kind.kind, name);
    if (/\/(?:complete|shutdown|retry)$/.test(template)) {
      const conditions = [findingOf({ type: "Shutdown", status: "False" })];
      const status = { complete_token: "t", shutdown_token: "t", conditions };
      await server.ok("PUT", `${applications("a")}/${name}/status`, { body: { status } });
      return template.endsWith("/retry") ? undefined : { token: "t" };
    }
    throw new Error(`${method} ${template}: no case for this operation yet`);
  };

  describe("by its settings a server", () => {
    it("knows users from a file, by the hash of their token", async () => {
      const folder = mkdtempSync(join(tmpdir(), "octoplane-users-"));
      const file = join(folder, "users.yaml");
      const hash = createHash("sha256").update("tr0ub4dor&3").digest("hex");
      writeFileSync(file, `users:\n  - {name: grace, token_sha256: ${hash}}\n`);
      await using other = await open({ authentication: { static_users: file } });
      const me = async (token: string) =>
        await other.call("GET", "/me", {
          user: null,
          headers: { authorization: `Bearer ${token}` },
        });
      expect((await me("tr0ub4dor&3")).body.user).toBe("grace");
      expect((await me("tr0ub4dor&4")).status).toBe(401);
      expect((await me(hash)).status).toBe(401);
      expect((await me(other.tokenOf("heidi"))).body.user).toBe("heidi");
      writeFileSync(file, "users:\n  - {name: grace, token: clear}\n");
      await expect(open({ authentication: { static_users: file } })).rejects.toThrow(
        "users[0].token: unknown field",
      );
      rmSync(folder, { recursive: true });
    });

    it("lets anonymous in only when that is switched on, with a warning, and to no more than its roles allow", async () => {
      await using other = await open({ authentication: { allow_anonymous: true } });
      expect(other.logged()).toContain("anonymous access is on");
      expect((await other.ok("GET", "/me", { user: null })).user).toBe("system:anonymous");
      expect((await other.call("GET", "/core/roles", { user: null })).status).toBe(401);
      const wrong = await other.call("GET", "/me", {
        user: null,
        headers: { authorization: "Bearer wrong" },
      });
      expect(wrong.status).toBe(401);
    });

    it("may allow or deny everything", async () => {
      await using free = await open({ authorization: "always-allow" });
      expect(free.logged()).toContain("authorization is off");
      expect((await free.call("GET", "/core/roles", { user: "anyone" })).status).toBe(200);
      await using shut = await open({ authorization: "always-deny" });
      expect((await shut.call("GET", "/core/roles")).status).toBe(403);
      expect((await shut.call("GET", "/kubernetes/clusters")).status).toBe(403);
    });
  });
}
