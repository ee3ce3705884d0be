import { afterAll, beforeAll, expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import type { OpenServer, ServerBench } from "./server-bench.ts";

/** What is done with an application after it was handed in: each action is a guarded change of its specification. */
export function actionsSuite(open: OpenServer): void {
  let server: ServerBench;
  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const template = { spec: { containers: [{ name: "app", image: "app:1" }] } };
  const object = (apiVersion: string, kind: string, name: string) => ({
    apiVersion,
    kind,
    metadata: { name },
    spec: { template },
  });
  const manifest = [object("apps/v1", "Deployment", "web"), object("batch/v1", "Job", "load")];
  const path = (name: string): string => `/kubernetes/namespaces/shop/applications/${name}`;
  const create = async (name: string): Promise<Json> =>
    await server.ok("POST", "/kubernetes/namespaces/shop/applications", {
      body: { metadata: { name }, spec: { manifest } },
    });
  const act = async (name: string, action: string, body?: Json): Promise<Json> =>
    await server.ok("POST", `${path(name)}/${action}`, { body });

  it("an action is part of the specification, and what Krake's clients send leaves it there", async () => {
    const created = await create("kept");
    const scaled = await act("kept", "scale", { workloads: [{ name: "web", replicas: 3 }] });
    expect(scaled.metadata.generation).toBe(created.metadata.generation + 1);
    const adjustments = [{ kind: "Deployment", name: "web", replicas: 3 }];
    expect(scaled.spec.adjustments).toEqual(adjustments);
    expect(scaled.spec.manifest).toEqual(manifest);
    // A client that knows nothing of it hands in its file again.
    const { adjustments: _unknown, ...spec } = scaled.spec;
    const body = { metadata: { name: "kept", labels: { tier: "front" } }, spec };
    const replaced = await server.ok("PUT", path("kept"), { body });
    expect(replaced.spec.adjustments).toEqual(adjustments);
    const reset = await act("kept", "scale", { workloads: [{ name: "web", replicas: null }] });
    expect(reset.spec).not.toHaveProperty("adjustments");
  });

  it("an action that changes nothing is no mistake, and no change", async () => {
    await create("calm");
    const stopped = await act("calm", "stop");
    expect(await act("calm", "stop")).toEqual(stopped);
    const started = await act("calm", "start");
    expect(started.spec).not.toHaveProperty("stopped");
    expect(await act("calm", "start")).toEqual(started);
  });

  it("two at once are both done, and one that is held to an old state is not", async () => {
    const { metadata } = await create("busy");
    const images = ["a:1", "b:1", "c:1", "d:1"];
    await Promise.all([
      act("busy", "restart"),
      act("busy", "suspend", { workloads: [{ name: "load" }] }),
      ...images.map((image) =>
        act("busy", "set-image", { workloads: [{ name: "web", images: { app: image } }] }),
      ),
    ]);
    const { spec } = await server.ok("GET", path("busy"));
    expect(spec.adjustments.map(({ kind }: Json) => kind).toSorted()).toEqual([
      "Deployment",
      "Job",
    ]);
    const web = spec.adjustments.find(({ kind }: Json) => kind === "Deployment");
    expect(images).toContain(web.images.app);
    expect(web.restarted_at).toBeTypeOf("string");
    const headers = { "if-match": `"${metadata.resource_version}"` };
    const late = await server.call("POST", `${path("busy")}/stop`, { headers });
    expect(late.status).toBe(409);
    expect((await server.ok("GET", path("busy"))).spec).toEqual(spec);
  });

  it("what cannot be done is told by its field, and changes nothing", async () => {
    const created = await create("wrong");
    const refused = async (action: string, body: Json): Promise<Json> => {
      const { status, body: problem } = await server.call("POST", `${path("wrong")}/${action}`, {
        body,
      });
      expect(status).toBe(422);
      return problem.errors[0];
    };
    expect(await refused("scale", { workloads: [{ name: "wep", replicas: 1 }] })).toEqual({
      field: "workloads[0]",
      message: "expected a workload with replicas, found no wep (did you mean web?)",
    });
    expect(await refused("scale", { workloads: [{ name: "web", replicas: -1 }] })).toMatchObject({
      field: "workloads[0].replicas",
    });
    expect(await refused("stop", { remove: "yes" })).toMatchObject({ field: "remove" });
    expect(await refused("restart", { all: true })).toMatchObject({ field: "all" });
    expect(await server.ok("GET", path("wrong"))).toEqual(created);
    expect((await server.call("POST", `${path("nobody")}/stop`)).status).toBe(404);
  });

  it("a dry run tells what would be, and writes nothing", async () => {
    const created = await create("tried");
    const tried = await server.ok("POST", `${path("tried")}/stop?dryRun=All`);
    expect(tried.spec.stopped).toBe("scaled");
    expect(await server.ok("GET", path("tried"))).toEqual(created);
  });

  it("what was delivered before is kept, looked at and gone back to, wherever the application is to be now", async () => {
    const created = await create("undone");
    await act("undone", "set-image", { workloads: [{ name: "web", images: { app: "app:2" } }] });
    const moved = await act("undone", "migrate", { to: "berlin" });
    const { items } = await server.ok("GET", `${path("undone")}/revisions`);
    expect(items.map(({ generation }: Json) => generation)).toEqual([3, 2, 1]);
    expect(items.map(({ changes }: Json) => changes)).toEqual([
      [],
      [{ object: "Deployment/web (apps)", change: "changed" }],
      undefined,
    ]);
    expect(items[2].since).toBe(created.metadata.modified);
    expect(await server.ok("GET", `${path("undone")}/revisions/1`)).toMatchObject({
      generation: 1,
      spec: created.spec,
    });
    const tried = await server.ok("POST", `${path("undone")}/undo?dryRun=All`);
    expect(tried.spec).not.toHaveProperty("adjustments");
    const back = await act("undone", "undo");
    expect(back.spec).toEqual({ ...created.spec, placement: { cluster: "berlin" } });
    const forth = await act("undone", "undo", { generation: moved.metadata.generation });
    expect(forth.spec).toEqual(moved.spec);
    const nothing = await server.call("POST", `${path("undone")}/undo`, {
      body: { generation: 77 },
    });
    expect([nothing.status, nothing.body.detail]).toEqual([
      404,
      expect.stringContaining("no specification 77 (kept are 5, 4, 3, 2, 1)"),
    ]);
    await create("young");
    expect((await server.call("POST", `${path("young")}/undo`)).body.code).toBe("NoChange");
  });

  it("each needs a right of its own, and is told in the audit trail", async () => {
    await create("guarded");
    const rules = [
      {
        api: "kubernetes",
        resources: ["applications/restart"],
        namespaces: ["shop"],
        verbs: ["update"],
      },
    ];
    await server.ok("POST", "/core/roles", { body: { metadata: { name: "restarter" }, rules } });
    const binding = { metadata: { name: "restarters" }, users: ["rita"], roles: ["restarter"] };
    await server.ok("POST", "/core/rolebindings", { body: binding });
    const asRita = async (action: string): Promise<number> =>
      (await server.call("POST", `${path("guarded")}/${action}`, { user: "rita" })).status;
    expect(await asRita("restart")).toBe(200);
    expect(await asRita("stop")).toBe(403);
    const told = await waitFor("two audit records", async () => {
      const { items } = await server.ok("GET", "/core/auditrecords");
      const all: readonly Json[] = items
        .map(({ spec }: Json) => [spec.user, spec.verb, spec.resource, spec.name, spec.status])
        .filter(([user]: Json) => user === "rita");
      return all.length === 2 && all;
    });
    expect(told).toEqual([
      ["rita", "update", "applications/restart", "guarded", 200],
      ["rita", "update", "applications/stop", "guarded", 403],
    ]);
  });
}
