import type { Json } from "../../rest.ts";

/** A body of every kind, and a change of it. A kind that is not here fails the suites. */

interface Sample {
  readonly body: Json;
  change(body: Json): void;
  /** For a kind with a status: a condition, the state that comes of it, and a field that Krake's clients write. */
  readonly stated?: {
    readonly condition: { readonly type: string; readonly status: string };
    readonly state: string;
    readonly written: Json;
  };
}

export function findingOf({ type, status }: { readonly type: string; readonly status: string }) {
  const last_transition_time = "2024-01-01T00:00:00Z";
  return { type, status, reason: "R", message: "m", observed_generation: 1, last_transition_time };
}

const triggered = { kube_controller_triggered: "2024-01-01T00:00:00+00:00" };
const failingMetrics = {
  condition: { type: "MetricsAvailable", status: "False" },
  state: "FAILING_METRICS",
  written: { metrics_reasons: { m: { code: "UNKNOWN_METRIC", message: "m" } } },
};

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

const infrastructureProvider: Sample = {
  body: {
    spec: { type: "im", im: { url: "http://127.0.0.1:1", username: "u", password: "sample-77" } },
  },
  change: (body) => (body.spec.im.username = "v"),
};

const cloud: Sample = {
  body: {
    spec: {
      type: "openstack",
      openstack: {
        url: "http://127.0.0.1:1/v3",
        auth: {
          type: "password",
          password: {
            user: { username: "u", password: "sample-77" },
            project: { name: "p" },
          },
        },
        infrastructure_provider: { name: "im" },
      },
    },
  },
  change: (body) => (body.spec.openstack.metrics = [{ name: "m", weight: 1, namespaced: false }]),
  stated: failingMetrics,
};

const policy: Sample = {
  body: { spec: { objectives: [{ metric: "m", weight: 1 }], minimum_gain: 0.1 } },
  change: (body) => (body.spec.objectives[0].weight = 2),
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
    stated: {
      condition: { type: "Reachable", status: "True" },
      state: "ONLINE",
      written: triggered,
    },
  },
  Application: {
    body: {
      spec: { manifest: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m" } }] },
    },
    change: (body) => (body.spec.backoff = 3),
    stated: {
      condition: { type: "Scheduled", status: "True" },
      state: "CREATING",
      written: triggered,
    },
  },
  Run: {
    body: { spec: { application: "nobody", workload: { name: "solve" } } },
    change: (body) => (body.spec.note = "the one for the paper"),
    stated: {
      condition: { type: "Started", status: "True" },
      state: "RUNNING",
      written: { exit_code: 3 },
    },
  },
  PlacementPolicy: policy,
  GlobalPlacementPolicy: policy,
  Project: {
    body: {
      spec: {
        url: "http://127.0.0.1:1/v3",
        auth: {
          type: "application_credential",
          application_credential: { id: "i", secret: "sample-77" },
        },
        template: "728f024e-8a88-4971-b79f-151a1b9e1ac1",
      },
    },
    change: (body) => (body.spec.template = "another"),
    stated: failingMetrics,
  },
  MagnumCluster: {
    body: { spec: { master_count: 3, node_count: 2 } },
    change: (body) => (body.spec.node_count = 4),
    stated: {
      condition: { type: "Provisioned", status: "True" },
      state: "RUNNING",
      written: { cluster_id: "c-1" },
    },
  },
  GlobalInfrastructureProvider: infrastructureProvider,
  InfrastructureProvider: infrastructureProvider,
  GlobalCloud: cloud,
  Cloud: cloud,
  ServiceAccount: {
    body: { spec: { description: "builds" } },
    change: (body) => (body.spec.tokens_not_before = "2024-01-01T00:00:00Z"),
  },
  TokenRevocation: {
    body: { spec: { user: "somebody-else", before: "2020-01-01T00:00:00Z" } },
    change: (body) => (body.spec.reason = "lost"),
  },
};

export function sampleOf(kind: string, name: string): Json {
  const sample = samples[kind];
  if (!sample) throw new Error(`there is no sample of ${kind} yet: add one to samples.ts`);
  return { metadata: { name }, ...structuredClone(sample.body) };
}

export function statedOf(kind: string): NonNullable<Sample["stated"]> {
  const stated = samples[kind]?.stated;
  if (!stated) throw new Error(`there is no status of ${kind} yet: add one to samples.ts`);
  return stated;
}

export function changed(kind: string, body: Json): Json {
  const copy = structuredClone(body);
  samples[kind]!.change(copy);
  return copy;
}
