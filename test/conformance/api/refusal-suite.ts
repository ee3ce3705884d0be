import { AuditRecordKind } from "@octoplane/kinds/audit-record";
import { kindPrefix } from "@octoplane/resources/keys";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueCertificate } from "@octoplane/kube/testing/certificate";
import type { Json } from "../../rest.ts";
import { kubeconfigOf, sampleOf } from "./samples.ts";
import { sendRaw, type Answer, type OpenServer, type ServerBench } from "./server-bench.ts";

const applications = "/kubernetes/namespaces/team/applications";
const clusters = "/kubernetes/namespaces/team/clusters";

function app(edit: (body: Json) => void): Json {
  const body = sampleOf("Application", "bad");
  edit(body);
  return body;
}

const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" } };

/** What is wrong is answered with a 4xx that says what and where, and nothing is changed. */
export function refusalSuite(open: OpenServer): void {
  let server: ServerBench;
  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** All that is stored; that somebody tried is written down all the same. */
  const entries = async (): Promise<unknown> =>
    (await server.bench.store.list("/")).entries.filter(
      ({ key }) => !key.startsWith(kindPrefix(AuditRecordKind)),
    );
  const refused = async (method: string, path: string, sent: object): Promise<Answer> => {
    const before = await entries();
    const answer = await server.call(method, path, sent);
    expect(await entries()).toEqual(before);
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({ type: "about:blank", status: answer.status });
    expect(answer.body.detail.length).toBeGreaterThan(5);
    return answer;
  };

  describe("a body", () => {
    it.each<[string, number, string, string]>([
      ["is no JSON", 415, "{not json", "position 1"],
      ["is cut off", 415, '{"metadata":', "Unexpected end"],
      ["is YAML", 415, "metadata:\n  name: x\n", "is not JSON"],
      ["is empty", 415, "", "expected a JSON body, found none"],
      ["is blank", 415, " \n", "is not JSON"],
      ["is null", 422, "null", "expected object (found null)"],
      ["is a number", 422, "1", "expected object (found number)"],
      ["is a list", 422, "[]", "expected object (found array)"],
      [
        "has a prototype",
        422,
        '{"__proto__":{"a":1},"metadata":{"name":"a"}}',
        "__proto__: unknown field",
      ],
      [
        "has a constructor",
        422,
        '{"constructor":{"prototype":{}},"metadata":{"name":"a"}}',
        "constructor: unknown field",
      ],
      ["is nested deep", 422, `{"spec":${"[".repeat(5_000)}${"]".repeat(5_000)}}`, "levels"],
      ["is nested very deep", 422, `${"[".repeat(4_000_000)}${"]".repeat(4_000_000)}`, "levels"],
    ])("that %s is refused with %i", async (_what, status, body, message) => {
      const answer = await refused("POST", applications, { body });
      expect([answer.status, answer.body.detail]).toEqual([
        status,
        expect.stringContaining(message),
      ]);
      expect(({} as Json)["a"]).toBeUndefined();
    });

    it.each([
      ["text/plain", 415],
      ["application/x-yaml", 415],
      ["application/json; charset=utf-8", 422],
    ])("of type %s is answered with %i", async (type, status) => {
      const answer = await refused("POST", applications, {
        body: "{}",
        headers: { "content-type": type },
      });
      expect(answer.status).toBe(status);
    });

    it("of 20 MiB is refused with 413, and the server serves on", async () => {
      const before = await entries();
      const large = Buffer.alloc(20 * 1024 * 1024, " ");
      const answer = await sendRaw(server, "POST", applications, large);
      expect(answer).toMatchObject({ status: 413, body: { status: 413, code: "TooLarge" } });
      expect(await entries()).toEqual(before);
      expect((await server.call("GET", applications)).status).toBe(200);
    });

    it.each(["9007199254740993", "-9007199254740993", "12345678901234567", "1e400", "-1e999"])(
      "with the number %s, which would not be kept as it is, is refused",
      async (number) => {
        const body = `{"metadata":{"name":"bad"},"spec":{"manifest":[${JSON.stringify(pod).slice(0, -1)},"big":${number}}]}}`;
        const answer = await refused("POST", applications, { body });
        expect([answer.status, answer.body.errors[0].field]).toEqual([422, "big"]);
        expect(answer.body.detail).toContain(number);
      },
    );

    it("with large numbers that are kept as they are is accepted", async () => {
      const data = {
        a: "12345678901234567890",
        b: 9007199254740992,
        c: 1e21,
        d: 0.1234567890123,
      };
      const body = sampleOf("Application", "large-numbers");
      body.spec.manifest[0].data = data;
      const created = await server.ok("POST", applications, { body });
      expect(created.spec.manifest[0].data).toEqual(data);
    });
  });

  describe("an application", () => {
    it.each<[string, string, string, (body: Json) => void]>([
      ["an unknown field", "spec.manifets", "unknown field", (body) => (body.spec.manifets = [])],
      [
        "an unknown field deep inside",
        "spec.constraints.cluster.label",
        "unknown field",
        (body) => (body.spec.constraints = { cluster: { label: [] } }),
      ],
      [
        "what is no manifest",
        "spec.manifest[1]",
        "expected apiVersion",
        (body) => body.spec.manifest.push({ a: 1 }),
      ],
      [
        "a text for a manifest",
        "spec.manifest[0]",
        "expected object",
        (body) => (body.spec.manifest = ["kind: Pod"]),
      ],
      [
        "two documents with one identity",
        "spec.manifest[1]",
        "stands here twice, also at spec.manifest[0]",
        (body) => (body.spec.manifest = [pod, pod]),
      ],
      ["no name", "metadata.name", "expected, but missing", (body) => delete body.metadata.name],
      ["an illegal name", "metadata.name", "is not a name", (body) => (body.metadata.name = "a b")],
      [
        "an illegal label key",
        "metadata.labels",
        '"a b" is not a label key',
        (body) => (body.metadata.labels = { "a b": "c" }),
      ],
      [
        "an illegal label value",
        "metadata.labels.a",
        "is not a label value",
        (body) => (body.metadata.labels = { a: "b c" }),
      ],
      [
        "a label that is a number",
        "metadata.labels.a",
        "expected string",
        (body) => (body.metadata.labels = { a: 1 }),
      ],
      [
        "a label constraint that does not parse",
        "spec.constraints.cluster.labels[0]",
        "location DE\n           ^",
        (body) => (body.spec.constraints = { cluster: { labels: ["location DE"] } }),
      ],
      [
        "a metric constraint that does not parse",
        "spec.constraints.cluster.metrics[0]",
        "load > high\n         ^",
        (body) => (body.spec.constraints = { cluster: { metrics: ["load > high"] } }),
      ],
      ["a wrong kind", "kind", 'expected "Application"', (body) => (body.kind = "Cluster")],
      [
        "a time that is none",
        "spec.reschedule_after",
        "expected",
        (body) => (body.spec.reschedule_after = 1e300),
      ],
    ])("with %s is refused at %s", async (_what, field, message, edit) => {
      const answer = await refused("POST", applications, { body: app(edit) });
      expect(answer.status).toBe(422);
      const found = answer.body.errors.find((error: Json) => error.field === field);
      expect(found?.message).toContain(message);
      expect(answer.body.title).toBeUndefined();
    });
  });

  describe("a kubeconfig", () => {
    it.each<[string, string, (kubeconfig: Json) => void]>([
      ["two contexts", "contexts", (config) => config.contexts.push(config.contexts[0])],
      ["two clusters", "clusters", (config) => config.clusters.push(config.clusters[0])],
      ["two users", "users", (config) => config.users.push(config.users[0])],
      [
        "an exec plug-in",
        "users[0].user.exec",
        (config) => (config.users[0].user.exec = { command: "sh" }),
      ],
      [
        "an auth provider",
        "users[0].user.auth-provider",
        (config) => (config.users[0].user["auth-provider"] = { name: "x" }),
      ],
      [
        "the path of a file",
        "clusters[0].cluster.certificate-authority",
        (config) => (config.clusters[0].cluster["certificate-authority"] = "/etc/passwd"),
      ],
      [
        "a redacted token",
        "users.0.user.token",
        (config) => (config.users[0].user.token = "REDACTED"),
      ],
      [
        "a proxy with credentials",
        "clusters[0].cluster.proxy-url",
        (config) => (config.clusters[0].cluster["proxy-url"] = "http://u:p@proxy"),
      ],
    ])("with %s is refused, and no credential is repeated", async (_what, field, edit) => {
      const body = sampleOf("Cluster", "bad");
      edit(body.spec.kubeconfig);
      const answer = await refused("POST", clusters, { body });
      expect(answer.status).toBe(422);
      expect(answer.body.errors.map((error: Json) => error.field)).toContain(
        `spec.kubeconfig.${field}`,
      );
      expect(answer.text + server.logged()).not.toContain("sample-token-77");
    });

    describe("of a cluster behind TLS", () => {
      let https: Server;
      let address: string;
      const seen: (string | undefined)[] = [];
      const now = Date.now();
      const authority = issueCertificate({ name: "authority", now });
      const stranger = issueCertificate({ name: "stranger", now });
      beforeAll(async () => {
        const issuer = { name: "authority", key: authority.key };
        const own = issueCertificate({ name: "cluster", issuer, dnsNames: ["localhost"], now });
        https = createServer({ cert: own.certificate, key: own.key }, (request, response) => {
          seen.push(request.headers.authorization);
          response.end("{}");
        });
        await new Promise<void>((done) => https.listen(0, "127.0.0.1", done));
        address = `https://localhost:${(https.address() as AddressInfo).port}`;
      });
      afterAll(() => new Promise((done) => https.close(done)));
      const withAuthority = (name: string, pem: string): Json => {
        const data = Buffer.from(pem).toString("base64");
        const cluster = { "certificate-authority-data": data };
        return { metadata: { name }, spec: { kubeconfig: kubeconfigOf(address, { cluster }) } };
      };

      it("that shows a foreign certificate is refused, and never sees the token", async () => {
        const answer = await refused("POST", clusters, {
          body: withAuthority("bad", stranger.certificate),
        });
        const field = "spec.kubeconfig.clusters[0].cluster.certificate-authority-data";
        expect([answer.status, answer.body.errors[0].field]).toEqual([422, field]);
        expect(seen).toEqual([]);
      });

      it("that shows its own is registered", async () => {
        const body = withAuthority("trusted", authority.certificate);
        expect((await server.call("POST", clusters, { body })).status).toBe(200);
        expect(seen.every((header) => header === undefined)).toBe(true);
      });
    });
  });

  describe("a path", () => {
    it("with a name that is longer than any is answered with 404", async () => {
      for (const length of [256, 766, 5_000]) {
        expect((await refused("GET", `/core/roles/${"x".repeat(length)}`, {})).status).toBe(404);
      }
    });

    it.each<[string, string, number]>([
      ["GET", "/nowhere", 404],
      ["GET", "/kubernetes", 404],
      ["GET", "/kubernetes/namespaces/team/pods", 404],
      ["GET", "/kubernetes/namespaces/team/applications/%zz", 404],
      ["GET", "/kubernetes/namespaces/%zz/applications", 404],
      ["GET", "/core/roles/a%2Fb", 404],
      ["GET", "/core/roles/%00", 422],
      ["GET", "/core/roles/..", 404],
      ["GET", "/kubernetes/namespaces/team%2Fx/applications", 422],
      ["GET", "/kubernetes/namespaces/a%20b/applications?watch", 422],
      ["PATCH", "/core/roles", 405],
      ["POST", "/core/roles/a", 405],
      ["DELETE", "/core/roles", 405],
      ["PUT", "/kubernetes/namespaces/team/applications", 405],
      ["GET", "/kubernetes/namespaces/team/applications/a/binding", 405],
      ["POST", "/livez", 405],
    ])("%s %s is answered with %i", async (method, path, status) => {
      expect((await refused(method, path, {})).status).toBe(status);
    });

    it("may hold a percent-encoded name", async () => {
      const name = `role:${"a.b_c-d:".repeat(20)}x`;
      await server.ok("POST", "/core/roles", { body: sampleOf("Role", name) });
      const encoded = [...name].map((char) => `%${char.charCodeAt(0).toString(16)}`).join("");
      for (const written of [name, encodeURIComponent(name), encoded]) {
        expect((await server.ok("GET", `/core/roles/${written}`)).metadata.name).toBe(name);
      }
    });

    it("of a namespace is what counts, not the namespace in the body", async () => {
      const body = sampleOf("Application", "moved");
      body.metadata.namespace = "other";
      expect((await server.ok("POST", applications, { body })).metadata.namespace).toBe("team");
      const illegal = await refused("POST", "/kubernetes/namespaces/a%20b/applications", {
        body: sampleOf("Application", "x"),
      });
      expect(illegal.status).toBe(422);
    });
  });

  it.each([
    "limit=0",
    "limit=-1",
    "limit=x",
    "limit=1e9",
    "limit=1&limit=2",
    "continue=nonsense",
    "watch&heartbeat=-1",
    "watch&heartbeat=1.5",
    "watch&heartbeat=x",
    "watch&resource_version=x",
    "watch&resource_version=-1",
    "watch&resource_version=1.2.3",
  ])("the query ?%s is refused", async (query) => {
    const answer = await refused("GET", `${applications}?${query}`, {});
    expect([answer.status, answer.body.errors]).toEqual([422, [expect.anything()]]);
  });

  it("the query ?force=maybe is refused", async () => {
    const path = `${applications}/kept`;
    await server.ok("POST", applications, { body: sampleOf("Application", "kept") });
    expect((await refused("DELETE", `${path}?force=maybe`, {})).status).toBe(422);
    const marked = await server.ok("DELETE", `${path}?force=False`);
    expect(marked.metadata.deleted).not.toBeNull();
    expect((await server.call("GET", path)).status).toBe(200);
  });

  it("none of it was an error of the server", () => {
    const errors = server
      .logged()
      .split("\n")
      .filter((line) => line.includes('"level":"error"'));
    expect(errors).toEqual([]);
  });
}
