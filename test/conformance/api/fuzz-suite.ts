import { Agent, request as httpRequest } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kinds } from "@octoplane/kinds/registry";
import type { Json } from "../../rest.ts";
import { collectionPath, isAskedOfNodes } from "./route-table.ts";
import { sampleOf } from "./samples.ts";
import type { OpenServer, ServerBench } from "./server-bench.ts";

/** How often each operation is tried; a counterexample is told with the seed that found it. */
const triesPerOperation = 12;
/** Longer than any answer takes that does not wait for something. */
const patienceMs = 10_000;

/**
 * Every operation of the server's own document with paths, queries, headers and bodies of every sort: nothing hangs, nothing is
 * answered with 500, and a request that was refused (or only tried) has changed nothing.
 */
export function fuzzSuite(open: OpenServer): void {
  let server: ServerBench;
  let operations: readonly Operation[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  beforeAll(async () => {
    // The trail would tell of every try, and no revision would stay as it is.
    const rate_limit = { requests_per_second: 1_000_000, burst: 1_000_000 };
    server = await open({ audit_records: 0, rate_limit });
    const { paths } = await server.ok("GET", "/openapi.json", { user: null });
    operations = operationsOf(paths);
  });
  afterAll(async () => {
    agent.destroy();
    await server[Symbol.asyncDispose]();
  });

  const revision = async (): Promise<bigint> =>
    (await server.bench.store.list("/", { limit: 1 })).revision;

  describe("whatever is sent", () => {
    it("is answered in time, never with 500, and changes nothing when it is refused", async () => {
      expect(operations.length).toBeGreaterThan(100);
      for (const operation of operations) {
        await makeTarget(operation);
        const tried = fc.asyncProperty(requestTo(operation), async (sent) => {
          const before = await revision();
          const answer = await send(server, agent, sent);
          // The cluster of the samples is nowhere.
          const most = isAskedOfNodes(operation.template) ? 503 : 499;
          expect(answer.status, JSON.stringify(answer)).toBeLessThanOrEqual(most);
          if (answer.status < 400 && !sent.path.includes("dryRun=All")) return;
          if (answer.status >= 400) expect(answer).toSatisfy(problemIn);
          expect(await revision()).toBe(before);
        });
        await fc.assert(tried, { numRuns: triesPerOperation });
      }
    }, 240_000);

    it("leaves a server that does its work", async () => {
      const body = sampleOf("Application", "after-all");
      const path = "/kubernetes/namespaces/fuzz/applications";
      expect((await server.call("POST", path, { body })).status).toBe(200);
      for (const kind of kinds) {
        const { status } = await server.call("GET", collectionPath(kind, "fuzz"));
        expect([kind.kind, status]).toEqual([kind.kind, 200]);
      }
      expect(server.logged()).not.toContain('"level":"error"');
    });
  });

  /** An object for operations on one, so that some tries get beyond 404. */
  const makeTarget = async ({ template }: Operation): Promise<void> => {
    const kind = kinds.find(({ plural }) => template.split("/").includes(plural));
    if (!kind || !template.includes("{name}")) return;
    const path = collectionPath(kind, "fuzz");
    await server.call("POST", path, { body: sampleOf(kind.kind, "target") });
  };
}

interface Operation {
  readonly method: string;
  readonly template: string;
  readonly type: string | undefined;
  readonly queries: readonly string[];
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly user: string | null;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function operationsOf(paths: Json): readonly Operation[] {
  return Object.entries<Json>(paths).flatMap(([template, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      template,
      type: Object.keys(operation.requestBody?.content ?? {})[0],
      queries: (operation.parameters ?? [])
        .filter((parameter: Json) => parameter.in === "query")
        .map((parameter: Json) => parameter.name),
    })),
  );
}

const oddText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 300 }),
  fc.constantFrom("", "..", "%2e%2e", "%00", "a/b", "REDACTED", "__proto__", "constructor", "-1"),
  fc.constantFrom("9007199254740993", "1e309", "NaN", "true", "null", "\u202e", "𝕏", "\ud800"),
);

const oddJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  oddText,
  fc.constantFrom(null, true, 0, -1, 1e300, [], {}, [[]], { a: null }, "x".repeat(5_000)),
);

