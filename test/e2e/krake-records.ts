import type { Json } from "../rest.ts";

/** Objects as Krake 1.0 stores them in its etcd (contract sections 2 and 10.5): everything written out, times of Python. */

let counter = 0;

function krakeMetadata(name: string, namespace: string | null, more: Json = {}): Json {
  counter += 1;
  return {
    name,
    namespace,
    labels: {},
    finalizers: [],
    uid: `7d1f8f6e-0000-4000-8000-${String(counter).padStart(12, "0")}`,
    created: "2024-02-29T08:15:30.123456+00:00",
    modified: "2024-03-01T08:15:30.654321+00:00",
    deleted: null,
    owners: [],
    ...more,
  };
}

export function krakeCluster(name: string, kubeconfig: Json, more: Json = {}): Json {
  return {
    api: "kubernetes",
    kind: "Cluster",
    metadata: krakeMetadata(name, "team", more.metadata),
    spec: {
      kubeconfig,
      tosca: {},
      custom_resources: [],
      constraints: { cloud: { labels: null, metrics: null } },
      metrics: [],
      backoff: 1,
      backoff_delay: 1,
      backoff_limit: -1,
      ...more.spec,
    },
    status: {
      reason: null,
      kube_controller_triggered: null,
      state: "ONLINE",
      metrics_reasons: {},
      last_applied_tosca: {},
      nodes: [],
      cluster_id: null,
      scheduled: null,
      scheduled_to: null,
      running_on: null,
      retries: 0,
      ...more.status,
    },
  };
}

export function krakeRef(name: string): Json {
  return { api: "kubernetes", namespace: "team", kind: "Cluster", name };
}

/** An application that runs on a cluster, as its controller has left it there. */
export function krakeApplication(
  name: string,
  manifest: Json[],
  on: string | null,
  more: Json = {},
): Json {
  const cluster = on === null ? null : krakeRef(on);
  return {
    api: "kubernetes",
    kind: "Application",
    metadata: krakeMetadata(name, "team", {
      finalizers: on === null ? [] : ["kubernetes_resources_deletion"],
      owners: cluster === null ? [] : [cluster],
      ...more.metadata,
    }),
    spec: {
      manifest,
      tosca: {},
      csar: null,
      observer_schema: [],
      constraints: {
        cluster: { labels: null, custom_resources: [], metrics: null },
        migration: true,
      },
      hooks: [],
      shutdown_grace_time: 30,
      backoff: 1,
      backoff_delay: 1,
      backoff_limit: -1,
      ...more.spec,
    },
    status: {
      reason: null,
      state: on === null ? "PENDING" : "RUNNING",
      container_health: { desired_pods: 1, running_pods: 1, completed_pods: 0, failed_pods: 0 },
      kube_controller_triggered: on === null ? null : "2024-03-01T08:15:31.000001+00:00",
      scheduled: on === null ? null : "2024-03-01T08:15:31.000001+00:00",
      scheduled_to: cluster,
      running_on: cluster,
      retries: null,
      scheduled_retry: null,
      services: on === null ? {} : { [name]: "10.0.0.1:30123" },
      mangled_observer_schema: manifest,
      last_observed_manifest: on === null ? [] : manifest,
      last_applied_manifest: on === null ? [] : manifest,
      complete_token: "a-token-in-clear",
      complete_cert: null,
      complete_key: null,
      shutdown_token: null,
      shutdown_cert: null,
      shutdown_key: null,
      shutdown_grace_period: null,
      ...more.status,
    },
  };
}

/** One object of each of the other twelve kinds, by key. */
export function otherKinds(): Readonly<Record<string, Json>> {
  const metricSpec = { min: 0.0, max: 1.0, provider: { name: "prices", metric: "eu" } };
  const provider = { type: "static", static: { metrics: { eu: 0.25 } } };
  const im = {
    type: "im",
    im: { url: "https://im.example.org", username: "u", password: "im-s3cret", token: null },
  };
  const cloud = {
    type: "openstack",
    openstack: {
      url: "https://keystone.example.org/v3",
      auth: {
        type: "password",
        password: {
          version: "3",
          user: { username: "u", password: "cloud-s3cret", domain_name: "Default", comment: null },
          project: { name: "p", domain_id: "default", comment: null },
        },
      },
      metrics: [],
      infrastructure_provider: { name: "im", namespaced: false },
    },
  };
  const online = { state: "ONLINE", metrics_reasons: {} };
  const of = (kind: string, namespace: string | null, name: string, rest: Json): Json => ({
    kind,
    metadata: krakeMetadata(name, namespace),
    ...rest,
  });
  const rules = [
    { api: "kubernetes", resources: ["clusters"], namespaces: ["team"], verbs: ["get", "list"] },
  ];
  return {
    "/core/roles/readers": of("Role", null, "readers", { api: "core", rules }),
    "/core/rolebindings/readers": of("RoleBinding", null, "readers", {
      api: "core",
      users: ["ann"],
      roles: ["readers"],
    }),
    "/core/globalmetricsproviders/prices": of("GlobalMetricsProvider", null, "prices", {
      api: "core",
      spec: provider,
    }),
    "/core/metricsproviders/team/prices": of("MetricsProvider", "team", "prices", {
      api: "core",
      spec: {
        type: "influx",
        influx: {
          url: "https://influx.example.org",
          token: "influx-s3cret",
          org: "o",
          bucket: "b",
        },
      },
    }),
    // Krake 1.0.1 knows no enumerated values; later ones write null or a list.
    "/core/globalmetrics/eu": of("GlobalMetric", null, "eu", { api: "core", spec: metricSpec }),
    "/core/metrics/team/eu": of("Metric", "team", "eu", {
      api: "core",
      spec: { ...metricSpec, allowed_values: null },
    }),
    "/openstack/projects/team/p": of("Project", "team", "p", {
      api: "openstack",
      spec: {
        url: "https://keystone.example.org/v3",
        auth: {
          type: "application_credential",
          application_credential: { id: "i", secret: "project-s3cret" },
        },
        template: "0b1",
        metrics: [],
      },
      status: online,
    }),
    "/openstack/magnumclusters/team/m": of("MagnumCluster", "team", "m", {
      api: "openstack",
      spec: { master_count: 1, node_count: 2, metrics: [], constraints: { project: null } },
      status: {
        reason: null,
        state: "RUNNING",
        project: { api: "openstack", namespace: "team", kind: "Project", name: "p" },
        template: "0b1",
        cluster_id: "c-1",
        node_count: 2,
        api_address: "https://10.0.0.9:6443",
        master_addresses: ["10.0.0.9"],
        node_addresses: null,
        cluster: null,
      },
    }),
    "/infrastructure/globalinfrastructureproviders/im": of(
      "GlobalInfrastructureProvider",
      null,
      "im",
      { api: "infrastructure", spec: im },
    ),
    "/infrastructure/infrastructureproviders/team/im": of("InfrastructureProvider", "team", "im", {
      api: "infrastructure",
      spec: im,
    }),
    "/infrastructure/globalclouds/gc": of("GlobalCloud", null, "gc", {
      api: "infrastructure",
      spec: cloud,
      status: online,
    }),
    "/infrastructure/clouds/team/c": of("Cloud", "team", "c", {
      api: "infrastructure",
      spec: cloud,
      status: online,
    }),
  };
}
