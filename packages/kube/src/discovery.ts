import type { Log } from "@octoplane/shared/log";
import type { ClusterHttp } from "./cluster-http.ts";
import { notKubernetes } from "./kube-failure.ts";
import { KubeError, type Discovery, type ServedKind } from "./kube.ts";

/**
 * What a cluster serves. Since Kubernetes 1.26 two requests tell everything (aggregated discovery);
 * older servers, and the small stand-ins of tests and virtual clusters, answer the same requests
 * with a list of groups, each of which is then asked for by itself.
 */

/** Tried in this order by the server: it answers with the first that it knows. */
const accept = [
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
  "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
  "application/json",
].join(",");

/** Asks a cluster for everything that it serves; throws a KubeError when it does not answer itself. */
export async function discoverKinds(http: ClusterHttp, log: Log): Promise<Discovery> {
  const found = await Promise.all(
    ["/api", "/apis"].map(async (path) => {
      const { value } = await http.request({ method: "GET", path, accept });
      if (textAt(value, "kind") === "APIGroupDiscoveryList") {
        return { kinds: readGroupDiscoveryList(value), silentGroups: silentGroupsOf(value) };
      }
      return walkGroups(http, groupVersionsOf(value), log);
    }),
  );
  return {
    kinds: found.flatMap(({ kinds }) => kinds),
    silentGroups: found.flatMap(({ silentGroups }) => silentGroups),
  };
}

/**
 * An `APIGroupDiscoveryList`: groups, versions and resources in one, versions in order of
 * preference.
 */
export function readGroupDiscoveryList(list: unknown): readonly ServedKind[] {
  return listAt(list, "items").flatMap((item) => {
    const group = textAt(at(item, "metadata"), "name");
    return listAt(item, "versions").flatMap((entry) =>
      listAt(entry, "resources").flatMap((resource) =>
        servedKind({
          group,
          version: textAt(entry, "version"),
          kind: textAt(at(resource, "responseKind"), "kind"),
          plural: textAt(resource, "resource"),
          namespaced: textAt(resource, "scope") === "Namespaced",
          verbs: textsAt(resource, "verbs"),
        }),
      ),
    );
  });
}

/**
 * The groups of an `APIGroupDiscoveryList` with a version that is `Stale`: the server could not ask the extension server
 * that serves it, and tells what it remembers, or nothing (apidiscovery.k8s.io/v2, `APIVersionDiscovery.freshness`).
 */
export function silentGroupsOf(list: unknown): readonly string[] {
  return listAt(list, "items")
    .filter((item) =>
      listAt(item, "versions").some((entry) => textAt(entry, "freshness") === "Stale"),
    )
    .map((item) => textAt(at(item, "metadata"), "name"));
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/**
 * The versions of an `APIVersions` (core) or an `APIGroupList`, the preferred one of each group
 * first.
 */
export function groupVersionsOf(list: unknown): readonly GroupVersion[] {
  const kind = textAt(list, "kind");
  if (kind === "APIVersions") {
    return textsAt(list, "versions").map((version) => ({ group: "", version }));
  }
  if (kind !== "APIGroupList") throw notKubernetes("it lists no groups");
  return listAt(list, "groups").flatMap((entry) => {
    const group = textAt(entry, "name");
    const preferred = textAt(at(entry, "preferredVersion"), "version");
    const versions = listAt(entry, "versions").map((version) => textAt(version, "version"));
    const ordered = [
      ...versions.filter((version) => version === preferred),
      ...versions.filter((version) => version !== preferred),
    ];
    return ordered.map((version) => ({ group, version }));
  });
}

/** The resources of an `APIResourceList`. */
export function readResourceList(list: unknown, { group, version }: GroupVersion): ServedKind[] {
  return listAt(list, "resources").flatMap((resource) =>
    servedKind({
      group,
      version,
      kind: textAt(resource, "kind"),
      plural: textAt(resource, "name"),
      namespaced: at(resource, "namespaced") === true,
      verbs: textsAt(resource, "verbs"),
    }),
  );
}

async function walkGroups(
  http: ClusterHttp,
  versions: readonly GroupVersion[],
  log: Log,
): Promise<Discovery> {
  const lists = await Promise.all(
    versions.map(async (groupVersion) => {
      const { group, version } = groupVersion;
      const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
      try {
        const { value } = await http.request({ method: "GET", path });
        return { group, kinds: readResourceList(value, groupVersion), isSilent: false };
      } catch (error) {
        // One extension server that is down must not hide what all the others serve.
        const isLocal = error instanceof KubeError && (error.status >= 500 || error.status === 404);
        if (!isLocal) throw error;
        log.warn({ group, version, err: error }, "a group of the cluster cannot be discovered");
        return { group, kinds: [], isSilent: true };
      }
    }),
  );
  const silent = lists.filter(({ isSilent }) => isSilent).map(({ group }) => group);
  return { kinds: lists.flatMap(({ kinds }) => kinds), silentGroups: [...new Set(silent)] };
}

/** Leaves out sub-resources (`pods/log`) and entries without a name or a kind. */
function servedKind(served: ServedKind): readonly ServedKind[] {
  const { kind, plural, version } = served;
  return kind === "" || plural === "" || version === "" || plural.includes("/") ? [] : [served];
}

function at(value: unknown, field: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as Readonly<Record<string, unknown>>)[field];
}

function textAt(value: unknown, field: string): string {
  const text = at(value, field);
  return typeof text === "string" ? text : "";
}

function listAt(value: unknown, field: string): readonly unknown[] {
  const list = at(value, field);
  return Array.isArray(list) ? list : [];
}

function textsAt(value: unknown, field: string): readonly string[] {
  return listAt(value, field).filter((text) => typeof text === "string");
}
