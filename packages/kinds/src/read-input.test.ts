import { describe, expect, it } from "vitest";
import { isFailure, messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { ApplicationKind } from "./application.ts";
import { ClusterKind } from "./cluster.ts";
import { anyKind, type AnyKind } from "./kind.ts";
import { MetricKind } from "./metric.ts";
import { MetricsProviderKind } from "./metrics-provider.ts";
import { readInput } from "./read-input.ts";
import { RoleKind } from "./role.ts";

const application = anyKind(ApplicationKind);
const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "web" } };

function problemOf(kind: AnyKind, body: unknown): string {
  try {
    readInput(kind, body);
  } catch (error) {
    if (isFailure(error, "Invalid")) return messageOf(error);
    throw error;
  }
  return "";
}

function app(spec: object, metadata: object = {}): object {
  return { metadata: { name: "web", ...metadata }, spec: { manifest: [pod], ...spec } };
}

describe("a body", () => {
  it("needs a name and what the kind cannot do without; the rest has defaults", () => {
    const input = readInput(application, app({}));
    expect(input).toMatchObject({
      metadata: { name: "web", namespace: null, labels: {}, finalizers: [], owners: [] },
      spec: {
        csar: null,
        constraints: {
          cluster: { labels: null, custom_resources: [], metrics: null },
          migration: true,
        },
        backoff_limit: -1,
      },
    });
    expect(input["spec"]).not.toHaveProperty("reschedule_after");
  });

  it("is not changed by being read", () => {
    const body = app({});
    const before = structuredClone(body);
    readInput(application, body);
    expect(body).toEqual(before);
  });

  it.each<[string, AnyKind, unknown]>([
    ["expected object", application, undefined],
    ["expected object (found null)", application, null],
    ["expected object (found array)", application, []],
    ["metadata: expected, but missing; spec: expected, but missing", application, {}],
    ["spec.foo: unknown field", application, app({ foo: 1 })],
    ["metadata.lables: unknown field", application, app({}, { lables: {} })],
    ["status2: unknown field", application, { ...app({}), status2: {} }],
    [
      "spec.constraints.cluster.x: unknown field",
      application,
      app({ constraints: { cluster: { x: 1 } } }),
    ],
    ["spec.manifest[0]: expected object (found number)", application, app({ manifest: [1] })],
    [
      "metadata.labels.a: expected string (found number)",
      application,
      app({}, { labels: { a: 1 } }),
    ],
    ["metadata.owners[0].kind: expected, but missing", application, app({}, { owners: [{}] })],
    ["spec.tosca: expected object or string (found number)", application, app({ tosca: 1 })],
    [
      "spec.tosca: expected a URL that ends in .yaml or .yml",
      application,
      app({ tosca: "http://x" }),
    ],
    ["spec.csar: expected a URL that ends in .csar or .zip", application, app({ csar: "x" })],
    ["at least one of manifest, tosca and csar", application, app({ manifest: [] })],
    ['api: expected "kubernetes"', application, { ...app({}), api: "core" }],
    ['kind: expected "Application"', application, { ...app({}), kind: "Cluster" }],
    [
      "spec: expected a kubeconfig or a tosca template",
      anyKind(ClusterKind),
      { metadata: { name: "a" }, spec: {} },
    ],
    ["rules[0].verbs[0]: expected", anyKind(RoleKind), roleWith("explode")],
    ["spec.min: expected less than max (1)", anyKind(MetricKind), metricWith({ min: 1, max: 1 })],
    [
      "spec.max: expected a range",
      anyKind(MetricKind),
      metricWith({ min: -1.7e308, max: 1.7e308 }),
    ],
    [
      "spec.allowed_values[0]: expected a value from min to max",
      anyKind(MetricKind),
      metricWith({ allowed_values: [9] }),
    ],
    ["spec.type: expected", anyKind(MetricsProviderKind), provider({ type: "csv" })],
    [
      "spec.static: expected for a provider",
      anyKind(MetricsProviderKind),
      provider({ type: "static" }),
    ],
    [
      "spec.prometheus.url: expected an http",
      anyKind(MetricsProviderKind),
      prometheus("file:///etc"),
    ],
    ["no credentials in the URL", anyKind(MetricsProviderKind), prometheus("http://u:p@x")],
    ["without a query", anyKind(MetricsProviderKind), prometheus("http://x/?a=b")],
  ])("that is wrong is told what and where: %s", (message, kind, body) => {
    expect(problemOf(kind, body)).toContain(message);
  });

  it("with many problems is told a bounded number of them", () => {
    const manifest = Array.from({ length: 10_000 }, () => ({}));
    const message = problemOf(application, app({ manifest }));
    expect(message).toContain(`and ${10_000 - limits.fieldProblemsMax} more problems`);
    expect(message.length).toBeLessThan(20_000);
  });

  it("cannot smuggle a prototype in", () => {
    const names = ['"__proto__":{"polluted":1},', ""];
    for (const [outer, inner] of [names, names.toReversed()]) {
      const text = `{${outer}"metadata":{"name":"a"},"spec":{${inner}"manifest":[]}}`;
      expect(problemOf(application, JSON.parse(text))).toContain("__proto__: unknown field");
    }
    const labels = JSON.parse('{"__proto__":"x","constructor":"y"}') as object;
    const input = readInput(application, app({}, { labels }));
    expect(Object.entries(input.metadata.labels)).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

it("a whole application as Krake's clients send it back, nulls and all, is accepted", () => {
  const body = {
    api: "kubernetes",
    kind: "Application",
    metadata: {
      name: "web",
      namespace: "team",
      labels: {},
      inherit_labels: false,
      finalizers: [],
      uid: "3f1e9ad8-95a1-4b1c-a0a8-f6a6b1f4a5a1",
      created: "2024-01-01T00:00:00.123456+00:00",
      modified: "2024-01-01T00:00:00+00:00",
      deleted: null,
      owners: [{ api: "kubernetes", namespace: null, kind: "Cluster", name: "a" }],
    },
    spec: {
      manifest: [pod],
      tosca: {},
      csar: null,
      observer_schema: [],
      constraints: {
        cluster: { labels: null, custom_resources: [], metrics: null },
        migration: true,
      },
      hooks: [],
      shutdown_grace_time: null,
      shutdown_failure_strategy: null,
      shutdown_retry_count: null,
      backoff: 1,
      backoff_delay: 1,
      backoff_limit: -1,
      storage_migration: "none",
      auto_cluster_create: false,
    },
    status: { state: "RUNNING", reason: null, anything: "is ignored here" },
  };
  expect(problemOf(application, body)).toBe("");
  const created = {
    ...body,
    metadata: { ...body.metadata, uid: null, created: null, modified: null },
  };
  expect(problemOf(application, created)).toBe("");
});

it("a whole cluster, metric and provider as Krake's clients send them are accepted", () => {
  const server = "https://10.0.0.1:6443";
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    preferences: {},
    "current-context": "c",
    clusters: [{ name: "c", cluster: { server } }],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
  };
  const spec = {
    kubeconfig,
    tosca: {},
    custom_resources: [],
    constraints: { cloud: { labels: null, metrics: null } },
    metrics: [{ name: "load", weight: 1.5, namespaced: false }],
    inherit_metrics: false,
    backoff: 1,
    backoff_delay: 1,
    backoff_limit: -1,
    auto_generated: false,
  };
  expect(problemOf(anyKind(ClusterKind), { metadata: { name: "c" }, spec })).toBe("");
  expect(problemOf(anyKind(MetricKind), metricWith({}))).toBe("");
  const values = provider({ type: "static", static: { metrics: { load: 0.5 } } });
  expect(problemOf(anyKind(MetricsProviderKind), values)).toBe("");
  expect(problemOf(anyKind(MetricsProviderKind), prometheus("https://prometheus:9090/p/"))).toBe(
    "",
  );
});

function metricWith(spec: object): object {
  const whole = { allowed_values: [], min: 0, max: 1, provider: { name: "p", metric: "m" } };
  return { metadata: { name: "load" }, spec: { ...whole, ...spec } };
}

function provider(spec: object): object {
  return { metadata: { name: "p" }, spec };
}

function prometheus(url: string): object {
  return provider({ type: "prometheus", prometheus: { url } });
}

function roleWith(verb: string): object {
  const rules = [{ api: "", resources: [""], namespaces: [""], verbs: [verb] }];
  return { metadata: { name: "r" }, rules };
}
