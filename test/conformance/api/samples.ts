import type { Json } from "../../rest.ts";

/** A body of every kind, and a change of it. A kind that is not here fails the suites. */

export interface Sample {
  readonly body: Json;
  change(body: Json): void;
}

export function kubeconfigOf(server: string, more: { cluster?: object; user?: object } = {}): Json {
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    clusters: [{ name: "c", cluster: { server, ...more.cluster } }],
    users: [{ name: "u", user: { token: "sample-token-77", ...more.user } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
  };
}

const metric: Sample = {
  body: { spec: { allowed_values: [], min: 0, max: 1, provider: { name: "p", metric: "m" } } },
  change: (body) => (body.spec.max = 2),
};

const provider: Sample = {
  body: { spec: { type: "static", static: { metrics: { load: 0.5 } } } },
  change: (body) => (body.spec.static.metrics.load = 0.7),
};

const samples: Readonly<Record<string, Sample>> = {
  Role: {
    body: { rules: [{ api: "core", resources: ["metrics"], namespaces: ["a"], verbs: ["get"] }] },
    change: (body) => body.rules[0].verbs.push("list"),
  },
  RoleBinding: {
    body: { users: ["somebody"], roles: ["nothing"] },
    change: (body) => body.users.push("else"),
  },
  Metric: metric,
  GlobalMetric: metric,
  MetricsProvider: provider,
  GlobalMetricsProvider: provider,
  Cluster: {
    // Nobody listens there: the cluster is registered all the same.
    body: { spec: { kubeconfig: kubeconfigOf("http://127.0.0.1:1") } },
    change: (body) => (body.spec.custom_resources = ["widgets.example.org"]),
  },
  Application: {
    body: {
      spec: { manifest: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m" } }] },
    },
    change: (body) => (body.spec.backoff = 3),
  },
};

export function sampleOf(kind: string, name: string): Json {
  const sample = samples[kind];
  if (!sample) throw new Error(`there is no sample of ${kind} yet: add one to samples.ts`);
  return { metadata: { name }, ...structuredClone(sample.body) };
}

export function changed(kind: string, body: Json): Json {
  const copy = structuredClone(body);
  samples[kind]!.change(copy);
  return copy;
}
