import { factsOf } from "@octoplane/kinds/manifest-facts";
import type { Kube, KubeObject } from "@octoplane/kube/kube";
import { kindOf } from "@octoplane/kube/owned";
import { Type, type Static } from "typebox";
import { amountsOf, AmountsSchema, sumOf } from "./amounts.ts";
import { measuredIn, measuredKind } from "./measured.ts";

const amounts = { used: AmountsSchema, capacity: AmountsSchema, allocatable: AmountsSchema };

const NodeUsageSchema = Type.Object({
  name: Type.String(),
  measured: Type.Union([Type.String({ format: "date-time" }), Type.Null()], {
    description: "when; null: not yet, or it does not answer",
  }),
  ...amounts,
});

export const NodeUsageListSchema = Type.Object({
  items: Type.Array(NodeUsageSchema),
  total: Type.Object(amounts),
});
type NodeUsageList = Static<typeof NodeUsageListSchema>;

/** What the nodes of a cluster use, of what they have. */
export async function nodeUsage(
  { kube, cluster }: { readonly kube: Kube; readonly cluster: string },
  signal: AbortSignal,
): Promise<NodeUsageList> {
  const wanted = { kind: "NodeMetrics", cluster } as const;
  const served = await measuredKind(kube, wanted, signal);
  const { items } = await kube.list(await kindOf(kube, "", "Node"), {}, signal);
  const measured: KubeObject[] = [];
  for await (const one of measuredIn(kube, { ...wanted, served }, signal)) measured.push(one);
  return nodeUsageList(items, measured);
}

/** Nodes with their NodeMetrics. Pure. */
export function nodeUsageList(
  nodes: readonly KubeObject[],
  measured: readonly KubeObject[],
): NodeUsageList {
  const byName = new Map(measured.map((one) => [one.metadata.name, one]));
  const items = nodes.map((node) => {
    const { capacity, allocatable } = factsOf(node["status"]);
    const metrics = byName.get(node.metadata.name);
    const when = metrics?.["timestamp"];
    return {
      name: node.metadata.name ?? "",
      measured: typeof when === "string" ? when : null,
      used: amountsOf(metrics?.["usage"]),
      capacity: amountsOf(capacity),
      allocatable: amountsOf(allocatable),
    };
  });
  const total = {
    used: sumOf(items.map(({ used }) => used)),
    capacity: sumOf(items.map(({ capacity }) => capacity)),
    allocatable: sumOf(items.map(({ allocatable }) => allocatable)),
  };
  return { items, total };
}
