import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openClient } from "@octoplane/client/client";
import { ApplicationKind } from "@octoplane/kinds/application";
import { limits } from "@octoplane/shared/limits";
import type { Json } from "../../rest.ts";
import { sampleOf } from "./samples.ts";
import type { OpenServer, ServerBench } from "./server-bench.ts";

const applications = "/kubernetes/namespaces/wishes/applications";
const clusters = "/kubernetes/namespaces/wishes/clusters";

/** Constraints, preferences, taints and tolerations as they are written: kept, refused with their place, warned of. */
export function constraintsSuite(open: OpenServer): void {
  let server: ServerBench;
  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const never =
    '299 - "\\"a is x\\" and \\"a is not x\\" are never true together: nothing will ever fit"';
  const contradiction = { cluster: { labels: ["a is x", "a is not x"] } };
  const app = (name: string, constraints: object): Json => {
    const body: Json = sampleOf("Application", name);
    return { ...body, metadata: { name }, spec: { ...body.spec, constraints } };
  };

  describe("what can never be true", () => {
    it("is stored and warned of by POST, PUT, PATCH and a dry run, and by nothing else", async () => {
      const path = `${applications}/never`;
      const body = app("never", contradiction);
      for (const query of ["?dryRun=All", ""]) {
        const made = await server.call("POST", `${applications}${query}`, { body });
        expect([made.status, made.headers.get("warning")]).toEqual([200, never]);
      }
      body.spec.backoff = 2;
      const put = await server.call("PUT", path, { body });
      expect([put.status, put.headers.get("warning")]).toEqual([200, never]);
      const headers = { "content-type": "application/merge-patch+json" };
      const patch = { spec: { backoff: 3 } };
      const patched = await server.call("PATCH", path, { body: patch, headers });
      expect([patched.status, patched.headers.get("warning")]).toEqual([200, never]);
      const read = await server.call("GET", path);
      expect([read.status, read.headers.get("warning")]).toEqual([200, null]);
      const mended = { spec: { constraints: { cluster: { labels: ["a is x"] } } } };
      const after = await server.call("PATCH", path, { body: mended, headers });
      expect([after.status, after.headers.get("warning")]).toEqual([200, null]);
    });

    it("reaches who uses the client, as many texts as fit a header", async () => {
      const heard: string[] = [];
      const token = server.tokenOf("system:admin");
      const client = openClient({
        address: server.address,
        token,
        onWarning: (text) => heard.push(text),
      });
      const metrics = Array.from({ length: 50 }, (_, index) => `2 < m${index} < 1`);
      await client.of(ApplicationKind).create(app("many", { cluster: { metrics } }), "wishes");
      expect(heard).toHaveLength(limits.warningsMax);
      expect(heard[0]).toBe('"2 < m0 < 1" is never true: nothing will ever fit');
    });
  });

  it("a PUT that does not know them keeps preferences, tolerations, taints, cordon and drain", async () => {
    const preferred = [{ weight: 10, labels: "zone is x" }];
    const tolerations = [{ key: "gpu", operator: "Exists" }];
    const more = {
      expressions: ["metrics.load < 1.0"],
      applications: [{ apart: "app=web", by: "region" }],
      spread: [{ by: "region", max_skew: 2 }],
      ignore_capacity: true,
    };
    const placement = { cluster: "berlin", local_data: "stay" };
    const body = app("kept", { cluster: { preferred, ...more } });
    body.spec.tolerations = tolerations;
    body.spec.placement = placement;
    await server.ok("POST", applications, { body });
    const plain = app("kept", { cluster: {} });
    plain.spec.backoff = 7;
    const put = await server.ok("PUT", `${applications}/kept`, { body: plain });
    expect(put.spec).toMatchObject({
      constraints: { cluster: { preferred, ...more } },
      tolerations,
      placement,
    });

    const cluster: Json = sampleOf("Cluster", "kept");
    const closed = {
      taints: [{ key: "gpu", value: "", effect: "NoSchedule" }],
      cordoned: true,
      drain: true,
    };
    const sent = { ...cluster, spec: { ...cluster.spec, ...closed } };
    await server.ok("POST", clusters, { body: sent });
    const next = { ...cluster, spec: { ...cluster.spec, backoff: 7 } };
    expect((await server.ok("PUT", `${clusters}/kept`, { body: next })).spec).toMatchObject(closed);
  });

  it("objects without them show none of their fields", async () => {
    const made = await server.ok("POST", applications, { body: app("plain", { cluster: {} }) });
    expect(made.spec).not.toHaveProperty("tolerations");
    expect(made.spec).not.toHaveProperty("placement");
    for (const field of ["preferred", "expressions", "applications", "spread", "ignore_capacity"]) {
      expect(made.spec.constraints.cluster).not.toHaveProperty(field);
    }
    const body: Json = sampleOf("Cluster", "plain");
    const cluster = await server.ok("POST", clusters, { body });
    for (const field of ["taints", "cordoned", "drain", "elastic"]) {
      expect(cluster.spec).not.toHaveProperty(field);
    }
  });

  it.each<[string, object, string, string]>([
    [
      "an expression that does not parse",
      { expressions: ["true", "metrics.load <"] },
      "expressions[1]",
      "Invalid expression: Unexpected token: EOF, at character 15: the end",
    ],
    [
      "an expression without a truth value",
      { expressions: ["labels.a"] },
      "expressions[0]",
      "expected true or false, found string",
    ],
    [
      "a regular expression",
      { expressions: ['labels.a.matches("(a*)*b")'] },
      "expressions[0]",
      "there are no regular expressions here",
    ],
    [
      "endless lists",
      { expressions: ["labels.all(a, labels.all(b, a == b))"] },
      "expressions[0]",
      "could take too long",
    ],
    [
      "an expression of thousands of brackets",
      { expressions: ["(".repeat(1_000)] },
      "expressions[0]",
      "Exceeded maxDepth",
    ],
    [
      "a wish that does not parse",
      { preferred: [{ weight: 1, expression: "1 +" }] },
      "preferred[0].expression",
      "Invalid expression",
    ],
    [
      "a rule about nobody",
      { applications: [{ by: "region" }] },
      "applications[0]",
      "one of together and apart",
    ],
    [
      "a rule that says two things",
      { applications: [{ together: "a", apart: "b" }] },
      "applications[0]",
      "one of together and apart",
    ],
    [
      "a selector that does not parse",
      { applications: [{ apart: "a in (" }] },
      "applications[0].apart",
      "Invalid label selector",
    ],
    ["a place that is no label", { spread: [{ by: "a b" }] }, "spread[0].by", "the key of a label"],
    ["a skew of 0", { spread: [{ max_skew: 0 }] }, "spread[0].max_skew", ""],
  ])("%s is refused at once, with its place", async (_what, cluster, field, message) => {
    const body = app("wrong", { cluster });
    const began = performance.now();
    const { status, body: problem } = await server.call("POST", applications, { body });
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(status).toBe(422);
    const [error] = problem.errors;
    expect(error.field).toBe(`spec.constraints.cluster.${field}`);
    expect(error.message).toContain(message);
    if (field.startsWith("expressions")) expect(error.message).not.toContain("\n");
  });

  it.each<[string, object, string]>([
    ["a weight of 0", { weight: 0, labels: "a is b" }, "preferred[0].weight"],
    ["a weight of 101", { weight: 101, labels: "a is b" }, "preferred[0].weight"],
    ["nothing to prefer", { weight: 1 }, "preferred[0]"],
    ["two things", { weight: 1, labels: "a is b", metrics: "m > 1" }, "preferred[0]"],
    ["what does not parse", { weight: 1, labels: "a is (" }, "preferred[0].labels"],
    ["a metric that does not parse", { weight: 1, metrics: "m >" }, "preferred[0].metrics"],
    ["a text and an expression", { weight: 1, labels: "a", expression: "true" }, "preferred[0]"],
  ])("a preference with %s is refused", async (_what, preference, field) => {
    const body = app("wrong", { cluster: { preferred: [preference] } });
    const { status, body: problem } = await server.call("POST", applications, { body });
    expect(status).toBe(422);
    const fields = problem.errors.map((error: Json) => error.field);
    expect(fields).toContain(`spec.constraints.cluster.${field}`);
  });

  it("wrong taints and tolerations are refused with their place", async () => {
    const cluster: Json = sampleOf("Cluster", "wrong");
    cluster.spec.taints = [{ key: "-", value: "", effect: "NoSchedule" }];
    const body = app("wrong", { cluster: {} });
    body.spec.tolerations = [{ key: "a", operator: "Exists", value: "x" }];
    for (const [path, sent, field] of [
      [clusters, cluster, "spec.taints[0].key"],
      [applications, body, "spec.tolerations[0].value"],
    ] as const) {
      const { status, body: problem } = await server.call("POST", path, { body: sent });
      expect([status, problem.errors[0].field]).toEqual([422, field]);
    }
  });
}
