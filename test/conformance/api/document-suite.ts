import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Compile } from "typebox/compile";
import { kinds } from "@octoplane/kinds/registry";
import type { Json } from "../../rest.ts";
import { collectionPath, routeTable } from "./route-table.ts";
import { sampleOf } from "./samples.ts";
import type { OpenServer, ServerBench } from "./server-bench.ts";

/** What the server says about itself: the document, the page to try it, health and figures. */
export function documentSuite(open: OpenServer): void {
  let server: ServerBench;
  let document: Json;
  beforeAll(async () => {
    server = await open({ docs: { problem_base_url: "https://example.org/problems" } });
    document = await server.ok("GET", "/openapi.json", { user: null });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** A schema of the document with what it refers to in its place. */
  const inlined = (value: Json): Json => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(inlined);
    if (typeof value.$ref === "string") {
      const parts: string[] = value.$ref.slice(2).split("/");
      return inlined(parts.reduce((found: Json, part) => found[part], document));
    }
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, inlined(part)]));
  };

  describe("the OpenAPI document", () => {
    it("names every operation that there is, and nothing that is not there", () => {
      expect(document.openapi).toBe("3.1.0");
      const named = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      );
      expect(named.toSorted()).toEqual(routeTable());
    });

    it("holds schemas that compile, and that fit what is sent and what is answered", async () => {
      for (const kind of kinds) {
        const { post } = document.paths[collectionPath(kind)];
        const sent: Json = inlined(post.requestBody.content["application/json"].schema);
        const answered: Json = inlined(post.responses["200"].content["application/json"].schema);
        const path = collectionPath(kind, "doc");
        const body = sampleOf(kind.kind, "documented");
        const answer = await server.ok("POST", path, { body });
        expect([kind.kind, [...Compile(answered).Errors(answer)]]).toEqual([kind.kind, []]);
        expect(Compile(sent).Check({ ...answer, unknown: 1 })).toBe(false);
        expect([kind.kind, [...Compile(sent).Errors(answer)]]).toEqual([kind.kind, []]);
      }
    });

    it("says of every operation what it does, and of all but the open ones that they need a token", () => {
      expect(document.security).toEqual([{ bearer: [] }]);
      for (const [path, methods] of Object.entries<Json>(document.paths)) {
        for (const [method, operation] of Object.entries<Json>(methods)) {
          expect([`${method} ${path}`, typeof operation.summary]).toEqual([
            `${method} ${path}`,
            "string",
          ]);
          expect(operation.tags).toHaveLength(1);
        }
      }
    });
  });

  it("the page to read and try it needs nothing from elsewhere", async () => {
    const page = await server.call("GET", "/docs/", { user: null });
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toContain("text/html");
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
    expect(links.length).toBeGreaterThan(2);
    for (const link of links) {
      expect(link).not.toMatch(/^(?:https?:)?\/\//);
      const { status } = await server.call("GET", new URL(link, "http://x/docs/").pathname, {
        user: null,
      });
      expect([link, status]).toEqual([link, 200]);
    }
    expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
  });

  it("problems point to where their title is explained", async () => {
    const { body } = await server.call("GET", "/core/roles/missing");
    expect(body.type).toBe("https://example.org/problems#not-found-error");
  });

  it("health and figures are open, name no object, and count requests by route", async () => {
    await server.call("GET", "/kubernetes/namespaces/secret-place/clusters");
    const get = async (path: string) => await server.call("GET", path, { user: null });
    expect(await get("/livez")).toMatchObject({ status: 200, text: "ok\n" });
    expect(await get("/readyz")).toMatchObject({ status: 200, text: "ok\n" });
    const { text } = await get("/metrics");
    expect(text).toMatch(
      /octoplane_requests_total\{method="GET",route="\/kubernetes\/namespaces\/:namespace\/clusters",status="200"\} 1/,
    );
    expect(text).not.toContain("secret-place");
  });

  it("the version and the roles of whoever asks are told", async () => {
    expect(await server.ok("GET", "/")).toEqual({ version: "test" });
    expect(await server.ok("GET", "/me")).toEqual({
      user: "system:admin",
      groups: [],
      roles: ["role:system"],
    });
    const release = await server.call("GET", "/release");
    expect([release.status, typeof release.body]).toEqual([202, "string"]);
    const { headers } = await server.call("GET", "/me");
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });
}
