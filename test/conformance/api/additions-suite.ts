import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openClient } from "@octoplane/client/client";
import { watch } from "@octoplane/client/watch";
import { ApplicationKind } from "@octoplane/kinds/application";
import type { AnyKind } from "@octoplane/kinds/kind";
import { kinds } from "@octoplane/kinds/registry";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import { changed, sampleOf } from "./samples.ts";
import { WatchStream, type Answer, type OpenServer, type ServerBench } from "./server-bench.ts";

const mergePatch = { "content-type": "application/merge-patch+json" };

/** What is added to Krake's contract: patches, dry runs, selectors, summaries, preconditions. */
export function additionsSuite(open: OpenServer): void {
  let server: ServerBench;
  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const collectionOf = (kind: AnyKind, namespace = "add"): string =>
    `/${kind.api}${kind.namespaced ? `/namespaces/${namespace}` : ""}/${kind.plural}`;
  const applications = (namespace: string): string =>
    `/kubernetes/namespaces/${namespace}/applications`;
  const create = async (namespace: string, name: string, labels: object = {}): Promise<Json> => {
    const body = sampleOf("Application", name);
    return await server.ok("POST", applications(namespace), {
      body: { ...body, metadata: { name, labels } },
    });
  };
  const patch = async (path: string, body: unknown, headers: object = {}): Promise<Answer> =>
    await server.call("PATCH", path, { body, headers: { ...mergePatch, ...headers } });

  describe("a patch", () => {
    it.each(kinds.map((kind) => [kind.kind, kind] as const))(
      "changes what it names of one %s, and what comes of nothing is 400",
      async (_name, kind) => {
        const body = sampleOf(kind.kind, "patched");
        const before = await server.ok("POST", collectionOf(kind), { body });
        const path = `${collectionOf(kind)}/patched`;
        const { metadata: _metadata, ...fields } = changed(kind.kind, body);
        const sent = { ...fields, metadata: { labels: { a: "1", b: "2" } } };
        const { status, body: after, headers } = await patch(path, sent);
        expect([status, after.metadata.generation, after.metadata.uid]).toEqual([
          200,
          2,
          before.metadata.uid,
        ]);
        expect(after.metadata.labels).toEqual({ a: "1", b: "2" });
        expect(headers.get("etag")).toBe(`"${after.metadata.resource_version}"`);
        expect(await server.ok("GET", path)).toEqual(after);
        const again = await patch(path, sent);
        expect([again.status, again.body.code]).toEqual([400, "NoChange"]);
        const removed = await patch(path, { metadata: { labels: { a: null } } });
        expect(removed.body.metadata).toMatchObject({ labels: { b: "2" }, generation: 2 });
      },
    );

    it("keeps credentials that it does not name, and removes what a PUT could only leave out", async () => {
      const clusters = "/kubernetes/namespaces/add/clusters";
      await server.ok("POST", clusters, { body: sampleOf("Cluster", "secretive") });
      const { body } = await patch(`${clusters}/secretive`, { metadata: { labels: { x: "y" } } });
      expect(JSON.stringify(body)).not.toContain("sample-token-77");
      const opened = await server.ok("GET", `${clusters}/secretive/kubeconfig`);
      expect(opened.users[0].user.token).toBe("sample-token-77");
      await create("add", "moving");
      const path = `${applications("add")}/moving`;
      expect((await patch(path, { spec: { reschedule_after: 60 } })).body.spec).toMatchObject({
        reschedule_after: 60,
      });
      const cleared = await patch(path, { spec: { reschedule_after: null } });
      expect([cleared.status, cleared.body.spec.reschedule_after]).toEqual([200, undefined]);
    });

    it("with a guard that is stale is 409, by header and by body; without one nothing is lost", async () => {
      const first = await create("add", "guarded");
      const path = `${applications("add")}/guarded`;
      const { resource_version, modified } = first.metadata;
      const ifMatch = { "if-match": `"${resource_version}"` };
      const label = (name: string) => ({ metadata: { labels: { [name]: "1" } } });
      expect((await patch(path, label("a"), ifMatch)).status).toBe(200);
      expect((await patch(path, label("b"), ifMatch)).body.code).toBe("Conflict");
      for (const guard of [{ resource_version }, { modified }]) {
        const stale = { metadata: { ...guard, labels: { b: "1" } } };
        expect((await patch(path, stale)).status).toBe(409);
        expect((await patch(path, stale, { "if-match": "*" })).status).toBe(409);
      }
      const names = ["c", "d", "e", "f"];
      const answers = await Promise.all(names.map((name) => patch(path, label(name))));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      const { labels } = (await server.ok("GET", path)).metadata;
      expect(Object.keys(labels).toSorted()).toEqual(["a", ...names]);
    });

    it("is refused where a PUT is, and when it is not one", async () => {
      await create("add", "refused");
      const path = `${applications("add")}/refused`;
      const refused = async (body: unknown) => {
        const answer = await patch(path, body);
        return [answer.status, answer.body.code];
      };
      expect(await refused({})).toEqual([400, "NoChange"]);
      expect(await refused({ status: { state: "RUNNING" } })).toEqual([400, "NoChange"]);
      expect(await refused({ metadata: { name: "other" } })).toEqual([400, "Immutable"]);
      expect(await refused({ metadata: null })).toEqual([422, "Invalid"]);
      expect(await refused({ spec: { unknown: 1 } })).toEqual([422, "Invalid"]);
      expect(await refused([])).toEqual([422, "Invalid"]);
      expect(await refused("{")).toEqual([415, "Unparsable"]);
      const wrongType = { body: {}, headers: { "content-type": "application/json" } };
      expect((await server.call("PATCH", path, wrongType)).status).toBe(415);
      expect((await server.call("PATCH", path)).status).toBe(415);
      expect((await server.call("PUT", path, { body: {}, headers: mergePatch })).status).toBe(415);
      expect((await patch(`${applications("add")}/missing`, {})).status).toBe(404);
    });
  });

  describe("a dry run", () => {
    it.each(kinds.map((kind) => [kind.kind, kind] as const))(
      "of every write of one %s answers what would be stored, and stores nothing",
      async (_name, kind) => {
        const collection = collectionOf(kind, "dry");
        const body = sampleOf(kind.kind, "dry");
        const would = await server.ok("POST", `${collection}?dryRun=All`, { body });
        expect(would.metadata).toMatchObject({ name: "dry", generation: 1, deleted: null });
        const path = `${collection}/dry`;
        expect((await server.call("GET", path)).status).toBe(404);
        const stored = await server.ok("POST", collection, { body });
        expect((await server.call("POST", `${collection}?dryRun=All`, { body })).status).toBe(409);
        // The store moves on meanwhile; the version of this object does not.
        await create("dry", `beside-${kind.plural}`);
        const next = changed(kind.kind, body);
        const put = await server.ok("PUT", `${path}?dryRun=All`, { body: next });
        const { resource_version } = stored.metadata;
        expect(put.metadata).toMatchObject({ generation: 2, resource_version });
        const patched = await patch(`${path}?dryRun=All`, { metadata: { labels: { a: "b" } } });
        expect(patched.body.metadata.labels).toEqual({ a: "b" });
        for (const force of ["", "&force=True"]) {
          const removed = await server.ok("DELETE", `${path}?dryRun=All${force}`);
          expect(typeof removed.metadata.deleted).toBe("string");
        }
        const equal = await server.call("PUT", `${path}?dryRun=All`, { body });
        expect(equal.status).toBe(kind.answersEqualPut === true ? 200 : 400);
        if (kind.status) {
          const status = { state: stored.status.state };
          await server.ok("PUT", `${path}/status?dryRun=All`, { body: { status } });
        }
        expect(await server.ok("GET", path)).toEqual(stored);
        // What it answered can be sent back: its version is the one that is there.
        expect((await server.call("PUT", path, { body: put })).status).toBe(200);
        const guarded = await server.call("PUT", `${path}?dryRun=All`, { body: put });
        expect([guarded.status, guarded.body.code]).toEqual([409, "Conflict"]);
      },
    );

    it("of a binding and of a shutdown's second chance changes nothing either", async () => {
      await create("dry", "bound");
      await server.ok("POST", "/kubernetes/namespaces/dry/clusters", {
        body: sampleOf("Cluster", "target"),
      });
      const path = `${applications("dry")}/bound`;
      const before = await server.ok("GET", path);
      const cluster = { api: "kubernetes", kind: "Cluster", namespace: "dry", name: "target" };
      const would = await server.ok("PUT", `${path}/binding?dryRun=All`, { body: { cluster } });
      expect(would.status.scheduled_to).toEqual(cluster);
      expect((await server.call("PUT", `${path}/retry?dryRun=All`)).status).toBe(400);
      expect(await server.ok("GET", path)).toEqual(before);
    });

    it("is refused where there is none, before anything is done", async () => {
      const document = await server.ok("GET", "/openapi.json", { user: null });
      const without: string[] = [];
      for (const [path, methods] of Object.entries<Json>(document.paths)) {
        for (const [method, { parameters = [] }] of Object.entries<Json>(methods)) {
          if (method === "get" || parameters.some(({ name }: Json) => name === "dryRun")) continue;
          without.push(`${method} ${path}`);
          const body = { user: "somebody" };
          const answer = await server.call(method.toUpperCase(), `${path}?dryRun=All`, { body });
          expect([path, answer.status, answer.body.errors[0].field]).toEqual([path, 422, "dryRun"]);
        }
      }
      expect(without).toContain("post /core/tokens");
      expect(without.filter((route) => /\{name\}/.test(route))).toEqual([
        "post /core/namespaces/{namespace}/serviceaccounts/{name}/token",
        "post /kubernetes/namespaces/{namespace}/applications/{name}/differences",
        "delete /kubernetes/namespaces/{namespace}/applications/{name}/pods/{pod}",
      ]);
    });

    it("does not wait for what will not come, and any other value is 422, before anything happens", async () => {
      const body = sampleOf("Application", "unborn");
      const query = "dryRun=All&blocking=running";
      await server.ok("POST", `${applications("dry")}?${query}`, { body });
      await create("dry", "standing");
      const path = `${applications("dry")}/standing`;
      await server.ok("DELETE", `${path}?dryRun=All&blocking=deleted`);
      for (const value of ["", "all", "true", "All&dryRun=All"]) {
        const answer = await server.call("DELETE", `${path}?dryRun=${value}`);
        expect([value, answer.status, answer.body.errors[0].field]).toEqual([value, 422, "dryRun"]);
      }
      expect((await server.ok("GET", path)).metadata.deleted).toBeNull();
    });
  });

  describe("a selector", () => {
    beforeAll(async () => {
      await create("sel", "one", { tier: "web", zone: "a" });
      await create("sel", "two", { tier: "web" });
      await create("sel", "three", { tier: "db" });
      await create("sel", "four");
    });

    it.each([
      ["labelSelector=tier", ["one", "three", "two"]],
      ["labelSelector=!tier", ["four"]],
      ["labelSelector=tier=web,zone!=a", ["two"]],
      ["labelSelector=tier in (web, db),!zone", ["three", "two"]],
      ["labelSelector=tier notin (web)", ["four", "three"]],
      ["labelSelector=", ["four", "one", "three", "two"]],
      ["fieldSelector=metadata.name=one", ["one"]],
      ["fieldSelector=metadata.name!=one,status.state=PENDING", ["four", "three", "two"]],
      ["fieldSelector=status.state=RUNNING", []],
      ["labelSelector=tier&fieldSelector=metadata.name!=two", ["one", "three"]],
    ])("lists with %s just these: %j", async (query, names) => {
      const [name, ...rest] = query.split("=");
      const [value, second] = rest.join("=").split("&fieldSelector=");
      const more = second === undefined ? {} : { fieldSelector: second };
      const text = new URLSearchParams({ [name!]: value!, ...more }).toString();
      const { items } = await server.ok("GET", `${applications("sel")}?${text}`);
      expect(items.map((item: Json) => item.metadata.name)).toEqual(names);
    });

    it("works over all namespaces and over pages, and chooses by namespace", async () => {
      const everywhere = "/kubernetes/applications";
      const query = "fieldSelector=metadata.namespace%3Dsel&labelSelector=tier";
      const { items } = await server.ok("GET", `${everywhere}?${query}`);
      expect(items).toHaveLength(3);
      const names: string[] = [];
      for (let next: string | undefined = ""; next !== undefined;) {
        const page = `${applications("sel")}?labelSelector=tier%3Ddb&limit=1&continue=${next}`;
        const { items: some, metadata } = await server.ok("GET", page);
        names.push(...some.map((item: Json) => item.metadata.name));
        next = metadata.continue;
      }
      expect(names).toEqual(["three"]);
    });

    it("that cannot be read is 422 and told with its place, on lists and watches", async () => {
      for (const [name, text, place] of [
        ["labelSelector", "tier in (", 10],
        ["labelSelector", "a,,b", 3],
        ["fieldSelector", "spec.backoff=1", 1],
      ] as const) {
        for (const watch of ["", "&watch"]) {
          const query = `${name}=${encodeURIComponent(text)}${watch}`;
          const { status, body } = await server.call("GET", `${applications("sel")}?${query}`);
          expect([status, body.errors[0].field]).toEqual([422, name]);
          expect(body.errors[0].message).toContain(`at character ${place}: `);
        }
      }
    });

    it("tells a watch what enters as ADDED and what leaves as DELETED, and nothing else", async () => {
      const path = applications("seen");
      const { metadata } = await server.ok("GET", path);
      const query = `watch&labelSelector=tier%3Dweb`;
      await using stream = await WatchStream.open(server, `${path}?${query}`);
      await create("seen", "a", { tier: "db" });
      const label = async (value: string | null, more: object = {}): Promise<void> => {
        await patch(`${path}/a`, { metadata: { labels: { tier: value, ...more } } });
      };
      await label("web");
      await label("web", { x: "1" });
      await label("db");
      await label(null);
      await create("seen", "b", { tier: "web" });
      const expected = ["ADDED seen/a", "MODIFIED seen/a", "DELETED seen/a", "ADDED seen/b"];
      await waitFor("the events", () => stream.lines.length >= 4, { seen: () => stream.lines });
      expect(stream.lines).toEqual(expected);
      expect(stream.events[2]!.object.metadata.labels).toEqual({ tier: "web", x: "1" });
      // One who comes back hears the same, and from the version of any of them what came after it.
      const since = async (version: string, count: number): Promise<readonly string[]> => {
        const from = `${path}?${query}&resource_version=${version}`;
        await using resumed = await WatchStream.open(server, from);
        await waitFor("the events", () => resumed.lines.length >= count);
        return resumed.lines;
      };
      expect(await since(metadata.resource_version, 4)).toEqual(expected);
      const left = stream.events[2]!.object.metadata.resource_version;
      expect(await since(left, 1)).toEqual(["ADDED seen/b"]);
    });
  });

  describe("a summary", () => {
    it("of an application keeps its shape without what is large, in reads, lists and watches", async () => {
      const path = applications("sum");
      await using stream = await WatchStream.open(server, `${path}?watch&view=summary`);
      await using full = await WatchStream.open(server, `${path}?watch`);
      const whole = await create("sum", "a", { x: "y" });
      const { manifest: _manifest, ...spec } = whole.spec;
      const resource_version = `${whole.metadata.resource_version}~`;
      const summary = {
        ...whole,
        metadata: { ...whole.metadata, resource_version },
        spec: { ...spec, manifest: [], observer_schema: [] },
      };
      expect(whole.spec.manifest).toHaveLength(1);
      expect(await server.ok("GET", `${path}/a?view=summary`)).toEqual(summary);
      expect((await server.ok("GET", `${path}?view=summary`)).items).toEqual([summary]);
      expect((await server.ok("GET", `${path}?view=full`)).items).toEqual([whole]);
      await waitFor("both", () => stream.events.length + full.events.length >= 2);
      expect(stream.events[0]!.object).toEqual(summary);
      expect(full.events[0]!.object).toEqual(whole);
      for (const one of [path, `${path}/a`, `${path}?watch`]) {
        const query = one.includes("?") ? "&view=short" : "?view=short";
        expect((await server.call("GET", `${one}${query}`)).status).toBe(422);
      }
    });

    it("sent back is refused, even where it would pass for a whole object; a patch may be guarded by it", async () => {
      const path = `${applications("sum")}/archived`;
      const manifest = sampleOf("Application", "archived").spec.manifest;
      const spec = { manifest, csar: "https://example.org/a.csar" };
      const body = { metadata: { name: "archived" }, spec };
      await server.ok("POST", applications("sum"), { body });
      const summary = await server.ok("GET", `${path}?view=summary`);
      const put = await server.call("PUT", path, { body: summary });
      expect([put.status, put.body.errors[0].field]).toEqual([422, "metadata.resource_version"]);
      expect((await server.ok("GET", path)).spec.manifest).toEqual(manifest);
      const { resource_version } = summary.metadata;
      const guarded = await patch(path, { metadata: { labels: { a: "b" }, resource_version } });
      expect(guarded.status).toBe(200);
      const stale = await patch(path, { metadata: { labels: { a: "c" }, resource_version } });
      expect(stale.status).toBe(409);
    });
  });

  it("the client speaks all of it, and its watch keeps to the selection", async () => {
    const token = server.tokenOf("system:admin");
    const apps = openClient({ address: server.address, token }).of(ApplicationKind);
    await create("client", "a", { tier: "web" });
    await create("client", "b");
    const selection = { namespace: "client", labelSelector: "tier", view: "summary" } as const;
    const { items } = await apps.list(selection);
    expect(items.map(({ metadata, spec }) => [metadata.name, spec.manifest])).toEqual([["a", []]]);
    const ref = { namespace: "client", name: "b" };
    const entering = { metadata: { labels: { tier: "db" } } };
    const would = await apps.patch(ref, entering, { dryRun: true });
    expect(would.metadata.labels).toEqual({ tier: "db" });
    const told: string[] = [];
    for await (const event of watch(apps, selection)) {
      told.push(
        event.type === "SYNCED" ? event.type : `${event.type} ${event.object.metadata.name}`,
      );
      if (event.type === "SYNCED") await apps.patch(ref, entering);
      if (told.at(-1) === "ADDED b")
        await apps.patch(ref, { metadata: { labels: { tier: null } } });
      if (told.at(-1) === "DELETED b") break;
    }
    expect(told).toEqual(["ADDED a", "SYNCED", "ADDED b", "DELETED b"]);
    await expect(apps.remove(ref, { uid: "other" })).rejects.toMatchObject({ code: "Conflict" });
  });

  describe("a deletion", () => {
    it("of another life than the one that is meant is 409, with force too", async () => {
      const { metadata } = await create("del", "a");
      const path = `${applications("del")}/a`;
      for (const query of ["uid=other", "uid=", "uid=other&force=True", "uid=other&dryRun=All"]) {
        const { status, body } = await server.call("DELETE", `${path}?${query}`);
        expect([query, status, body.code]).toEqual([query, 409, "Conflict"]);
      }
      expect((await server.ok("GET", path)).metadata.deleted).toBeNull();
      const removed = await server.ok("DELETE", `${path}?uid=${metadata.uid}`);
      expect(typeof removed.metadata.deleted).toBe("string");
    });
  });
}
