import { afterAll, beforeAll, expect, it } from "vitest";
import type { OpenServer, ServerBench } from "./server-bench.ts";

const origin = "https://ui.example.org";
const path = "/kubernetes/namespaces/team/clusters";

/** Pages of other origins: none unless one is configured, and never any with credentials. */
export function corsSuite(open: OpenServer): void {
  let closed: ServerBench;
  beforeAll(async () => {
    closed = await open();
  });
  afterAll(() => closed[Symbol.asyncDispose]());

  const ask = async (server: ServerBench, from: string) =>
    await server.call("OPTIONS", path, {
      user: null,
      headers: {
        origin: from,
        "access-control-request-method": "PUT",
        "access-control-request-headers": "authorization",
      },
    });

  it("a server allows no other origin by itself", async () => {
    const { status, headers } = await ask(closed, origin);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(headers.get("access-control-allow-origin")).toBeNull();
    const answer = await closed.call("GET", path, { headers: { origin } });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("allows the one that is configured, on every route, and no other", async () => {
    await using server = await open({ authentication: { cors_origin: origin } });
    const { status, headers } = await ask(server, origin);
    expect(status).toBe(204);
    expect(Object.fromEntries(headers)).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "DELETE, GET, OPTIONS, PATCH, POST, PUT",
      vary: "origin",
    });
    expect(headers.get("access-control-allow-headers")).toContain("authorization");
    const refused = await server.call("GET", path, { user: null, headers: { origin } });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([
      401,
      origin,
    ]);
    for (const other of ["https://evil.example", `${origin}.evil.example`, "null"]) {
      const answer = await ask(server, other);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
    expect((await server.call("OPTIONS", path, { headers: { origin } })).status).toBe(405);
  });

  it("allows any without the credentials of browsers, when that is configured", async () => {
    await using server = await open({ authentication: { cors_origin: "*" } });
    const { status, headers } = await ask(server, "https://anyone.example");
    expect([status, headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
    expect(headers.get("access-control-allow-credentials")).toBeNull();
  });

  it("lets no page change anything that it may not read, with what a browser adds by itself", async () => {
    const app = "/kubernetes/namespaces/team/applications/held";
    const stop = async (server: ServerBench, headers: Readonly<Record<string, string>>) => {
      const spec = { manifest: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" } }] };
      await server.call("DELETE", `${app}?force=true`);
      await server.ok("POST", "/kubernetes/namespaces/team/applications", {
        body: { metadata: { name: "held" }, spec },
      });
      // Without a body no browser asks first whether it may.
      const { status } = await server.call("POST", `${app}/stop`, { headers });
      const { stopped } = (await server.ok("GET", app)).spec;
      return [status, stopped];
    };
    expect(await stop(closed, { origin })).toEqual([403, undefined]);
    expect(await stop(closed, { origin: "null" })).toEqual([403, undefined]);
    expect(await stop(closed, { origin: closed.address })).toEqual([200, "scaled"]);
    const told = { origin, "sec-fetch-site": "same-origin" };
    expect(await stop(closed, told)).toEqual([200, "scaled"]);
    for (const allowed of [origin, "*"]) {
      await using server = await open({ authentication: { cors_origin: allowed } });
      expect(await stop(server, { origin })).toEqual([200, "scaled"]);
    }
  });

  it("does not start with what is no origin", async () => {
    for (const wrong of ["ui.example.org", `${origin}/`, `${origin}/page`, "ftp://x", ""]) {
      await expect(open({ authentication: { cors_origin: wrong } })).rejects.toThrow("cors_origin");
    }
  });
}
