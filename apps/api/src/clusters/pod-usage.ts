import { factsOf, listOf, type Facts } from "@octoplane/kinds/manifest-facts";
import type { Kube, KubeObject } from "@octoplane/kube/kube";
import { podsOf, type OwnedPod, type OwnedPods } from "@octoplane/kube/owned";
import { Type, type Static } from "typebox";
import { amountsOf, AmountsSchema, boundOf, orElse, sumOf } from "./amounts.ts";
import type { ApplicationPlace } from "./application-place.ts";
import { measuredIn, measuredKind } from "./measured.ts";
import { partsOf } from "./pod-view.ts";

const amounts = { used: AmountsSchema, requests: AmountsSchema, limits: AmountsSchema };

const PodUsageSchema = Type.Object({
  name: Type.String(),
  namespace: Type.String(),
  cluster: Type.String(),
  owner: Type.String({ description: "what it was made for: Deployment/web" }),
  measured: Type.Union([Type.String({ format: "date-time" }), Type.Null()], {
    description: "when; null: not yet, or it does not run",
  }),
  ...amounts,
  containers: Type.Array(Type.Object({ name: Type.String(), ...amounts })),
});
type PodUsage = Static<typeof PodUsageSchema>;

export const PodUsageListSchema = Type.Object({
  cluster: Type.String(),
  items: Type.Array(PodUsageSchema),
  total: Type.Object(amounts),
  truncated: Type.Boolean({ description: "there is more than is told" }),
});
type PodUsageList = Static<typeof PodUsageListSchema>;

/** What the Pods of an application use where it runs, with one list for each namespace that they are in. */
export async function podUsage(
  { kube, cluster, roots }: ApplicationPlace,
  signal: AbortSignal,
): Promise<PodUsageList> {
  const wanted = { kind: "PodMetrics", cluster } as const;
  const served = await measuredKind(kube, wanted, signal);
  const found = await podsOf(kube, roots, signal);
  const measured = await measurementsOf(kube, { ...wanted, ...found, served }, signal);
  return podUsageList({ ...found, cluster, measured });
}

async function measurementsOf(
  kube: Kube,
  { pods, ...wanted }: OwnedPods & Parameters<typeof measuredIn>[1],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KubeObject>> {
  const keys = new Set(pods.map(({ pod }) => keyOf(pod)));
  const namespaces = new Set(pods.map(({ pod }) => pod.metadata.namespace ?? ""));
  const measured = new Map<string, KubeObject>();
  for (const namespace of namespaces) {
    for await (const one of measuredIn(kube, { ...wanted, namespace }, signal)) {
      // Others' Pods are in the list, too, and need not be kept in mind.
      if (keys.has(keyOf(one))) measured.set(keyOf(one), one);
    }
  }
  return measured;
}

export function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
}

interface MeasuredPods extends OwnedPods {
  readonly cluster: string;
  /** PodMetrics by the keys of their Pods. */
  readonly measured: ReadonlyMap<string, KubeObject>;
}

/** Pods that have ended use nothing and hold nothing: they are left out. Pure. */
export function podUsageList({ pods, isCut, cluster, measured }: MeasuredPods): PodUsageList {
  const items = pods
    .filter(({ pod }) => !["Succeeded", "Failed"].includes(partsOf(pod).status.phase ?? ""))
    .map((owned) => usageOf(owned, measured.get(keyOf(owned.pod)), cluster));
  const total = {
    used: sumOf(items.map(({ used }) => used)),
    requests: sumOf(items.map(({ requests }) => requests)),
    limits: boundOf(items.map(({ limits }) => limits)),
  };
  return { cluster, items, total, truncated: isCut };
}

function usageOf(
  { pod, root }: OwnedPod,
  metrics: KubeObject | undefined,
  cluster: string,
): PodUsage {
  const used = new Map(
    listOf(metrics?.["containers"]).map((one) => [one["name"], amountsOf(one["usage"])]),
  );
  const spec = factsOf(pod["spec"]);
  const containers = lastingContainers(spec).map((container) => {
    const { name } = container;
    const { requests, limits } = statedBy(container);
    return {
      name: typeof name === "string" ? name : "",
      used: used.get(name) ?? amountsOf({}),
      requests,
      limits,
    };
  });
  // What is said for the Pod as a whole takes the place of what its containers say ("Pod-level resources").
  const whole = statedBy(spec);
  const measured = metrics?.["timestamp"];
  return {
    name: pod.metadata.name ?? "",
    namespace: pod.metadata.namespace ?? "",
    cluster,
    owner: `${root.kind}/${root.name}`,
    measured: typeof measured === "string" ? measured : null,
    used: sumOf(containers.map((one) => one.used)),
    requests: orElse(whole.requests, sumOf(containers.map((one) => one.requests))),
    limits: orElse(whole.limits, boundOf(containers.map((one) => one.limits))),
    containers,
  };
}

/** Those that run as long as the Pod does: init containers are among them when they restart always ("Sidecar Containers"). */
function lastingContainers(spec: Facts): readonly Facts[] {
  const sidecars = listOf(spec["initContainers"]).filter(
    (one) => one["restartPolicy"] === "Always",
  );
  return [...sidecars, ...listOf(spec["containers"])];
}

/** A limit without a request is one. */
function statedBy(facts: Facts) {
  const resources = factsOf(facts["resources"]);
  const limits = amountsOf(resources["limits"]);
  return { requests: orElse(amountsOf(resources["requests"]), limits), limits };
}
