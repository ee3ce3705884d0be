import { EventSource } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kinds } from "@octoplane/kinds/registry";
import { limits } from "@octoplane/shared/limits";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import { findingOf, sampleOf } from "./samples.ts";
import type { OpenServer, ServerBench } from "./server-bench.ts";

/** What happened to an object, what its deletion takes along, who did what, and watches for browsers. */
export function historySuite(open: OpenServer): void {
  let server: ServerBench;
  beforeAll(async () => {
    // The pages of browsers send no token.
    const authentication = { allow_anonymous: true };
    server = await open({ authentication });
    const rules = [
      { api: "kubernetes", resources: ["applications"], namespaces: ["sse"], verbs: ["list"] },
    ];
    await server.ok("POST", "/core/roles", { body: { metadata: { name: "onlooker" }, rules } });
    const binding = { metadata: { name: "onlookers" }, users: ["team-lead"], roles: ["onlooker"] };
    await server.ok("POST", "/core/rolebindings", { body: binding });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const applications = (namespace: string): string =>
    `/kubernetes/namespaces/${namespace}/applications`;
  const create = async (namespace: string, name: string, metadata: object = {}): Promise<Json> => {
    const body = sampleOf("Application", name);
    return await server.ok("POST", applications(namespace), {
      body: { ...body, metadata: { name, ...metadata } },
    });
  };
  const reasonsOf = async (path: string): Promise<readonly string[]> =>
    (await server.ok("GET", `${path}/events`)).items.map(({ reason }: Json) => reason);

  describe("events", () => {
    const setStatus = async (path: string, condition: object): Promise<Json> => {
      const { status } = await server.ok("GET", path);
      const finding = { ...findingOf({ type: "Applied", status: "True" }), ...condition };
      const body = { status: { ...status, events: 0, conditions: [finding] } };
      return await server.ok("PUT", `${path}/status`, { body });
    };

    it("tell the life of an object of every kind", async () => {
      for (const kind of kinds) {
        const scope = kind.namespaced ? "/namespaces/events" : "";
        const collection = `/${kind.api}${scope}/${kind.plural}`;
        await server.ok("POST", collection, { body: sampleOf(kind.kind, "told") });
        expect(await reasonsOf(`${collection}/told`)).toEqual(["Created"]);
        await server.ok("DELETE", `${collection}/told`);
        expect(await reasonsOf(`${collection}/told`)).toEqual(["Created", "Deleted"]);
      }
    });

    it("tell every transition of a condition, in order, whatever a client says of their number", async () => {
      await create("events", "moody");
      const path = `${applications("events")}/moody`;
      await setStatus(path, { status: "Unknown", reason: "Waiting" });
      await setStatus(path, { status: "Unknown", reason: "Waiting", message: "still" });
      await setStatus(path, { status: "False", reason: "KUBERNETES_ERROR", message: "refused" });
      const last = await setStatus(path, { reason: "Applied" });
      expect(last.status.events).toBe(3);
      const { items } = await server.ok("GET", `${path}/events`);
      const told = items.map(({ type, source, reason }: Json) => `${type} ${source} ${reason}`);
      expect(told).toEqual([
        "Normal Octoplane Created",
        "Normal Applied Waiting",
        "Warning Applied KUBERNETES_ERROR",
        "Normal Applied Applied",
      ]);
    });

    it("are bounded, the last ones stay, and they go with the object", async () => {
      const { metadata } = await create("events", "restless");
      const path = `${applications("events")}/restless`;
      const times = limits.eventsMax + 5;
      for (let turn = 1; turn <= times; turn += 1) {
        await setStatus(path, { status: "False", reason: `R${turn}` });
      }
      const reasons = await reasonsOf(path);
      expect(reasons).toHaveLength(limits.eventsMax + 1);
      expect([reasons[1], reasons.at(-1)]).toEqual(["R6", `R${times}`]);
      await server.ok("DELETE", `${path}?force=True`);
      const { store } = server.bench.resources.parts;
      expect((await store.list(`/events/${metadata.uid}/`)).entries).toEqual([]);
    });

    it("are for those who may read the object", async () => {
      await create("events", "private");
      const path = `${applications("events")}/private/events`;
      expect((await server.call("GET", path, { user: "team-lead" })).status).toBe(403);
      expect((await server.call("GET", `${path.replace("private", "nobody")}`)).status).toBe(404);
    });
  });

  describe("the preview of a deletion", () => {
    it("names all that goes along, as far as one may see it, and counts the rest", async () => {
      const owner = { api: "kubernetes", kind: "Application", namespace: "sse", name: "trunk" };
      await create("sse", "trunk");
      await create("sse", "leaf", { owners: [owner] });
      const leaf = { ...owner, name: "leaf" };
      await create("elsewhere", "far", { owners: [leaf] });
      const preview = await server.ok("GET", `${applications("sse")}/trunk/cascade`);
      const far = { ...owner, namespace: "elsewhere", name: "far" };
      expect(preview).toMatchObject({ kind: "CascadePreview", items: [leaf, far], hidden: 0 });
      const rules = [
        { api: "kubernetes", resources: ["applications"], namespaces: ["sse"], verbs: ["get"] },
      ];
      await server.ok("POST", "/core/roles", { body: { metadata: { name: "reader" }, rules } });
      const binding = { metadata: { name: "r" }, users: ["team-lead"], roles: ["reader"] };
      await server.ok("POST", "/core/rolebindings", { body: binding });
      await waitFor("the right to read", async () => {
        const path = `${applications("sse")}/trunk/cascade`;
        const { status, body } = await server.call("GET", path, { user: "team-lead" });
        if (status !== 200) return false;
        expect(body).toMatchObject({ items: [leaf], hidden: 1 });
        return true;
      });
    });
  });

  describe("the audit trail", () => {
    const trail = async (selector: string): Promise<readonly Json[]> => {
      const query = `fieldSelector=${encodeURIComponent(selector)}`;
      return (await server.ok("GET", `/core/auditrecords?${query}`)).items.map(
        ({ spec }: Json) => spec,
      );
    };
    const told = (selector: string, count: number): Promise<readonly Json[]> =>
      waitFor(`${count} records`, async () => {
        const found = await trail(selector);
        return found.length >= count && found;
      });

    it("tells every write: who, what, from where, allowed or not, and what came of it", async () => {
      await create("audit", "watched");
      const path = `${applications("audit")}/watched`;
      await server.call("POST", applications("audit"), {
        body: sampleOf("Application", "watched"),
        headers: { "user-agent": "inspector/1" },
      });
      await server.call("DELETE", path, { user: "stranger" });
      await server.ok("DELETE", `${path}?dryRun=All`);
      const found = await told("spec.namespace=audit,spec.name=watched", 4);
      const short = found.map(({ user, verb, resource, allowed, status, code, dry_run }) =>
        [user, verb, resource, allowed, status, code, dry_run].join(" "),
      );
      expect(short).toEqual([
        "system:admin create applications true 200  false",
        "system:admin create applications true 409 AlreadyExists false",
        "stranger delete applications false 403 Forbidden false",
        "system:admin delete applications true 200  true",
      ]);
      expect(found[1]).toMatchObject({ client: "inspector/1", from: "127.0.0.1", method: "POST" });
      const refused = await trail("spec.allowed=false,spec.name=watched");
      expect(refused.map(({ user }) => user)).toEqual(["stranger"]);
      const { request_id } = found[2];
      expect(server.logged()).toContain(request_id);
    });

    it("tells who read a kubeconfig, and no secret of it", async () => {
      const clusters = "/kubernetes/namespaces/audit/clusters";
      await server.ok("POST", clusters, { body: sampleOf("Cluster", "safe") });
      await server.ok("GET", `${clusters}/safe/kubeconfig`);
      const [read] = await told("spec.resource=clusters/kubeconfig", 1);
      expect(read).toMatchObject({ verb: "get", name: "safe", status: 200 });
      const everything = await server.call("GET", "/core/auditrecords");
      expect(everything.text).not.toContain("sample-token-77");
    });

    it("leaves those without a valid identity to the log", async () => {
      const headers = { authorization: "Bearer forged" };
      const refused = await server.call("DELETE", `${applications("audit")}/ghost`, {
        user: null,
        headers,
      });
      expect(refused.status).toBe(401);
      await waitFor("a line", () => server.logged().includes('"name":"ghost"'));
      await create("audit", "later");
      await told("spec.name=later", 1);
      expect(await trail("spec.name=ghost")).toEqual([]);
    });

    it("cannot be written, changed or removed by requests", async () => {
      const [{ metadata }] = (await server.ok("GET", "/core/auditrecords")).items;
      const path = `/core/auditrecords/${metadata.name}`;
      const calls = [
        ["POST", "/core/auditrecords"],
        ["PUT", path],
        ["PATCH", path],
        ["DELETE", path],
      ] as const;
      for (const [method, where] of calls) {
        const answer = await server.call(method, where, { body: {} });
        expect([method, answer.status]).toEqual([method, 405]);
      }
      expect((await server.ok("GET", path)).metadata.uid).toBe(metadata.uid);
    });
  });

  describe("what one may do", () => {
    const may = async (query: string, user: string): Promise<boolean> =>
      (await server.ok("GET", `/me/rights?${query}`, { user })).allowed;

    it("is told for one wish, and as rules", async () => {
      const list = "verb=list&api=kubernetes&resource=applications";
      expect(await may(`${list}&namespace=sse`, "team-lead")).toBe(true);
      expect(await may(`${list}&namespace=other`, "team-lead")).toBe(false);
      expect(await may(list, "team-lead")).toBe(true);
      expect(await may("verb=create&api=core&resource=roles", "team-lead")).toBe(false);
      expect(await may("verb=create&api=core&resource=roles", "system:admin")).toBe(true);
      const { rules } = await server.ok("GET", "/me/rules", { user: "team-lead" });
      expect(rules[0]).toMatchObject({ resources: ["applications"], namespaces: ["sse"] });
    });

    it("needs a whole question", async () => {
      for (const query of ["", "verb=fly&api=core&resource=roles", "verb=get&api=core&a=b"]) {
        expect((await server.call("GET", `/me/rights?${query}`)).status).toBe(422);
      }
    });
  });

  describe("Server-Sent Events", () => {
    it("bring a browser what a watch tells, and let it go on where it was", async () => {
      const role = { metadata: { name: "public" }, users: [], roles: ["onlooker"] };
      const anonymous = { ...role, users: ["system:anonymous"] };
      await server.ok("POST", "/core/rolebindings", { body: anonymous });
      const address = `${server.address}${applications("sse")}?watch&heartbeat=1`;
      await waitFor("the right of anonymous", async () => {
        const answer = await server.call("GET", applications("sse"), { user: null });
        return answer.status === 200;
      });
      const messages: Json[] = [];
      let last = "";
      const source = new EventSource(address);
      source.addEventListener("message", (message) => {
        messages.push(JSON.parse(String(message.data)));
        last = message.lastEventId;
      });
      await waitFor("the stream", () => source.readyState === 1);
      await create("sse", "first");
      await create("sse", "second");
      const names = (): readonly string[] =>
        messages.map(({ type, object }) => `${type} ${object.metadata.name}`);
      await waitFor("two events", () => messages.length === 2, { seen: names });
      source.close();
      expect(names()).toEqual(["ADDED first", "ADDED second"]);
      // The second carries the place behind the first.
      const headers = { accept: "text/event-stream", "last-event-id": last };
      const again = await fetch(address, { headers });
      expect(again.headers.get("content-type")).toBe("text/event-stream");
      const reader = again.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      while (!text.includes("id: ")) text += (await reader.read()).value ?? "";
      await reader.cancel();
      expect(text).toContain('"name":"second"');
      expect(text).not.toContain('"name":"first"');
    });
  });
}