function requestTo({ method, template, type, queries }: Operation): fc.Arbitrary<Sent> {
  const name = fc.oneof({ weight: 3, arbitrary: fc.constant("target") }, encoded(oddText));
  const namespace = fc.oneof({ weight: 3, arbitrary: fc.constant("fuzz") }, encoded(oddText));
  const query = fc.array(
    fc.tuple(
      fc.oneof(fc.constantFrom(...queries, "dryRun", "watch"), encoded(oddText)),
      fc.oneof(fc.constantFrom("All", "1", "True", "summary"), encoded(oddText)),
    ),
    { maxLength: 3 },
  );
  const path = fc.tuple(namespace, name, query).map(([place, one, pairs]) => {
    const filled = template.replace("{namespace}", () => place).replace("{name}", () => one);
    // What waits for a state waits: that is another test's.
    const asked = pairs.filter(([key]) => key !== "blocking").map((pair) => pair.join("="));
    return asked.length === 0 ? filled : `${filled}?${asked.join("&")}`;
  });
  const headers = fc.record(
    {
      "if-match": encoded(oddText),
      "content-type": fc.constantFrom("application/json", "text/plain", type ?? "a/b"),
      accept: fc.constantFrom("*/*", "text/event-stream", "nonsense"),
    },
    { requiredKeys: type === undefined ? [] : ["content-type"] },
  );
  const user = fc.oneof(
    { weight: 8, arbitrary: fc.constant("system:admin") },
    fc.constantFrom("stranger", null),
  );
  const body = method === "GET" ? fc.constant(undefined) : bodyFor(template);
  return fc.record({ method: fc.constant(method), path, headers, body, user });
}

function encoded(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    texts.map((text) => encodeURIComponent(text.toWellFormed())),
    fc.constantFrom("%zz", "%", "..", "."),
  );
}

/** A body that was good, with something odd in one place of it; or anything at all. */
function bodyFor(template: string): fc.Arbitrary<string | undefined> {
  const kind = kinds.find(({ plural }) => template.split("/").includes(plural));
  const anything = fc.oneof(
    oddJson.map((value) => JSON.stringify(value)),
    fc.constantFrom("", "{", "[1,]", '{"a":1,"a":2}', "\u0000", `${"[".repeat(5_000)}`),
  );
  if (!kind) return anything;
  const good: Json = sampleOf(kind.kind, "target");
  const places = placesIn(good, []);
  const bent = fc
    .tuple(fc.constantFrom(...places), oddJson)
    .map(([place, value]) => JSON.stringify(replacedAt(good, place, value)));
  return fc.oneof({ weight: 4, arbitrary: bent }, anything, fc.constant(JSON.stringify(good)));
}

type Place = readonly string[];

function placesIn(value: unknown, at: Place): readonly Place[] {
  if (typeof value !== "object" || value === null) return [at];
  const inner = Object.entries(value).flatMap(([key, part]) => placesIn(part, [...at, key]));
  return [at, ...inner, [...at, "unknown"]];
}

function replacedAt(value: Json, [head, ...rest]: Place, next: unknown): unknown {
  if (head === undefined) return next;
  if (Array.isArray(value)) {
    const list = [...value];
    list[Number(head) || 0] = replacedAt(value[Number(head) || 0], rest, next);
    return list;
  }
  return { ...value, [head]: replacedAt(value?.[head], rest, next) };
}

/** The path goes out as it is; of a stream the beginning is enough. */
async function send(
  server: ServerBench,
  agent: Agent,
  { method, path, headers, body, user }: Sent,
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const { port } = new URL(server.address);
    const outgoing = httpRequest({
      agent,
      host: "127.0.0.1",
      port,
      method,
      path,
      timeout: patienceMs,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
        ...(user === null ? {} : { authorization: `Bearer ${server.tokenOf(user)}` }),
      },
    });
    outgoing.on("timeout", () => {
      outgoing.destroy(new Error(`no answer within ${patienceMs} ms: ${method} ${path}`));
    });
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      const status = response.statusCode ?? 0;
      const type = response.headers["content-type"] ?? "";
      if (/ndjson|event-stream/.test(type)) {
        response.destroy();
        return resolve({ status, type, text: "" });
      }
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ status, type, text }));
      response.on("error", reject);
    });
    outgoing.end(body);
  });
}

/** A refusal says what was wrong, to people and to programs. */
function problemIn({ type, text }: Answer): boolean {
  if (!type.startsWith("application/problem+json")) return false;
  const { status, code, detail, errors } = JSON.parse(text);
  return Number.isInteger(status) && typeof code === "string" && (detail ?? errors) !== undefined;
}
