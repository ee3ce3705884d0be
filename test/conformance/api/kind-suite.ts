import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AnyKind } from "@octoplane/kinds/kind";
import { kinds } from "@octoplane/kinds/registry";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import { changed, findingOf, sampleOf, statedOf } from "./samples.ts";
import { WatchStream, type OpenServer, type ServerBench } from "./server-bench.ts";

const namespace = "team";

function collectionOf(kind: AnyKind): string {
  const scope = kind.namespaced ? `/namespaces/${namespace}` : "";
  return `/${kind.api}${scope}/${kind.plural}`;
}

/** Every kind with every verb, as Krake answers them (contract sections 1.3 and 1.4). */
export function kindSuite(open: OpenServer): void {
  let server: ServerBench;
  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  describe.each(kinds.map((kind) => [kind.kind, kind] as const))("a %s", (name, kind) => {
    const collection = collectionOf(kind);
    const one = `${collection}/one`;

    it("is created, read, listed, watched, replaced and deleted, always with 200 and the whole object", async () => {
      await using watch = await WatchStream.open(server, `${collection}?watch`);
      const created = await server.call("POST", collection, { body: sampleOf(name, "one") });
      expect(created.status).toBe(200);
      expect(created.body).toMatchObject({
        api: kind.api,
        kind: name,
        metadata: { name: "one", generation: 1 },
      });
      expect(created.body.metadata.namespace).toBe(kind.namespaced ? namespace : null);
      expect(created.headers.get("etag")).toBe(`"${created.body.metadata.resource_version}"`);
      expect("status" in created.body).toBe(kind.status !== undefined);

      expect(await server.ok("GET", one)).toEqual(created.body);
      const lists = kind.namespaced ? [collection, `/${kind.api}/${kind.plural}`] : [collection];
      for (const path of lists) {
        const list = await server.ok("GET", path);
        expect(list).toMatchObject({ api: kind.api, kind: `${name}List` });
        expect(list.items).toContainEqual(created.body);
      }

      const replaced = await server.ok("PUT", one, { body: changed(name, created.body) });
      const { metadata: _metadata, status: _status, ...fields } = changed(name, created.body);
      expect(replaced).toMatchObject(fields);
      expect(replaced.metadata.generation).toBe(2);

      const deleted = await server.ok("DELETE", one);
      expect(deleted.metadata.deleted).not.toBeNull();
      expect(deleted.metadata.finalizers).toEqual([...kind.finalizers, "cascade_deletion"]);
      await server.ok("DELETE", `${one}?force=True`);
      expect((await server.call("GET", one)).status).toBe(404);
      const own = () => watch.lines.filter((line) => line.endsWith("one"));
      await waitFor("the end", () => own().length === 4, { seen: () => watch.lines });
      const place = kind.namespaced ? `${namespace}/one` : "one";
      expect(own()).toEqual(
        ["ADDED", "MODIFIED", "MODIFIED", "DELETED"].map((type) => `${type} ${place}`),
      );
      expect(watch.events[0]?.object).toEqual(created.body);
    });

    it("is refused with Krake's titles when it is there already, not there, not changed or stale", async () => {
      const body = await server.ok("POST", collection, { body: sampleOf(name, "two") });
      const two = `${collection}/two`;
      const answer = async (
        method: string,
        path: string,
        sent?: Json,
        headers = {},
      ): Promise<unknown> => {
        const {
          status,
          body: problem,
          headers: got,
        } = await server.call(method, path, {
          headers,
          ...(sent === undefined ? {} : { body: sent }),
        });
        expect(got.get("content-type")).toMatch(/^application\/problem\+json/);
        expect(problem.status).toBe(status);
        expect(problem.detail.length).toBeGreaterThan(10);
        return [status, problem.title];
      };
      const missing = `${collection}/missing`;
      expect(await answer("POST", collection, sampleOf(name, "two"))).toEqual([
        409,
        "RESOURCE_ALREADY_EXISTS",
      ]);
      for (const method of ["GET", "DELETE"]) {
        expect(await answer(method, missing)).toEqual([404, "NOT_FOUND_ERROR"]);
      }
      const elsewhere = { ...body, metadata: { ...body.metadata, name: "missing" } };
      expect(await answer("PUT", missing, elsewhere)).toEqual([404, "NOT_FOUND_ERROR"]);
      // Krake makes one exception, and its client counts on it.
      if (kind.answersEqualPut === true) {
        expect(await server.ok("PUT", two, { body })).toEqual(body);
      } else expect(await answer("PUT", two, body)).toEqual([400, "UPDATE_ERROR"]);
      const renamed = changed(name, elsewhere);
      expect(await answer("PUT", two, renamed)).toEqual([400, "UPDATE_ERROR"]);
      const ifMatch = { "if-match": '"1"' };
      expect(await answer("PUT", two, changed(name, body), ifMatch)).toEqual([
        409,
        "TRANSACTION_ERROR",
      ]);
      expect(await answer("DELETE", two, undefined, ifMatch)).toEqual([409, "TRANSACTION_ERROR"]);
      const stale = changed(name, body);
      stale.metadata.resource_version = "1";
      expect(await answer("PUT", two, stale)).toEqual([409, "TRANSACTION_ERROR"]);
      const byTime = changed(name, body);
      delete byTime.metadata.resource_version;
      byTime.metadata.modified = "2020-01-01T00:00:00Z";
      expect(await answer("PUT", two, byTime)).toEqual([409, "TRANSACTION_ERROR"]);
      expect(await server.ok("GET", two)).toEqual(body);
      const etag = { "if-match": `W/"${body.metadata.resource_version}"` };
      expect(
        (await server.call("PUT", two, { body: changed(name, body), headers: etag })).status,
      ).toBe(200);

      const deleted = await server.ok("DELETE", two);
      deleted.metadata.finalizers.push("late");
      expect(await answer("PUT", two, deleted)).toEqual([409, "UPDATE_ERROR"]);
    });

    it("is listed in pages that hold everything once", async () => {
      const names = ["p1", "p2", "p3", "p4", "p5"];
      for (const each of names) await server.ok("POST", collection, { body: sampleOf(name, each) });
      const whole = await server.ok("GET", collection);
      expect(whole.metadata.continue).toBeUndefined();
      const found: string[] = [];
      for (let next: string | undefined = ""; next !== undefined;) {
        const page: Json = await server.ok("GET", `${collection}?limit=2&continue=${next}`);
        found.push(...page.items.map((item: Json) => item.metadata.name));
        next = page.metadata.continue;
      }
      expect(found).toEqual(whole.items.map((item: Json) => item.metadata.name));
      expect(found).toEqual(expect.arrayContaining(names));
    });

    if (kind.status === undefined) return;
    it("has a status of its own, of which what is ours stays when it is left out", async () => {
      const path = `${collection}/stated`;
      const created = await server.ok("POST", collection, { body: sampleOf(name, "stated") });
      const ours = kind.additions.filter(([part]) => part === "status").map(([, field]) => field!);
      const { condition, state, written } = statedOf(name);
      const full = {
        ...created,
        status: {
          ...created.status,
          conditions: [findingOf(condition)],
          ...(ours.includes("observed_generation") ? { observed_generation: 5 } : {}),
        },
      };
      const known = await server.ok("PUT", `${path}/status`, { body: full });
      expect(known.status.state).toBe(state);
      expect(known.metadata.modified).toBe(created.metadata.modified);
      const krake = structuredClone(known);
      for (const field of ours) delete krake.status[field];
      Object.assign(krake.status, structuredClone(written));
      krake.status.state = "FAILED";
      const after = await server.ok("PUT", `${path}/status`, { body: krake });
      expect(after.status).toEqual({ ...known.status, ...written });
      const { status, body: problem } = await server.call("PUT", `${path}/status`, {
        body: { status: { x: 1 } },
      });
      expect([status, problem.errors]).toEqual([
        422,
        [{ field: "status.x", message: "unknown field" }],
      ]);
      for (const bad of [{}, { status: null }, { status: [] }, { status: "x" }, "null", "[]"]) {
        expect((await server.call("PUT", `${path}/status`, { body: bad })).status).toBe(422);
      }
    });
  });

  it("an application is bound to a cluster of its namespace, and to no other", async () => {
    const applications = `/kubernetes/namespaces/${namespace}/applications`;
    const clusters = `/kubernetes/namespaces/${namespace}/clusters`;
    await server.ok("POST", applications, { body: sampleOf("Application", "bound") });
    await server.ok("POST", clusters, { body: sampleOf("Cluster", "home") });
    const bind = async (cluster: object) =>
      await server.call("PUT", `${applications}/bound/binding`, { body: { cluster } });
    const home = { api: "kubernetes", kind: "Cluster", namespace, name: "home" };
    expect((await bind({ ...home, name: "missing" })).status).toBe(404);
    expect((await bind({ ...home, namespace: "other" })).status).toBe(422);
    expect((await bind({})).status).toBe(422);
    const { body: bound } = await bind(home);
    expect(bound.status.scheduled_to).toEqual(home);
    expect(bound.metadata.owners).toEqual([home]);
    expect(bound.status.kube_controller_triggered).toBe(bound.status.scheduled);
    const decisions = await server.ok("GET", `${applications}/bound/decisions`);
    expect(decisions).toEqual({ api: "kubernetes", kind: "DecisionList", metadata: {}, items: [] });
    expect((await server.call("GET", `${applications}/missing/decisions`)).status).toBe(404);
  });

  it("an answer waits for the state that `blocking` names, of this object and no other", async () => {
    const clusters = `/kubernetes/namespaces/${namespace}/clusters`;
    const setOnline = async (cluster: Json): Promise<void> => {
      const last_transition_time = "2024-01-01T00:00:00Z";
      const found = {
        type: "Reachable",
        status: "True",
        reason: "R",
        message: "",
        observed_generation: 1,
      };
      const status = { conditions: [{ ...found, last_transition_time }] };
      await server.ok("PUT", `${clusters}/${cluster}/status`, { body: { status } });
    };
    const isThere = async (name: string) =>
      (await server.call("GET", `${clusters}/${name}`)).status === 200;
    const pending = await server.ok("POST", `${clusters}?blocking=pending`, {
      body: sampleOf("Cluster", "b1"),
    });
    expect(pending.status.state).toBe("PENDING");
    let isAnswered = false;
    const online = server.ok("POST", `${clusters}?blocking=Online`, {
      body: sampleOf("Cluster", "b2"),
    });
    void online.finally(() => (isAnswered = true)).catch(() => undefined);
    await waitFor("the cluster", () => isThere("b2"));
    await setOnline("b1");
    await server.ok("GET", `${clusters}/b2`);
    expect(isAnswered).toBe(false);
    await setOnline("b2");
    expect((await online).status.state).toBe("ONLINE");

    const gone = server.ok("DELETE", `${clusters}/b2?blocking=deleted`);
    await waitFor("the mark", async () => {
      return (await server.ok("GET", `${clusters}/b2`)).metadata.deleted !== null;
    });
    await server.ok("DELETE", `${clusters}/b1?force=True&blocking=deleted`);
    await server.ok("DELETE", `${clusters}/b2?force=True`);
    expect((await gone).status.state).toBe("DELETED");
    const started = server.ok("POST", `${clusters}?blocking=ONLINE`, {
      body: sampleOf("Cluster", "b3"),
    });
    await waitFor("the cluster", () => isThere("b3"));
    await server.ok("DELETE", `${clusters}/b3?force=True`);
    expect((await started).status.state).toBe("DELETED");
    const wrong = await server.call("POST", `${clusters}?blocking=soon`, {
      body: sampleOf("Cluster", "b4"),
    });
    expect([wrong.status, wrong.body.errors[0].field, await isThere("b4")]).toEqual([
      422,
      "blocking",
      false,
    ]);
    const plain = `${clusters}?blocking=False`;
    expect((await server.call("POST", plain, { body: sampleOf("Cluster", "b5") })).status).toBe(
      200,
    );
  });

  it("an answer to a PUT waits for what the controllers make of it, not for what was there before", async () => {
    const clusters = `/kubernetes/namespaces/${namespace}/clusters`;
    const created = await server.ok("POST", clusters, { body: sampleOf("Cluster", "held") });
    const see = async (observed_generation: number): Promise<void> => {
      const finding = findingOf({ type: "Reachable", status: "True" });
      const status = { observed_generation, conditions: [{ ...finding, observed_generation }] };
      await server.ok("PUT", `${clusters}/held/status`, { body: { status } });
    };
    await see(1);
    let isAnswered = false;
    const body = { ...created, spec: { ...created.spec, backoff_limit: 7 } };
    const online = server.ok("PUT", `${clusters}/held?blocking=online`, { body });
    void online.finally(() => (isAnswered = true)).catch(() => undefined);
    await waitFor("the new generation", async () => {
      return (await server.ok("GET", `${clusters}/held`)).metadata.generation === 2;
    });
    await see(1);
    expect(isAnswered).toBe(false);
    await see(2);
    expect((await online).status.state).toBe("ONLINE");
    const labelled = {
      ...(await online),
      metadata: { ...(await online).metadata, labels: { a: "b" } },
    };
    // Nothing has to be seen of a label.
    await server.ok("PUT", `${clusters}/held?blocking=online`, { body: labelled });
    const wrong = await server.call("PUT", `${clusters}/held?blocking=soon`, { body });
    expect([wrong.status, wrong.body.errors[0].field]).toEqual([422, "blocking"]);
  });

  it("a kubeconfig is redacted in every answer but the one that is made to hand it out", async () => {
    const clusters = `/kubernetes/namespaces/${namespace}/clusters`;
    await using watch = await WatchStream.open(server, `${clusters}?watch`);
    const answers = [
      await server.call("POST", clusters, { body: sampleOf("Cluster", "secretive") }),
      await server.call("GET", `${clusters}/secretive`),
      await server.call("GET", clusters),
      await server.call("GET", "/kubernetes/clusters"),
    ];
    const body: Json = answers[0]!.body;
    body.metadata.labels = { zone: "x" };
    answers.push(await server.call("PUT", `${clusters}/secretive`, { body }));
    await waitFor("the events", () => watch.events.length === 2);
    const texts = [
      ...answers.map(({ text }) => text),
      JSON.stringify(watch.events),
      server.logged(),
    ];
    for (const text of texts) expect(text).not.toContain("sample-token-77");
    const revealed = await server.call("GET", `${clusters}/secretive/kubeconfig`);
    expect(revealed.body.users[0].user.token).toBe("sample-token-77");
    expect(revealed.headers.get("cache-control")).toBe("no-store");
  });
}
