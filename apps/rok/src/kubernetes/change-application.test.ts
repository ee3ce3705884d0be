import { expect, test } from "vitest";
import { changeApplication } from "./change-application.ts";
import { changeProvider, newProvider } from "../metrics/change-provider.ts";
import { changeMetric } from "../commands/metric.ts";
import { inject } from "./inject.ts";
import { changeCluster } from "./write-cluster.ts";

const stored = {
  metadata: { name: "a", labels: { team: "x", tier: "1" } },
  spec: {
    manifest: [{ kind: "Pod" }],
    tosca: {},
    csar: null,
    constraints: {
      cluster: { labels: ["a is b"], custom_resources: ["x.y"], metrics: null },
      migration: false,
    },
    hooks: ["complete"],
    backoff: 7,
    backoff_delay: 8,
    backoff_limit: 9,
    reschedule_after: 30,
  },
};

test("an update changes what was named and nothing else", () => {
  const changed = changeApplication(stored, { label: { tier: "2" } }, {});
  expect(changed).toEqual({
    metadata: { name: "a", labels: { team: "x", tier: "2" } },
    spec: {
      ...stored.spec,
      constraints: {
        cluster: { labels: ["a is b"], custom_resources: ["x.y"], metrics: [] },
        migration: false,
      },
    },
  });
});

test("constraints of every sort are added, unless those that are there are to go first", () => {
  const flags = {
    clusterLabelConstraint: ["c is d", "a is b"],
    clusterMetricConstraint: ["load < 3"],
    clusterResourceConstraint: ["p.q"],
  };
  expect(changeApplication(stored, flags, {}).spec.constraints.cluster).toEqual({
    labels: ["a is b", "c is d"],
    custom_resources: ["x.y", "p.q"],
    metrics: ["load < 3"],
  });
  const removed = { ...flags, removeExistingLabelConstraints: true, removeExistingLabels: true };
  const changed = changeApplication(stored, removed, {});
  expect(changed.spec.constraints.cluster.labels).toEqual(["c is d", "a is b"]);
  expect(changed.metadata.labels).toEqual({});
});

test("hooks are texts, their times fields of their own", () => {
  const hookShutdown = { timeoutSeconds: 60, strategy: "give_up", retries: 2 };
  expect(changeApplication(stored, { hookShutdown }, {}).spec).toMatchObject({
    hooks: ["complete", "shutdown"],
    shutdown_grace_time: 60,
    shutdown_failure_strategy: "give_up",
    shutdown_retry_count: 2,
    backoff_limit: 9,
  });
});

test("a new source takes the place of the old one", () => {
  const template = { tosca_definitions_version: "tosca_simple_yaml_1_0" };
  const files = { documents: [template] };
  expect(changeApplication(stored, {}, files).spec).toMatchObject({
    manifest: [],
    tosca: template,
  });
  const csar = changeApplication(stored, { url: "http://x/a.csar" }, {}).spec;
  expect(csar).toMatchObject({ manifest: [], tosca: {}, csar: "http://x/a.csar" });
  const mixed = { documents: [template, { kind: "Pod" }] };
  expect(() => changeApplication(stored, {}, mixed)).toThrow("one TOSCA template");
});

test("a metric of a cluster gets a new weight, others stay, the two scopes apart", () => {
  const metrics = [
    { name: "load", weight: 1, namespaced: true },
    { name: "load", weight: 2, namespaced: false },
  ];
  const cluster = { metadata: { name: "c" }, spec: { metrics, backoff: 5 } };
  const flags = {
    metric: [{ name: "load", value: 3 }],
    globalMetric: [{ name: "heat", value: 4 }],
  };
  expect(changeCluster(cluster, flags, {}).spec).toEqual({
    backoff: 5,
    custom_resources: [],
    metrics: [
      { name: "load", weight: 3, namespaced: true },
      { name: "load", weight: 2, namespaced: false },
      { name: "heat", weight: 4, namespaced: false },
    ],
  });
  const cleared = changeCluster(cluster, { ...flags, removeExistingMetrics: true }, {});
  expect(cleared.spec.metrics).toHaveLength(2);
});

