import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import jwt from "jsonwebtoken";
import { expect, it } from "vitest";
import { waitFor } from "../../wait-for.ts";
import type { OpenServer, ServerBench } from "./server-bench.ts";

/** All methods of authentication at once, the rate of requests, and what every answer carries. */
export function methodsSuite(open: OpenServer): void {
  const me = (server: ServerBench, authorization?: string) =>
    server.call("GET", "/me", {
      user: null,
      headers: authorization === undefined ? {} : { authorization },
    });

  it("methods stand beside each other, and one that fails never makes room for another", async () => {
    const folder = mkdtempSync(join(tmpdir(), "octoplane-methods-"));
    const hash = createHash("sha256").update("static-secret").digest("hex");
    const file = join(folder, "users.yaml");
    writeFileSync(file, `users: [{name: grace, token_sha256: ${hash}}]\n`);
    let isDown = false;
    const asked: (string | undefined)[] = [];
    const keystone = createServer((request, response) => {
      const token = String(request.headers["x-auth-token"]);
      asked.push(token);
      if (isDown) return response.writeHead(500).end();
      if (token !== "keystones") return response.writeHead(404).end("{}");
      return response.end(JSON.stringify({ token: { user: { name: "kim" } } }));
    });
    await new Promise<void>((resolve) => keystone.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(keystone.address() as AddressInfo).port}`;
    const server = await open({
      authentication: {
        allow_anonymous: true,
        static_users: file,
        oidc: [{ issuer: `${address}/realm`, audience: "octoplane" }],
        strategy: { keystone: { enabled: true, endpoint: address } },
      },
    });
    const nameOf = async (authorization?: string) => {
      const { status, body } = await me(server, authorization);
      return status === 200 ? body.user : status;
    };
    expect(await nameOf()).toBe("system:anonymous");
    expect(await nameOf(`Bearer ${server.tokenOf("alice")}`)).toBe("alice");
    expect(await nameOf("Bearer static-secret")).toBe("grace");
    // Secrets that we know ourselves are shown to nobody else.
    expect(asked).toEqual([]);
    expect(await nameOf("keystones")).toBe("kim");
    expect(await nameOf("nobody's")).toBe(401);
    const ours = jwt.sign({ sub: "a", iss: "octoplane", aud: "octoplane" }, "x".repeat(32));
    expect(await nameOf(`Bearer ${ours}`)).toBe(401);
    // The keys of this issuer cannot be had: that is no reason to ask Keystone, nor to be anonymous.
    const theirs = jwt.sign({ sub: "a", iss: `${address}/realm` }, "x".repeat(32));
    expect(await nameOf(`Bearer ${theirs}`)).toBe(503);
    expect(asked.filter((token) => token !== "undefined")).toEqual(["keystones", "nobody's"]);
    isDown = true;
    expect(await nameOf("another's")).toBe(503);
    expect(await nameOf("keystones")).toBe("kim");
    // Keystone may know the token by other texts: only those of the user can be revoked, all of them.
    const revoke = (body: object) => server.call("POST", "/core/tokens/revoke", { body });
    expect((await revoke({ token: "keystones" })).body.detail).toContain("its own server ends it");
    await revoke({ user: "kim" });
    expect(await nameOf("keystones")).toBe(401);
    expect(server.logged()).not.toMatch(/static-secret|keystones|nobody's/);
    await server[Symbol.asyncDispose]();
    keystone.closeAllConnections();
    keystone.close();
    rmSync(folder, { recursive: true });
  });

  it("with the static strategy, who sends nothing is one user, and who sends something is not", async () => {
    await using server = await open({
      authentication: {
        allow_anonymous: true,
        strategy: { static: { enabled: true, name: "team-lead" } },
      },
    });
    expect(server.logged()).toContain("is team-lead, without any proof");
    const nameOf = async (authorization?: string) => {
      const { status, body } = await me(server, authorization);
      return status === 200 ? body.user : status;
    };
    expect(await nameOf()).toBe("team-lead");
    expect(await nameOf(`Bearer ${server.tokenOf("alice")}`)).toBe("alice");
    for (const wrong of ["Bearer wrong", "wrong", "Basic YTpi", "Bearer a b", "Bearer", ""]) {
      expect([wrong, await nameOf(wrong)]).toEqual([wrong, 401]);
    }
    // The user may what its roles allow: nothing, as long as it has none.
    const roles = () => server.call("GET", "/core/roles", { user: null });
    expect((await roles()).status).toBe(403);
    const binding = { metadata: { name: "lead" }, users: ["team-lead"], roles: ["role:system"] };
    await server.ok("POST", "/core/rolebindings", { body: binding });
    await waitFor("the right of the lead", async () => (await roles()).status === 200);
    // There is no token that could be revoked: a revocation ends the tokens of that name, and no more.
    const token = `Bearer ${server.tokenOf("team-lead")}`;
    await server.call("POST", "/core/tokens/revoke", { body: { user: "team-lead" } });
    await waitFor("the end of the token", async () => (await nameOf(token)) === 401);
    expect(await nameOf()).toBe("team-lead");
  });

  it("settings of a method that are wrong stop the start, and are named", async () => {
    const issuer = { issuer: "https://x", audience: "a" };
    const wrong: readonly [object, string][] = [
      [{ oidc: [{ issuer: "https://x" }] }, "oidc[0].audience"],
      [{ oidc: [{ ...issuer, issuer: "x" }] }, "oidc[0].issuer"],
      [{ oidc: [{ ...issuer, claim: "sub" }] }, "oidc[0].claim: unknown field"],
      [{ strategy: { keystone: { enabled: true, endpoint: "http://x/" } } }, "keystone.endpoint"],
      [{ strategy: { static: { user: "x" } } }, "strategy.static.user: unknown field"],
      [{ strategy: { static: { name: "" } } }, "strategy.static.name"],
      [{ strategy: { static: { enabled: true, name: "a\nb" } } }, "strategy.static.name"],
      [
        { strategy: { static: { enabled: true, name: "system:serviceaccount:ci:bot" } } },
        "only service accounts",
      ],
    ];
    for (const [authentication, message] of wrong) {
      await expect(open({ authentication })).rejects.toThrow(message);
    }
  });

  it("who sends too much is told when to come back, others are served", async () => {
    const rate_limit = { requests_per_second: 0.01, burst: 3 };
    await using server = await open({ rate_limit });
    const alice = `Bearer ${server.tokenOf("alice")}`;
    const statuses: number[] = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await me(server, alice)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    // By who one is, not by the token.
    const refused = await me(server, `Bearer ${server.tokenOf("alice")}`);
    expect([refused.status, refused.body.code]).toEqual([429, "TooManyRequests"]);
    expect(refused.headers.get("content-type")).toContain("application/problem+json");
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(90);
    expect(seconds).toBeLessThanOrEqual(100);
    expect((await me(server, `Bearer ${server.tokenOf("bob")}`)).status).toBe(200);
    expect((await server.call("GET", "/livez", { user: null })).status).toBe(200);
  });

  it("every answer says that it is not to be framed, sniffed or run, whatever it is", async () => {
    await using server = await open();
    const paths = ["/me", "/livez", "/openapi.json", "/nowhere", "/core/roles/none", "/docs/"];
    for (const user of [null, "system:admin"]) {
      for (const path of paths) {
        const { headers } = await server.call("GET", path, { user });
        expect([path, headers.get("x-frame-options")]).toEqual([path, "DENY"]);
        expect(headers.get("x-content-type-options")).toBe("nosniff");
        expect(headers.get("referrer-policy")).toBe("no-referrer");
        expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
        const policy = headers.get("content-security-policy");
        expect([path, policy]).toEqual([path, expect.stringContaining("default-src")]);
      }
    }
  });
}
