import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../rest.ts";
import { openField, type Field } from "./field.ts";
import { configMap } from "./manifests.ts";
import { Tenant } from "./tenant.ts";

/**
 * Weights, policies, expressions and constraints that mean nothing, or never end: refused with their place, or stored and told
 * of where people look. Whatever it is, the next application is placed within a second.
 */

let field: Field;
let tenant: Tenant;
beforeAll(async () => {
  field = await openField();
  tenant = new Tenant(field);
  await tenant.values("p", { load: 0.9, price: 0.1 });
  await tenant.cluster("a", { labels: { zone: "x" }, metrics: { load: 1 } });
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

/** A body as text, so that it may have numbers that JSON.stringify does not write. */
async function send(method: string, path: string, body: string) {
  const { address, adminToken } = field.octoplane;
  const response = await fetch(`${address}${path}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    body,
  });
  return {
    status: response.status,
    warning: response.headers.get("warning") ?? "",
    answer: (await response.json()) as Json,
  };
}

/** The field that an answer names; of numbers that are too large for any JSON its last part only. */
function fieldOf({ answer }: { readonly answer: Json }): string {
  const { field } = answer.errors[0];
  expect(field).not.toBe("");
  return field;
}

async function expectNoDelay(where: Tenant): Promise<void> {
  const name = field.fresh("next");
  await where.app(name);
  const { metadata, status } = await where.until(name, "is placed", ({ status: now }) => {
    return now.scheduled !== null;
  });
  expect(Date.parse(status.scheduled) - Date.parse(metadata.created)).toBeLessThan(1_000);
}

const explain = async (where: Tenant, app: string): Promise<Json> =>
  await where.rest.ok("GET", `${where.path("applications", app)}/explanation`);

describe("a weight", () => {
  const weights = ["0", "-1", "1e999", "-1e999", "1000001", '"1"', "null"];

  it.each(weights)(
    "of %s is refused in a policy and in an application, with its field",
    async (weight) => {
      const name = field.fresh("odd");
      const policies = `/kubernetes/namespaces/${tenant.namespace}/placementpolicies`;
      const objective = `{"metric":"load","weight":${weight}}`;
      const policy = `{"metadata":{"name":"${name}"},"spec":{"objectives":[${objective}]}}`;
      const refused = await send("POST", policies, policy);
      expect(refused.status).toBe(422);
      expect("spec.objectives[0].weight").toContain(fieldOf(refused));
      const placement = `{"weights":{"load":${weight}}}`;
      const manifest = JSON.stringify([configMap(name, {})]);
      const app = `{"metadata":{"name":"${name}"},"spec":{"manifest":${manifest},"placement":${placement}}}`;
      const also = await send("POST", tenant.path("applications"), app);
      expect(also.status).toBe(422);
      expect("spec.placement.weights.load").toContain(fieldOf(also));
    },
  );

  it.each(["1e999", "-1e999", '"much"', "null"])(
    "of %s is refused at a cluster, too",
    async (weight) => {
      const body = await tenant.rest.ok("GET", tenant.path("clusters", "a"));
      body.spec.metrics = "HERE";
      const metrics = `[{"name":"load","weight":${weight}}]`;
      const text = JSON.stringify(body).replace('"HERE"', metrics);
      const refused = await send("PUT", tenant.path("clusters", "a"), text);
      expect(refused.status).toBe(422);
      expect("spec.metrics[0].weight").toContain(fieldOf(refused));
    },
  );

  it.each<[number, string, number]>([
    [0, "the score is 0 whatever they are", 0],
    [-1, "each counts the other way round", 0.9],
  ])(
    "of %d at a cluster is stored as with Krake, warned of, and shown in the explanation",
    async (weight, warning, score) => {
      const own = new Tenant(field);
      await own.values("p", { load: 0.9 });
      await own.cluster("odd", { metrics: { load: 1 } });
      const body = await own.rest.ok("GET", own.path("clusters", "odd"));
      body.spec.metrics[0].weight = weight;
      const put = await send("PUT", own.path("clusters", "odd"), JSON.stringify(body));
      expect([put.status, put.warning]).toEqual([200, expect.stringContaining(warning)]);
      await own.app("app");
      await own.untilRuns("app", "odd");
      const { items } = await own.rest.ok("GET", `${own.path("applications", "app")}/decisions`);
      const [row] = items.at(-1).candidates;
      expect(row.parts).toMatchObject([{ name: "load", weight, value: 0.9 }]);
      expect(row.score).toBeCloseTo(score);
    },
  );
});

it("a policy of metrics that nobody has is told at the application, which is placed by what is left", async () => {
  const policies = `/kubernetes/namespaces/${tenant.namespace}/placementpolicies`;
  const objectives = [{ metric: "moonlight", weight: 1 }];
  await tenant.rest.ok("POST", policies, { metadata: { name: "moony" }, spec: { objectives } });
  await tenant.app("moony", {}, { placement: { policy: "moony" } });
  const { status } = await tenant.until(
    "moony",
    "is placed",
    (app) => app.status.scheduled !== null,
  );
  const policy = status.conditions.find(({ type }: Json) => type === "Policy");
  expect(policy).toMatchObject({ status: "False", reason: "MetricMissing" });
  expect(policy.message).toContain("no metric is called or counts as moonlight");
  const { decision } = await explain(tenant, "moony");
  expect(decision.policy).toMatchObject({ weights: {}, problem: { code: "MetricMissing" } });
  expect(decision.candidates[0].parts[0]).toMatchObject({ name: "load", weight: 1 });
  await expectNoDelay(tenant);
});

describe("an expression", () => {
  const all = Array.from(
    { length: 4 },
    (_, index) => `cluster.custom_resources.exists(x${index}, `,
  );
  const endless = `${all.join("")}x0 == x1 && x2 == x3${")".repeat(4)}`;

  it.each<[string, string, string]>([
    ["does not parse", 'labels.zone == "x" &&', "Invalid expression"],
    ["does not end soon", endless, "too long"],
    ["may take for ever", 'labels.zone.matches("(a+)+$")', "matches"],
    ["gives no truth value", "metrics.load * 2", "expected true or false"],
    ["names what there is not", "cluster.moons > 2", "moons"],
    ["is nested without end", `${"(".repeat(100)}true${")".repeat(100)}`, "Invalid expression"],
  ])(
    "that %s is refused with its place, as a demand and as a wish",
    async (_what, text, message) => {
      const name = field.fresh("cel");
      const spec = (cluster: object): string =>
        JSON.stringify({
          metadata: { name },
          spec: { manifest: [configMap(name, {})], constraints: { cluster } },
        });
      const began = performance.now();
      const path = tenant.path("applications");
      const demand = await send("POST", path, spec({ expressions: [text] }));
      const wish = await send("POST", path, spec({ preferred: [{ weight: 1, expression: text }] }));
      expect(performance.now() - began).toBeLessThan(10_000);
      for (const [{ status, answer }, at] of [
        [demand, "expressions[0]"],
        [wish, "preferred[0].expression"],
      ] as const) {
        expect(status).toBe(422);
        expect(answer.errors).toMatchObject([{ field: `spec.constraints.cluster.${at}` }]);
        expect(answer.errors[0].message).toContain(message);
      }
    },
  );

  it("that cannot be worked out places nothing, says on which cluster why, and holds nobody up", async () => {
    await tenant.app("unknown", { expressions: ['labels.tier == "gold"'] });
    await tenant.untilFails("unknown", "NO_SUITABLE_RESOURCE");
    const { decision } = await explain(tenant, "unknown");
    const verdict = decision.candidates[0].verdicts.find(({ fits }: Json) => !fits);
    expect(verdict).toMatchObject({
      filter: "expressions",
      message: '"labels.tier == "gold"" cannot be worked out: there is no tier',
    });
    await expectNoDelay(tenant);
  });
});

it("a constraint on a label nobody has is told of every cluster, and holds nobody up", async () => {
  await tenant.app("lonely", { labels: ["moon is full"] });
  const { status } = await tenant.untilFails("lonely", "NO_SUITABLE_RESOURCE");
  expect(status.scheduled_to).toBeNull();
  const { decision, obstacles } = await explain(tenant, "lonely");
  const message = '"moon is full" wants a label moon, and there is none';
  for (const row of decision.candidates) {
    const verdict = row.verdicts.find(({ fits }: Json) => !fits);
    expect(verdict).toMatchObject({ filter: "labels", reason: "LabelMissing", message });
  }
  expect(JSON.stringify(obstacles)).toContain("moon is full");
  await expectNoDelay(tenant);
});

it("hundreds of applications that fit nowhere do not delay one that does", async () => {
  const own = new Tenant(field);
  await own.cluster("only");
  const makers = Array.from({ length: 8 }, async (_, lane) => {
    for (let index = 0; index < 40; index += 1) {
      await own.app(`lost-${lane}-${index}`, { labels: ["moon is full"] });
    }
  });
  await Promise.all(makers);
  await expectNoDelay(own);
});
