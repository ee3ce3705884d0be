import type { Application, Copy } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import type { Kube } from "@octoplane/kube/kube";
import type { Root } from "@octoplane/kube/owned";
import { sameRef } from "@octoplane/resources/record";
import { failure } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";

/** Where an application runs, and how to get there. */
export interface ApplicationPlace {
  readonly kube: Kube;
  /** The cluster's name. */
  readonly cluster: string;
  /** What was applied there: `uid`s lead to its Pods. */
  readonly roots: readonly Root[];
}

/**
 * The place that is named (`cluster`, `namespace/cluster`), else the first of its places that has anything. `NotFound` when it
 * does not run there, or nowhere; `Unavailable` for a cluster that cannot be reached with what is known of it.
 */
export async function openPlace(
  context: ApiContext,
  { metadata, status }: Pick<Application, "metadata" | "status">,
  wanted: string | undefined,
): Promise<ApplicationPlace> {
  const copies = status.copies.filter(({ objects }) => objects.length > 0);
  const chosen = wanted === undefined ? firstOf(copies, status) : named(copies, wanted);
  if (!chosen) {
    const places = copies.map(({ cluster }) => cluster.name).join(", ");
    const where = wanted === undefined ? "on no cluster yet" : `not on cluster ${wanted}`;
    const runs = places === "" ? where : `${where}, but on ${places}`;
    throw failure("NotFound", `application ${metadata.name} runs ${runs}`);
  }
  const kube = await context.connections.kubeOf(chosen.cluster);
  return { kube, cluster: chosen.cluster.name, roots: chosen.objects };
}

function firstOf(copies: readonly Copy[], status: Application["status"]): Copy | undefined {
  for (const cluster of boundClusters(status)) {
    const copy = copies.find((one) => sameRef(one.cluster, cluster));
    if (copy) return copy;
  }
  return copies[0];
}

function named(copies: readonly Copy[], wanted: string): Copy | undefined {
  return copies.find(
    ({ cluster }) => wanted === cluster.name || wanted === `${cluster.namespace}/${cluster.name}`,
  );
}
