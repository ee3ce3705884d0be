/** The documents by which clients learn what a cluster serves. */
import type { Cluster } from "../cluster.ts";
import { apiVersionOf, type SimKind } from "../kind.ts";
import { metricsKinds } from "./metrics-api.ts";

type Document = Record<string, unknown>;

const allVerbs = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];
const statusVerbs = ["get", "patch", "update"];

export function versionDocument(cluster: Cluster): Document {
  const [major = "1", minor = "0"] = cluster.version.replace(/^v/u, "").split(".");
  return {
    major,
    minor,
    gitVersion: cluster.version,
    gitCommit: "0000000000000000000000000000000000000000",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "none",
    compiler: "none",
    platform: "kube-sim",
  };
}

/** `/api`: the versions of the core group. */
export function coreVersionsDocument(): Document {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [],
  };
}

/** Those whose objects are stored, and those that are measured. */
function kindsServed(cluster: Cluster): readonly SimKind[] {
  const stored = cluster.kinds.all();
  return cluster.settings.metrics ? [...stored, ...metricsKinds] : stored;
}

/** Group names in order, each with its versions, the preferred first. */
function groupsOf(cluster: Cluster): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const kind of kindsServed(cluster)) {
    if (kind.group === "") continue;
    const versions = groups.get(kind.group) ?? [];
    groups.set(kind.group, versions);
    if (!versions.includes(kind.version)) versions.push(kind.version);
  }
  return groups;
}

function kindsOf(cluster: Cluster, group: string, version: string): readonly SimKind[] {
  return kindsServed(cluster).filter((kind) => kind.group === group && kind.version === version);
}

function groupEntry(group: string, versions: readonly string[]): Document {
  const entries = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: entries, preferredVersion: entries[0] };
}

/** `/apis` */
export function groupsDocument(cluster: Cluster): Document {
  const groups = [...groupsOf(cluster)].map(([group, versions]) => groupEntry(group, versions));
  return { kind: "APIGroupList", apiVersion: "v1", groups };
}

/** `/apis/<group>`; undefined when there is none. */
export function groupDocument(cluster: Cluster, group: string): Document | undefined {
  const versions = groupsOf(cluster).get(group);
  if (versions === undefined) return undefined;
  return { kind: "APIGroup", apiVersion: "v1", ...groupEntry(group, versions) };
}

/** `/apis/<group>/<version>`: the kinds and their subresources; undefined when there are none. */
export function resourcesDocument(
  cluster: Cluster,
  group: string,
  version: string,
): Document | undefined {
  const kinds = kindsOf(cluster, group, version);
  if (kinds.length === 0) return undefined;
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources: kinds.flatMap(resourceEntries),
  };
}

function resourceEntries(kind: SimKind): readonly Document[] {
  const main = {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: kind.verbs ?? allVerbs,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
  };
  const sub = subresourcesOf(kind).map(({ name, group, version, kind: named, verbs: allowed }) => ({
    name: `${kind.plural}/${name}`,
    singularName: "",
    namespaced: kind.namespaced,
    ...(group === kind.group && version === kind.version ? {} : { group, version }),
    kind: named,
    verbs: allowed,
  }));
  return [main, ...sub];
}

interface Subresource {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

const connectionKinds = {
  exec: "PodExecOptions",
  attach: "PodAttachOptions",
  portforward: "PodPortForwardOptions",
} as const;

/** What a kind has beside its objects, as discovery tells it and requests are held to. */
export function subresourcesOf(kind: SimKind): readonly Subresource[] {
  const { group, version } = kind;
  const status = { name: "status", group, version, kind: kind.kind, verbs: statusVerbs };
  const scale = {
    name: "scale",
    group: "autoscaling",
    version: "v1",
    kind: "Scale",
    verbs: statusVerbs,
  };
  const log = { name: "log", group, version, kind: kind.kind, verbs: ["get"] };
  const connections = Object.entries(connectionKinds).map(([name, connection]) => {
    return { name, group, version, kind: connection, verbs: ["create", "get"] };
  });
  return [
    ...(kind.hasStatus ? [status] : []),
    ...(kind.hasScale ? [scale] : []),
    ...(kind.group === "" && kind.kind === "Pod" ? [log, ...connections] : []),
  ];
}

export const aggregatedType =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Whether an Accept header asks for the aggregated form, before any other that is served. */
export function acceptsAggregated(accept: string | undefined): boolean {
  return /g=apidiscovery\.k8s\.io;v=v2;as=APIGroupDiscoveryList/u.test(accept ?? "");
}

/** `/api` or `/apis` in one document with everything below (apidiscovery.k8s.io/v2). */
export function aggregatedDocument(cluster: Cluster, isCore: boolean): Document {
  const groups = isCore ? new Map([["", ["v1"]]]) : groupsOf(cluster);
  const items = [...groups].map(([group, versions]) => ({
    metadata: group === "" ? {} : { name: group },
    versions: versions.map((version) =>
      cluster.faults.silentGroups.has(group)
        ? { version, freshness: "Stale" }
        : { version, resources: aggregatedEntries(cluster, group, version), freshness: "Current" },
    ),
  }));
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items,
  };
}

function aggregatedEntries(cluster: Cluster, group: string, version: string): Document[] {
  return kindsOf(cluster, group, version).map(aggregatedEntry);
}

function aggregatedEntry(kind: SimKind): Document {
  const { group, version } = kind;
  return {
    resource: kind.plural,
    responseKind: { group, version, kind: kind.kind },
    scope: kind.namespaced ? "Namespaced" : "Cluster",
    singularResource: kind.singular,
    verbs: kind.verbs ?? allVerbs,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    subresources: subresourcesOf(kind).map((sub) => ({
      subresource: sub.name,
      responseKind: { group: sub.group, version: sub.version, kind: sub.kind },
      verbs: sub.verbs,
    })),
  };
}

// --- OpenAPI v3 ----------------------------------------------------------------------------------
// kubectl reads it only to learn that the server validates fields itself; nothing else is
// described.

export function openapiDocument(cluster: Cluster): Document {
  const places = new Set(
    cluster.kinds
      .all()
      .map((kind) => (kind.group === "" ? `api/${kind.version}` : `apis/${apiVersionOf(kind)}`)),
  );
  const paths = [...places].map((place) => [
    place,
    { serverRelativeURL: `/clusters/${cluster.name}/openapi/v3/${place}` },
  ]);
  return { paths: Object.fromEntries(paths) as Document };
}

export function openapiGroupDocument(cluster: Cluster, group: string, version: string): Document {
  const kinds = kindsOf(cluster, group, version);
  const base = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const paths = kinds.map((kind) => {
    const scope = kind.namespaced ? "/namespaces/{namespace}" : "";
    const operation = {
      parameters: [
        { name: "dryRun", in: "query", schema: { type: "string", uniqueItems: true } },
        { name: "fieldManager", in: "query", schema: { type: "string", uniqueItems: true } },
        { name: "fieldValidation", in: "query", schema: { type: "string", uniqueItems: true } },
      ],
      responses: { 200: { description: "OK" } },
      "x-kubernetes-group-version-kind": { group, version, kind: kind.kind },
    };
    return [
      `${base}${scope}/${kind.plural}/{name}`,
      { get: operation, put: operation, patch: operation, delete: operation },
    ];
  });
  return {
    openapi: "3.0.0",
    info: { title: "kube-sim", version: cluster.version },
    paths: Object.fromEntries(paths) as Document,
  };
}
