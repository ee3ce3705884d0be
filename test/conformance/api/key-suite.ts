import { afterAll, beforeAll, expect, it } from "vitest";
import { systemRandom } from "@octoplane/shared/random";
import { waitFor } from "../../wait-for.ts";
import { sampleOf } from "./samples.ts";
import type { OpenServer, ServerBench } from "./server-bench.ts";

const namespace = "keys";

/** What the server tells of the keys that credentials are sealed with, and how it ends a rotation. */
export function keySuite(open: OpenServer): void {
  let server: ServerBench;
  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it("counts what each key seals, and brings everything under the one in use", async () => {
    const { sealer } = server.bench;
    const [first] = sealer.keyIds;
    const path = `/kubernetes/namespaces/${namespace}/clusters`;
    await server.ok("POST", path, { body: sampleOf("Cluster", "edge") });
    const before = await server.ok("GET", "/core/secrets/keys");
    expect(before).toEqual({ items: [{ id: first, state: "current", records: 1 }] });
    const fresh = systemRandom.bytes(32);
    sealer.replaceKeys([fresh]);
    const [second] = sealer.keyIds;
    expect(await server.ok("GET", "/core/secrets/keys")).toEqual({
      items: [
        { id: second, state: "current", records: 0 },
        { id: first, state: "missing", records: 1 },
      ],
    });
    const lost = await server.ok("POST", "/core/secrets/reseal");
    const edge = { api: "kubernetes", kind: "Cluster", namespace, name: "edge" };
    expect(lost).toMatchObject({ resealed: 0, failed: 1, unopened: [edge] });
    await server.ok("PUT", `${path}/edge`, { body: sampleOf("Cluster", "edge") });
    expect(await server.ok("POST", "/core/secrets/reseal")).toEqual({
      resealed: 0,
      unchanged: 1,
      failed: 0,
      unopened: [],
      keys: [{ id: second, state: "current", records: 1 }],
    });
    expect(server.logged()).toContain("credentials were resealed");
  });

  it("asks for a right of its own for each", async () => {
    const allow = async (user: string, verbs: readonly string[]): Promise<void> => {
      const rules = [{ api: "core", resources: ["secrets"], namespaces: [""], verbs }];
      const role = { metadata: { name: `of:${user}` }, rules };
      await server.ok("POST", "/core/roles", { body: role });
      const binding = { metadata: { name: `of:${user}` }, users: [user], roles: [`of:${user}`] };
      await server.ok("POST", "/core/rolebindings", { body: binding });
      await waitFor(`the role of ${user}`, async () =>
        (await server.ok("GET", "/me", { user })).roles.includes(`of:${user}`),
      );
    };
    await allow("looker", ["get"]);
    await allow("keeper", ["update"]);
    const statuses = async (user: string): Promise<readonly number[]> => [
      (await server.call("GET", "/core/secrets/keys", { user })).status,
      (await server.call("POST", "/core/secrets/reseal", { user })).status,
    ];
    expect(await statuses("nobody")).toEqual([403, 403]);
    expect(await statuses("looker")).toEqual([200, 403]);
    expect(await statuses("keeper")).toEqual([403, 200]);
  });
}
