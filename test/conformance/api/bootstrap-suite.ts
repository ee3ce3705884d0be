import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bootstrapRoles } from "@octoplane/api/bootstrap-roles";
import { silentLog } from "@octoplane/shared/log";
import { seededRandom } from "@octoplane/shared/random";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import type { Answer, OpenServer, ServerBench } from "./server-bench.ts";

/** Many objects at once: all of them or none. */
export function bootstrapSuite(open: OpenServer): void {
  let server: ServerBench;
  const folder = mkdtempSync(join(tmpdir(), "octoplane-bootstrap-"));
  beforeAll(async () => {
    server = await open({ audit_records: 0 });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const send = (documents: unknown, more: object = {}, user = "system:admin"): Promise<Answer> =>
    server.call("POST", "/bootstrap", { body: { documents, ...more }, user });
  const results = async (documents: unknown, more: object = {}): Promise<readonly string[]> => {
    const answer = await send(documents, more);
    expect([answer.status, answer.body.detail]).toEqual([200, undefined]);
    return answer.body.results.map((one: Json) =>
      [one.result, one.kind, one.namespace, one.name].join(" "),
    );
  };
  const problems = ({ status, body }: Answer): readonly string[] => {
    expect([status, body.code]).toEqual([422, "Invalid"]);
    return body.errors.map(({ field, message }: Json) => `${field}: ${message}`);
  };
  const statusOf = async (path: string): Promise<number> =>
    (await server.call("GET", `/core/${path}`)).status;

  it("stores a provider and its metrics in any order, and answers what it did", async () => {
    const documents = [
      metricOf("wind", "weather"),
      providerOf("weather", { wind: 3 }),
      { ...metricOf("rain", "weather", "here"), kind: "Metric" },
      { ...providerOf("weather", { rain: 1 }, "here"), kind: "MetricsProvider" },
    ];
    expect(await results(documents)).toEqual([
      "created GlobalMetric  wind",
      "created GlobalMetricsProvider  weather",
      "created Metric here rain",
      "created MetricsProvider here weather",
    ]);
    const stored = await server.ok("GET", "/core/globalmetrics/wind");
    expect(stored).toMatchObject({ metadata: { generation: 1 }, spec: { max: 5 } });
    expect(await statusOf("namespaces/here/metrics/rain")).toBe(200);
    const versions = await Promise.all(
      ["globalmetrics/wind", "globalmetricsproviders/weather"].map(
        async (path) => (await server.ok("GET", `/core/${path}`)).metadata.resource_version,
      ),
    );
    expect(versions[0]).toBe(versions[1]);
  });

  it("inserts nothing when one document is of a kind that it does not take, and tells all problems", async () => {
    const cluster = { api: "kubernetes", kind: "Cluster", metadata: { name: "c" }, spec: {} };
    const bad = { ...metricOf("bad", "p1"), spec: { min: 0 } };
    const sent = [providerOf("p1", {}), cluster, {}, bad, metricOf("no name", "p1"), 5];
    const found = problems(await send(sent));
    expect(found[0]).toMatch(/^documents\[1\]\.kind: expected one of core\/Role, .*, found kuber/);
    expect(found[1]).toMatch(/^documents\[2\]\.kind: .*found nothing\/nothing$/);
    expect(found.slice(2).map((text) => text.split(": ")[0])).toEqual([
      "documents[3].spec.max",
      "documents[3].spec.provider",
      "documents[4].metadata.name",
      "documents[5]",
    ]);
    expect(await statusOf("globalmetricsproviders/p1")).toBe(404);
  });

  it("inserts nothing when a name is taken, and leaves what is there as it is", async () => {
    await results([providerOf("taken", { a: 1 })]);
    const before = await server.ok("GET", "/core/globalmetricsproviders/taken");
    const sent = [
      providerOf("fresh", {}),
      providerOf("taken", { a: 2 }),
      providerOf("taken", { a: 3 }),
      metricOf("m", "nowhere"),
    ];
    expect(problems(await send(sent))).toEqual([
      "documents[1].metadata.name: GlobalMetricsProvider taken exists already; force replaces it",
      "documents[2].metadata.name: GlobalMetricsProvider taken stands here twice, first in documents[1]",
      "documents[3].spec.provider.name: GlobalMetricsProvider nowhere is neither stored nor a valid document here",
    ]);
    expect(await statusOf("globalmetricsproviders/fresh")).toBe(404);
    expect(await server.ok("GET", "/core/globalmetricsproviders/taken")).toEqual(before);
    // With force a problem elsewhere keeps the old value just so.
    expect(problems(await send(sent, { force: true }))).toHaveLength(2);
    expect(await server.ok("GET", "/core/globalmetricsproviders/taken")).toEqual(before);
  });

  it("what came with the server gives way once, and is refused like all else when somebody has changed it", async () => {
    const krakes = {
      ...roleOf("role:system:gc"),
      rules: [{ api: "", namespaces: [""], resources: ["applications"], verbs: ["list"] }],
    };
    expect(await results([krakes])).toEqual(["replaced Role  role:system:gc"]);
    const again = { ...krakes, rules: [] };
    expect(problems(await send([again]))).toEqual([
      expect.stringContaining("exists already; force replaces it"),
    ]);
  });

  it("files of older Krakes name metrics in no namespace: those are global ones", async () => {
    const provider = { ...providerOf("static_provider", { cost: 0.9 }), kind: "MetricsProvider" };
    const metric = {
      api: "core",
      kind: "Metric",
      metadata: { name: "cost" },
      spec: { min: 0, max: 1, provider: { metric: "cost", name: "static_provider" } },
    };
    expect(await results([provider, metric])).toEqual([
      "created GlobalMetricsProvider  static_provider",
      "created GlobalMetric  cost",
    ]);
    const stored = await server.ok("GET", "/core/globalmetrics/cost");
    expect([stored.kind, stored.spec.allowed_values]).toEqual(["GlobalMetric", []]);
  });

  it("with force replaces what differs, keeps who it is, and leaves alone what is equal", async () => {
    const first = [providerOf("kept", { a: 1 }), providerOf("changed", { a: 1 })];
    await results(first);
    const before = await server.ok("GET", "/core/globalmetricsproviders/changed");
    const equal = await server.ok("GET", "/core/globalmetricsproviders/kept");
    const second = [first[0], providerOf("changed", { a: 2 }), providerOf("added", {})];
    expect(await results(second, { force: true })).toEqual([
      "unchanged GlobalMetricsProvider  kept",
      "replaced GlobalMetricsProvider  changed",
      "created GlobalMetricsProvider  added",
    ]);
    const after = await server.ok("GET", "/core/globalmetricsproviders/changed");
    expect(after.spec.static.metrics).toEqual({ a: 2 });
    const { uid, created, generation } = before.metadata;
    expect(after.metadata).toMatchObject({ uid, created, generation: generation + 1 });
    expect(after.metadata.modified > before.metadata.modified).toBe(true);
    expect(await server.ok("GET", "/core/globalmetricsproviders/kept")).toEqual(equal);
    const all = second.map(
      ({ metadata }: Json) => `unchanged GlobalMetricsProvider  ${metadata.name}`,
    );
    expect(await results(second, { force: true })).toEqual(all);
  });

  it("a dry run answers what would be done, and does nothing", async () => {
    const dry = (documents: unknown, force = false) =>
      server.call("POST", "/bootstrap?dryRun=All", { body: { documents, force } });
    const documents = [providerOf("dry", { a: 1 }), metricOf("dry", "dry")];
    const would = await dry(documents);
    expect(would.body.results.map(({ result }: Json) => result)).toEqual(["created", "created"]);
    expect(await statusOf("globalmetricsproviders/dry")).toBe(404);
    expect(await results(documents)).toHaveLength(2);
    const forced = await dry([providerOf("dry", { a: 2 }), documents[1]], true);
    expect(forced.body.results.map(({ result }: Json) => result)).toEqual([
      "replaced",
      "unchanged",
    ]);
    const stored = await server.ok("GET", "/core/globalmetricsproviders/dry");
    expect(stored.spec.static.metrics).toEqual({ a: 1 });
    expect(problems(await dry(documents))).toHaveLength(2);
  });

  it("of several at once on the same names, one is first and the others see it", async () => {
    const documents = [providerOf("race", { a: 1 }), metricOf("race", "race")];
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(documents)));
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([200, 422, 422, 422, 422]);
    const forced = await Promise.all(
      Array.from({ length: 5 }, (_, a) =>
        send([providerOf("race", { a: a + 10 })], { force: true }),
      ),
    );
    expect(forced.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const { metadata } = await server.ok("GET", "/core/globalmetricsproviders/race");
    expect(metadata.generation).toBe(6);
  });

  it("refuses what one commit cannot hold before it writes anything", async () => {
    const many = Array.from({ length: 129 }, (_, at) => providerOf(`many-${at}`, {}));
    const tooMany = await send(many);
    expect([tooMany.status, tooMany.body.detail]).toEqual([
      413,
      "expected at most 128 documents, which one commit can hold, found 129",
    ]);
    // Names without a pattern: what repeats itself would be stored deflated, and fit.
    const random = seededRandom(7);
    const values = Object.fromEntries(
      Array.from({ length: 30_000 }, (_, at) => [random.bytes(15).toString("hex"), at]),
    );
    const large = await send([0, 1, 2].map((at) => providerOf(`large-${at}`, values)));
    expect(large.status).toBe(413);
    expect(large.body.detail).toMatch(/^the documents are \d+ bytes, .* send them in parts$/);
    expect(await statusOf("globalmetricsproviders/many-0")).toBe(404);
    expect(await statusOf("globalmetricsproviders/large-0")).toBe(404);
    expect(await results(many.slice(1))).toHaveLength(128);
    for (const body of [{}, { documents: [] }, { documents: 5 }, { documents: [1], more: 1 }]) {
      expect((await server.call("POST", "/bootstrap", { body })).status).toBe(422);
    }
  });

  it("needs a right of its own, and gives nobody what the sender does not hold", async () => {
    const right = { api: "core", resources: ["bootstrap"], namespaces: [""], verbs: ["create"] };
    const metrics = { api: "core", resources: ["metrics"], namespaces: ["a"], verbs: ["get"] };
    await results([roleOf("starter", right, metrics), bindingOf("starter", "starter")]);
    await waitFor("the role", async () =>
      (await server.ok("GET", "/me", { user: "starter" })).roles.includes("starter"),
    );
    expect((await send([providerOf("s", {})], {}, "stranger")).status).toBe(403);
    expect((await send([providerOf("s", {})], {}, "starter")).status).toBe(200);
    const granted = [roleOf("given", metrics), bindingOf("friend", "given", "starter")];
    expect((await send(granted, {}, "starter")).status).toBe(200);
    const more = { ...metrics, verbs: ["delete"] };
    const refusals = [
      [roleOf("more", more)],
      [bindingOf("starter-2", "role:system")],
      [roleOf("more", more), bindingOf("friend-2", "more")],
    ];
    for (const documents of refusals) {
      const answer = await send([providerOf("s-2", {}), ...documents], {}, "starter");
      expect([answer.status, answer.body.detail]).toEqual([
        403,
        expect.stringMatching(/^starter does not hold .*, and may not grant it$/),
      ]);
    }
    expect((await send([roleOf("given", more)], { force: true }, "starter")).status).toBe(403);
    expect(await statusOf("globalmetricsproviders/s-2")).toBe(404);
    const dangling = await send([bindingOf("dangling", "gone", "a/b")], {}, "starter");
    expect(problems(dangling)).toEqual([
      "documents[0].roles[0]: Role gone is neither stored nor a valid document here",
      "documents[0].roles[1]: Role a/b is neither stored nor a valid document here",
    ]);
  });

  it("an empty store gets its default roles all at once, also from two servers, or not at all", async () => {
    const { bench } = server;
    await bench.clear();
    const file = join(folder, "wrong.yaml");
    writeFileSync(file, JSON.stringify(roleOf("more")) + JSON.stringify(bindingOf("b", "none")));
    await expect(bootstrapRoles(bench.resources, [file], silentLog)).rejects.toThrow(
      /wrong\.yaml:\d+ roles\[0\]: Role none is neither stored/,
    );
    const keys = async () => (await bench.store.list("/registry/")).entries.length;
    expect(await keys()).toBe(0);
    const both = [bench.resources, bench.another()];
    await Promise.all(both.map((resources) => bootstrapRoles(resources, [], silentLog)));
    const there = await keys();
    expect(there).toBeGreaterThan(10);
    const revisions = new Set(
      (await bench.store.list("/registry/")).entries.map((e) => e.revision),
    );
    expect(revisions.size).toBe(1);
  });
}

function providerOf(name: string, metrics: object, namespace?: string) {
  return {
    api: "core",
    kind: "GlobalMetricsProvider",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: { type: "static", static: { metrics } },
  };
}

function metricOf(name: string, provider: string, namespace?: string) {
  return {
    api: "core",
    kind: "GlobalMetric",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: { min: 0, max: 5, allowed_values: [], provider: { name: provider, metric: name } },
  };
}

function roleOf(name: string, ...rules: readonly object[]) {
  return { api: "core", kind: "Role", metadata: { name }, rules };
}

function bindingOf(user: string, ...roles: readonly string[]) {
  const metadata = { name: `${user}:${roles.join(":").replaceAll("/", "-")}` };
  return { api: "core", kind: "RoleBinding", metadata, users: [user], roles };
}
