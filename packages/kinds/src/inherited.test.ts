import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Cloud } from "./cloud.ts";
import type { Cluster } from "./cluster.ts";
import { cloudRefOf, inheritedFrom, withInherited } from "./inherited.ts";
import type { MetricRef } from "./metric-ref.ts";

const metric = (name: string, namespaced = false, weight = 1): MetricRef => ({
  name,
  namespaced,
  weight,
});

interface Facts {
  readonly labels?: Readonly<Record<string, string>>;
  readonly metrics?: readonly MetricRef[];
  readonly inheritsLabels?: boolean;
  readonly inheritsMetrics?: boolean;
  readonly wantsLabels?: readonly string[];
  readonly wantsMetrics?: readonly string[];
}

function cluster(facts: Facts = {}): Cluster {
  return {
    metadata: { labels: facts.labels ?? {}, inherit_labels: facts.inheritsLabels ?? false },
    spec: {
      metrics: facts.metrics ?? [],
      inherit_metrics: facts.inheritsMetrics ?? false,
      constraints: {
        cloud: { labels: facts.wantsLabels ?? null, metrics: facts.wantsMetrics ?? null },
      },
    },
  } as unknown as Cluster;
}

function cloud(labels: Readonly<Record<string, string>>, metrics: readonly MetricRef[]): Cloud {
  return { metadata: { labels }, spec: { openstack: { metrics } } } as unknown as Cloud;
}

const berlin = cloud({ location: "DE", tier: "gold" }, [metric("load"), metric("price", true)]);

describe("what a cluster has of its cloud", () => {
  it("is nothing unless it asks for it", () => {
    expect(inheritedFrom(cluster(), berlin)).toEqual({ labels: {}, metrics: [] });
  });

  it("is every label and metric when it inherits them; the cloud's labels win, the cluster's metrics do", () => {
    const heir = cluster({
      labels: { location: "NO", own: "x" },
      metrics: [metric("load", true, 7)],
      inheritsLabels: true,
      inheritsMetrics: true,
    });
    const seen = withInherited(heir, berlin);
    expect(seen.metadata.labels).toEqual({ location: "DE", tier: "gold", own: "x" });
    expect(seen.spec.metrics).toEqual([metric("load", true, 7), metric("price", true)]);
    expect(heir.metadata.labels).toEqual({ location: "NO", own: "x" });
  });

  it("is what its constraints on the cloud name, in groups too", () => {
    const heir = cluster({
      wantsLabels: ["location is DE or region is eu"],
      wantsMetrics: ["0.1 < price < 1", "no constraint at"],
    });
    expect(inheritedFrom(heir, berlin)).toEqual({
      labels: { location: "DE" },
      metrics: [metric("price", true)],
    });
  });

  it("is nothing without a cloud", () => {
    const heir = cluster({ inheritsLabels: true });
    expect(withInherited(heir, undefined)).toBe(heir);
  });

  it("comes of the cloud that it stands on, before the one that it is bound to", () => {
    const ref = (name: string) => ({ api: "infrastructure", kind: "Cloud", namespace: "n", name });
    const bound = { status: { running_on: null, scheduled_to: ref("b") } } as unknown as Cluster;
    const moving = { status: { running_on: ref("a"), scheduled_to: ref("b") } };
    expect(cloudRefOf(bound)?.name).toBe("b");
    expect(cloudRefOf(moving as unknown as Cluster)?.name).toBe("a");
  });
});

const anyLabels = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("x", "y"));
const anyMetrics = fc.uniqueArray(
  fc.constantFrom("m", "n", "o").map((name) => metric(name)),
  {
    selector: ({ name }) => name,
  },
);

it("no metric is there twice, none of its own is lost, and to inherit twice changes nothing", () => {
  fc.assert(
    fc.property(
      fc.record({
        labels: anyLabels,
        metrics: anyMetrics,
        inheritsLabels: fc.boolean(),
        inheritsMetrics: fc.boolean(),
      }),
      anyLabels,
      anyMetrics,
      (facts, labels, metrics) => {
        const own = cluster(facts);
        const once = withInherited(own, cloud(labels, metrics));
        const names = once.spec.metrics.map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
        expect(once.spec.metrics.slice(0, own.spec.metrics.length)).toEqual(own.spec.metrics);
        expect(withInherited(once, cloud(labels, metrics))).toEqual(once);
      },
    ),
  );
});
