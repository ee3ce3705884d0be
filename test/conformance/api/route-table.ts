import { applicationActions } from "@octoplane/kinds/application-actions";
import type { AnyKind } from "@octoplane/kinds/kind";
import { kinds, recordKinds } from "@octoplane/kinds/registry";

/**
 * Every operation that the server has, as its document must name them: those of all kinds, and the single ones. The suites
 * hold the document to this table and then try each operation of it.
 */
export function routeTable(): readonly string[] {
  return [
    ...kinds.flatMap((kind) => [...readingOf(kind), ...writingOf(kind)]),
    ...recordKinds.flatMap((kind) => readingOf(kind)),
    ...single,
  ].toSorted();
}

export function collectionPath(kind: AnyKind, namespace = "{namespace}"): string {
  const scope = kind.namespaced ? `/namespaces/${namespace}` : "";
  return `/${kind.api}${scope}/${kind.plural}`;
}

/** Whether an operation has to ask the cluster that it names. */
export function isAskedOfNodes(template: string): boolean {
  return /\/clusters\/\{name\}\/(?:nodes|usage)$/.test(template);
}

function readingOf(kind: AnyKind): readonly string[] {
  const collection = collectionPath(kind);
  return [
    `GET ${collection}`,
    ...(kind.namespaced ? [`GET /${kind.api}/${kind.plural}`] : []),
    `GET ${collection}/{name}`,
  ];
}

function writingOf(kind: AnyKind): readonly string[] {
  const collection = collectionPath(kind);
  const one = `${collection}/{name}`;
  return [
    `POST ${collection}`,
    ...["PUT", "PATCH", "DELETE"].map((method) => `${method} ${one}`),
    ...(kind.status === undefined ? [] : [`PUT ${one}/status`]),
    `GET ${one}/events`,
    `GET ${one}/cascade`,
  ];
}

const application = "/kubernetes/namespaces/{namespace}/applications/{name}";
const cluster = "/kubernetes/namespaces/{namespace}/clusters/{name}";
const single = [
  "GET /",
  "GET /livez",
  "GET /readyz",
  "GET /metrics",
  "GET /me",
  "GET /me/rights",
  "GET /me/rules",
  "GET /release",
  "POST /core/tokens",
  "POST /core/tokens/revoke",
  "POST /core/namespaces/{namespace}/serviceaccounts/{name}/token",
  "GET /login",
  "GET /core/secrets/keys",
  "POST /core/secrets/reseal",
  "POST /bootstrap",
  "GET /core/backup",
  "POST /core/restore",
  "POST /core/import",
  `PUT ${application}/binding`,
  `PUT ${application}/complete`,
  `PUT ${application}/shutdown`,
  `PUT ${application}/retry`,
  ...applicationActions.map(({ name }) => `POST ${application}/${name}`),
  `POST ${application}/undo`,
  `GET ${application}/revisions`,
  `GET ${application}/revisions/{generation}`,
  `GET ${application}/decisions`,
  `GET ${application}/decisions/{sequence}/replay`,
  `GET ${application}/explanation`,
  ...["objects", "images"].map((name) => `GET ${application}/${name}`),
  `POST ${application}/differences`,
  ...["pods", "usage", "tree", "logs", "exec", "attach", "portforward"].map(
    (name) => `GET ${application}/${name}`,
  ),
  `DELETE ${application}/pods/{pod}`,
  `GET ${application}/cluster-events`,
  "GET /kubernetes/namespaces/{namespace}/runs/{name}/logs",
  "POST /kubernetes/namespaces/{namespace}/plans",
  "POST /kubernetes/namespaces/{namespace}/backtests",
  "GET /core/globalmetrics/{name}/value",
  "GET /core/namespaces/{namespace}/metrics/{name}/value",
  `PUT ${cluster}/binding`,
  `GET ${cluster}/kubeconfig`,
  `GET ${cluster}/nodes`,
  `GET ${cluster}/usage`,
  `GET ${cluster}/decisions`,
  "PUT /openstack/namespaces/{namespace}/magnumclusters/{name}/binding",
];
