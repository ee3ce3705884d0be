import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Adjustment } from "./adjustment.ts";
import type { ManifestObject } from "./manifest.ts";
import { wantedManifest } from "./wanted-manifest.ts";
import { requestsOf } from "./workload-requests.ts";

/** What a test looks into without types. */
type Json = ReturnType<typeof JSON.parse>;

const pod = {
  initContainers: [{ name: "init", image: "init:1" }],
  containers: [
    { name: "app", image: "app:1" },
    { name: "proxy", image: "proxy:1" },
  ],
};

function workload(kind: string, name = "w", namespace?: string): ManifestObject {
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  switch (kind) {
    case "Pod":
      return { apiVersion: "v1", kind, metadata, spec: pod };
    case "Job":
      return { apiVersion: "batch/v1", kind, metadata, spec: { template: { spec: pod } } };
    case "CronJob": {
      const spec = { jobTemplate: { spec: { template: { spec: pod } } } };
      return { apiVersion: "batch/v1", kind, metadata, spec };
    }
    case "Service":
    case "ConfigMap":
      return { apiVersion: "v1", kind, metadata };
    case "HorizontalPodAutoscaler":
      return { apiVersion: "autoscaling/v2", kind, metadata, spec: { maxReplicas: 5 } };
    default:
      return {
        apiVersion: "apps/v1",
        kind,
        metadata,
        spec: { replicas: 3, template: { metadata: { labels: { app: name } }, spec: pod } },
      };
  }
}

const kinds = [
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "Pod",
  "Job",
  "CronJob",
  "Service",
  "ConfigMap",
  "HorizontalPodAutoscaler",
];

function adjusted(kind: string, adjustment: Partial<Adjustment>) {
  const manifest = [workload(kind), workload("ConfigMap", "other")];
  const [first] = wantedManifest({ manifest, adjustments: [{ kind, name: "w", ...adjustment }] });
  return first as Json;
}

describe("what is wanted", () => {
  it("is the manifest itself where nothing was adjusted", () => {
    const manifest = kinds.map((kind) => workload(kind));
    expect(wantedManifest({ manifest })).toBe(manifest);
    expect(wantedManifest({ manifest, adjustments: [] })).toBe(manifest);
  });

  it("is the same list for the same specification", () => {
    const manifest = [workload("Deployment")];
    const adjustments = [{ kind: "Deployment", name: "w", replicas: 5 }];
    const first = wantedManifest({ manifest, adjustments });
    expect(wantedManifest({ manifest, adjustments })).toBe(first);
    const other = wantedManifest({ manifest, adjustments: [{ ...adjustments[0]!, replicas: 6 }] });
    expect(other).not.toEqual(first);
  });

  it("has the replicas, the images and the restart that were recorded", () => {
    expect(adjusted("Deployment", { replicas: 0 })["spec"].replicas).toBe(0);
    const { spec } = adjusted("Deployment", { images: { app: "app:2", init: "init:2", no: "x" } })[
      "spec"
    ].template;
    expect(spec.containers.map(({ image }: { readonly image: string }) => image)).toEqual([
      "app:2",
      "proxy:1",
    ]);
    expect(spec.initContainers[0].image).toBe("init:2");
    const time = "2026-01-01T00:00:00Z";
    const { metadata } = adjusted("StatefulSet", { restarted_at: time })["spec"].template;
    expect(metadata).toEqual({
      labels: { app: "w" },
      annotations: { "kubectl.kubernetes.io/restartedAt": time },
    });
    expect(adjusted("CronJob", { suspended: true })["spec"].suspend).toBe(true);
    expect(adjusted("Job", { suspended: false })["spec"].suspend).toBe(false);
  });

  it("is a Job anew for each time that it is to run again", () => {
    const again = adjusted("Job", { rerun: 2 });
    expect(again["spec"].template.metadata.annotations).toEqual({ "octoplane.io/rerun": "2" });
    expect(again["metadata"].annotations).toEqual({ "octoplane.io/replace": "true" });
  });

  test.each([
    ["replicas of a DaemonSet", "DaemonSet", { replicas: 2 }],
    ["a restart of a Job", "Job", { restarted_at: "2026-01-01T00:00:00Z" }],
    ["a suspended Deployment", "Deployment", { suspended: true }],
    ["a Deployment that is run again", "Deployment", { rerun: 1 }],
  ])("knows nothing of %s", (_what, kind, adjustment) => {
    expect(adjusted(kind, adjustment)).toEqual(workload(kind));
  });

  it("tells workloads of one name apart by their kinds, and by their namespaces where they are named", () => {
    const manifest = [
      workload("Deployment", "w", "a"),
      workload("Deployment", "w", "b"),
      workload("StatefulSet", "w", "a"),
    ];
    const adjustments = [{ kind: "Deployment", name: "w", namespace: "b", replicas: 7 }];
    const replicas = wantedManifest({ manifest, adjustments }).map(
      (item) => (item["spec"] as { readonly replicas: number }).replicas,
    );
    expect(replicas).toEqual([3, 7, 3]);
  });

  it("of a stopped application starts no Pod, and keeps what holds data, ports and names", () => {
    const manifest = kinds.map((kind) => workload(kind));
    const wanted = wantedManifest({ manifest, stopped: "scaled" });
    expect(wanted.map(({ kind }) => kind)).toEqual(
      kinds.filter((kind) => !["Pod", "DaemonSet", "HorizontalPodAutoscaler"].includes(kind)),
    );
    expect(requestsOf(wanted.filter(({ kind }) => kind !== "CronJob")).pods).toBe(0);
    expect(wanted.find(({ kind }) => kind === "CronJob")).toMatchObject({
      spec: { suspend: true },
    });
    expect(wantedManifest({ manifest, stopped: "removed" })).toEqual([]);
  });

  it("never changes what is written, which objects there are, or what they are called", () => {
    const adjustment = fc.record(
      {
        kind: fc.constantFrom(...kinds),
        name: fc.constantFrom("w", "v"),
        replicas: fc.nat(9),
        suspended: fc.boolean(),
        images: fc.constant({ app: "app:9" }),
        restarted_at: fc.constant("2026-01-01T00:00:00Z"),
        rerun: fc.nat(3),
      },
      { requiredKeys: ["kind", "name"] },
    );
    const items = fc.array(
      fc
        .tuple(fc.constantFrom(...kinds), fc.constantFrom("w", "v"))
        .map(([k, n]) => workload(k, n)),
    );
    fc.assert(
      fc.property(items, fc.array(adjustment), (manifest, adjustments) => {
        const before = structuredClone(manifest);
        const wanted = wantedManifest({ manifest, adjustments });
        expect(manifest).toEqual(before);
        const names = (list: readonly ManifestObject[]) =>
          list.map(({ kind, metadata }) => [kind, (metadata as { readonly name: string }).name]);
        expect(names(wanted)).toEqual(names(manifest));
        expect(wantedManifest({ manifest: wanted, adjustments })).toEqual(wanted);
      }),
    );
  });
});
