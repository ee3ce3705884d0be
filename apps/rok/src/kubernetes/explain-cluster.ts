import { ClusterKind } from "@octoplane/kinds/cluster";
import type { Call } from "../leaf.ts";
import { cloudPage } from "../output/cloud-page.ts";
import { printLines, printValue } from "../output/print-resource.ts";

/** Says why a cluster is made on which cloud; in other formats than the table, its decisions. */
export async function explainCluster({ args, session }: Call<object>): Promise<void> {
  const client = await session.client();
  const ref = { namespace: await session.namespace(), name: args[0] ?? "" };
  const cluster = await client.of(ClusterKind).get(ref);
  const decisions = await client.placement.clusterDecisions(ref);
  if (session.output !== "table") return await printValue(session, decisions);
  printLines(session, cloudPage(cluster, decisions[0], session.layout));
}