test("a metric may change in its allowed values only", () => {
  const spec = { min: 0, max: 3, allowed_values: [1], provider: { name: "p", metric: "m" } };
  expect(changeMetric(spec, { allowedValues: [2] })).toEqual({ ...spec, allowed_values: [2] });
});

test("a provider wants what its type needs, and nothing of another type", () => {
  const influx = { type: "influx", url: "http://x", org: "o" } as const;
  expect(() => newProvider(influx)).toThrow("needs --token, --bucket");
  const kafka = { type: "kafka", url: "http://x" } as const;
  expect(() => newProvider({ ...kafka, valueColumn: "v" })).toThrow(
    "needs --table, --comparison-column",
  );
  const spec = { type: "static", static: { metrics: { a: 1, b: 2 } } } as const;
  expect(() => changeProvider(spec, { url: "http://x" })).toThrow("static has no --url");
  const metric = [{ name: "b", value: 3 }];
  expect(changeProvider(spec, { metric })).toEqual({
    type: "static",
    static: { metrics: { a: 1, b: 3 } },
  });
});

test("values are injected into environment variables at any depth, and nowhere else", () => {
  const env = [
    { name: "A", value: "KEY" },
    { name: "B", valueFrom: {} },
    { name: "C", value: "x" },
  ];
  const pod = (variables: object[]) => [
    { data: "KEY", spec: { containers: [{ env: variables }] } },
  ];
  expect(inject(pod(env), { KEY: "v" })).toEqual(
    pod([
      { name: "A", value: "v" },
      { name: "B", valueFrom: {} },
      { name: "C", value: "x" },
    ]),
  );
  expect(() => inject(pod(env), { KEY: "v", toString: "y" })).toThrow("has the value toString");
});

test("preferences and tolerations are added, one that is there again is replaced, and none is made up", () => {
  const wish = { weight: 5, labels: "a is b" };
  const one = { key: "k", operator: "Exists", value: "", effect: null, seconds: null } as const;
  const once = changeApplication(stored, { clusterLabelPreference: [wish], toleration: [one] }, {});
  const cluster = (app: object) => app as { spec: Record<string, never> };
  expect(cluster(once).spec).toMatchObject({
    constraints: { cluster: { preferred: [wish] } },
    tolerations: [one],
  });
  const metric = { weight: 1, metrics: "load < 1" };
  const twice = changeApplication(
    once,
    {
      clusterLabelPreference: [{ ...wish, weight: 9 }],
      clusterMetricPreference: [metric],
      toleration: [{ ...one, seconds: 30 }],
    },
    {},
  );
  expect(cluster(twice).spec).toMatchObject({
    constraints: { cluster: { preferred: [{ ...wish, weight: 9 }, metric] } },
    tolerations: [{ ...one, seconds: 30 }],
  });
  const cleared = changeApplication(
    twice,
    { removeExistingPreferences: true, removeExistingTolerations: true },
    {},
  );
  expect(cluster(cleared).spec).toMatchObject({
    constraints: { cluster: { preferred: [] } },
    tolerations: [],
  });
});

test("a policy is replaced or removed, weights are added to those that are there", () => {
  const once = changeApplication(
    { metadata: { name: "a" }, spec: {} },
    { policy: "cost", weight: { load: 2 } },
    {},
  );
  expect(once.spec).toMatchObject({ placement: { policy: "cost", weights: { load: 2 } } });
  const twice = changeApplication(once, { weight: { price: 1, load: 3 } }, {});
  expect(twice.spec).toMatchObject({
    placement: { policy: "cost", weights: { load: 3, price: 1 } },
  });
  const other = changeApplication(twice, { policy: "own", removeExistingWeights: true }, {});
  expect(other.spec).toMatchObject({ placement: { policy: "own" } });
  expect(changeApplication(other, { removePolicy: true }, {}).spec).toMatchObject({
    placement: {},
  });
  expect(changeApplication(other, {}, {}).spec).toHaveProperty("placement", { policy: "own" });
});
