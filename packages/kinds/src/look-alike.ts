/** Documents that look like objects for a cluster and are none: the input of tools, settings of programs. */

export interface LookAlike {
  /** What it is, as the end of a sentence: `a kustomization`. */
  readonly what: string;
  /** What to do with it instead. */
  readonly instead: string;
}

type Entry = Readonly<Record<string, unknown>>;

/**
 * What a document is when it is no object for a cluster: told by its group and kind or, where these
 * are missing, by its fields. `undefined` for what may be an object. Pure.
 */
export function lookAlike(document: Entry): LookAlike | undefined {
  const { apiVersion, kind } = document;
  if (typeof apiVersion === "string" && typeof kind === "string") {
    return ofKind(apiVersion, kind) ?? (isTemplate(document) ? known.template : undefined);
  }
  return shapes.find(({ fits }) => fits(document))?.is;
}

const known = {
  k3d: {
    what: "a cluster file of k3d",
    instead: 'make the cluster with "k3d cluster create --config" and register it',
  },
  kind: {
    what: "a cluster file of kind",
    instead: 'make the cluster with "kind create cluster --config" and register it',
  },
  kustomization: {
    what: "a kustomization",
    instead: "render it first: give its folder with --kustomize",
  },
  chart: {
    what: "the Chart.yaml of a Helm chart",
    instead: "render it first: give the chart's folder with --chart",
  },
  template: {
    what: "a template of a Helm chart",
    instead: "render it first: give the chart's folder with --chart",
  },
  kubeconfig: {
    what: "a kubeconfig",
    instead: 'register the cluster with "rok kube cluster register --kubeconfig"',
  },
  node: {
    what: "a setting of a program of Kubernetes itself",
    instead: "hand it to that program",
  },
  skaffold: { what: "a file of Skaffold", instead: 'render it with "skaffold render"' },
  tosca: { what: "a TOSCA template", instead: "give it by itself, without manifests" },
  octoplane: { what: "an object of Octoplane", instead: 'store it with "rok apply --file"' },
  compose: {
    what: "a file of Docker Compose",
    instead: "write its services as Kubernetes objects (kompose does that)",
  },
  collector: {
    what: "a configuration of the OpenTelemetry Collector",
    instead: "put it into a ConfigMap",
  },
  prometheus: { what: "a configuration of Prometheus", instead: "put it into a ConfigMap" },
  rules: {
    what: "a file of rules for Prometheus",
    instead: "put it into a ConfigMap or a PrometheusRule",
  },
} as const satisfies Readonly<Record<string, LookAlike>>;

const groups: ReadonlyMap<string, LookAlike> = new Map<string, LookAlike>([
  ["k3d.io", known.k3d],
  ["kind.x-k8s.io", known.kind],
  ["kustomize.config.k8s.io", known.kustomization],
  ["kubeadm.k8s.io", known.node],
  ["kubelet.config.k8s.io", known.node],
  ["kubeproxy.config.k8s.io", known.node],
  ["kubescheduler.config.k8s.io", known.node],
  ["apiserver.config.k8s.io", known.node],
  ["audit.k8s.io", known.node],
  ["skaffold", known.skaffold],
]);

function ofKind(apiVersion: string, kind: string): LookAlike | undefined {
  if (apiVersion === "v1" && kind === "Config") return known.kubeconfig;
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? undefined : groups.get(apiVersion.slice(0, slash));
}

/** Braces elsewhere belong to dashboards, alerts and workflows, which have templates of their own. */
function isTemplate({ apiVersion, kind, metadata }: Entry): boolean {
  const { name, namespace } = isEntry(metadata) ? metadata : {};
  return [apiVersion, kind, name, namespace].some(
    (text) => typeof text === "string" && text.includes("{{"),
  );
}

interface Shape {
  readonly is: LookAlike;
  fits(document: Entry): boolean;
}

const has = (document: Entry, ...fields: readonly string[]): boolean =>
  fields.every((field) => Object.hasOwn(document, field));
const hasAny = (document: Entry, ...fields: readonly string[]): boolean =>
  fields.some((field) => Object.hasOwn(document, field));

/** In this order: the first that fits is told. */
const shapes: readonly Shape[] = [
  { is: known.tosca, fits: (document) => has(document, "tosca_definitions_version") },
  {
    is: known.octoplane,
    fits: ({ api, kind, apiVersion }) =>
      typeof api === "string" && typeof kind === "string" && apiVersion === undefined,
  },
  {
    is: known.chart,
    fits: ({ apiVersion, name, version }) =>
      (apiVersion === "v1" || apiVersion === "v2") &&
      typeof name === "string" &&
      version !== undefined,
  },
  {
    is: known.kubeconfig,
    fits: (document) => has(document, "clusters", "contexts", "users"),
  },
  {
    is: known.collector,
    fits: (document) =>
      hasAny(document, "receivers", "exporters") &&
      isEntry(document["service"]) &&
      has(document["service"], "pipelines"),
  },
  {
    is: known.prometheus,
    fits: (document) =>
      has(document, "scrape_configs") ||
      (has(document, "global") && hasAny(document, "rule_files", "alerting", "remote_write")),
  },
  { is: known.rules, fits: ({ groups: list }) => isListOf(list, "rules") },
  {
    is: known.compose,
    fits: ({ services, apiVersion, kind }) =>
      apiVersion === undefined &&
      kind === undefined &&
      isEntry(services) &&
      Object.values(services).some((one) => isEntry(one) && hasAny(one, "image", "build")),
  },
  {
    is: known.kustomization,
    fits: (document) =>
      (isTexts(document["resources"]) || isTexts(document["components"])) &&
      !has(document, "metadata"),
  },
];

function isListOf(value: unknown, field: string): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one) => isEntry(one) && has(one, field))
  );
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string");
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
