import { describe, expect, it } from "vitest";
import {
  groupVersionsOf,
  readGroupDiscoveryList,
  readResourceList,
  silentGroupsOf,
} from "./discovery.ts";

describe("aggregated discovery", () => {
  it("gives every kind of every version in the server's order, without sub-resources", () => {
    const resource = (plural: string, kind: string, scope: string): object => ({
      resource: plural,
      responseKind: { group: "", version: "", kind },
      scope,
      verbs: ["get", "list"],
      subresources: [{ subresource: "status", responseKind: { kind }, verbs: ["get"] }],
    });
    const list = {
      kind: "APIGroupDiscoveryList",
      items: [
        {
          metadata: { name: "keramik.3box.io" },
          versions: [
            { version: "v1", resources: [resource("networks", "Network", "Cluster")] },
            { version: "v1alpha1", resources: [resource("networks", "Network", "Cluster")] },
          ],
        },
        {
          metadata: {},
          versions: [{ version: "v1", resources: [resource("pods", "Pod", "Namespaced")] }],
        },
        { metadata: { name: "empty" }, versions: [{ version: "v1" }, {}] },
      ],
    };
    expect(
      readGroupDiscoveryList(list).map(({ group, version, kind, namespaced, verbs }) =>
        [group, version, kind, namespaced, verbs.length].join(" "),
      ),
    ).toEqual([
      "keramik.3box.io v1 Network false 2",
      "keramik.3box.io v1alpha1 Network false 2",
      " v1 Pod true 2",
    ]);
  });
});

describe("a group whose extension server does not answer", () => {
  it("is told, whether the server remembers what it serves or not", () => {
    const version = (freshness: string): object => ({ version: "v1", freshness, resources: [] });
    const list = {
      kind: "APIGroupDiscoveryList",
      items: [
        { metadata: { name: "apps" }, versions: [version("Current")] },
        { metadata: { name: "metrics.k8s.io" }, versions: [version("Stale")] },
        { metadata: { name: "half.io" }, versions: [version("Current"), version("Stale")] },
        { metadata: { name: "old.io" }, versions: [{ version: "v1" }] },
      ],
    };
    expect(silentGroupsOf(list)).toEqual(["metrics.k8s.io", "half.io"]);
  });
});

describe("discovery by groups", () => {
  it("puts the preferred version of a group first", () => {
    const list = {
      kind: "APIGroupList",
      groups: [
        {
          name: "autoscaling",
          versions: [{ version: "v1" }, { version: "v2" }],
          preferredVersion: { version: "v2" },
        },
      ],
    };
    expect(groupVersionsOf(list).map(({ version }) => version)).toEqual(["v2", "v1"]);
    expect(groupVersionsOf({ kind: "APIVersions", versions: ["v1"] })).toEqual([
      { group: "", version: "v1" },
    ]);
  });

  it("refuses what is no list of groups", () => {
    expect(() => groupVersionsOf({ hello: "world" })).toThrow("no API server of Kubernetes");
  });

  it("leaves sub-resources out of a list of resources", () => {
    const list = {
      resources: [
        { name: "pods", kind: "Pod", namespaced: true, verbs: ["get"] },
        { name: "pods/log", kind: "Pod", namespaced: true, verbs: ["get"] },
      ],
    };
    expect(readResourceList(list, { group: "", version: "v1" })).toEqual([
      { group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true, verbs: ["get"] },
    ]);
  });
});
