import type { Application, Copy } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { identify, type ManifestObject } from "@octoplane/kinds/manifest";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { desiredObjects, type Desired } from "@octoplane/delivery/desired";
import { splitHooks } from "@octoplane/delivery/helm-hooks";
import { manifestFor } from "@octoplane/delivery/place-manifest";
import type { Kube } from "@octoplane/kube/kube";
import { refText } from "@octoplane/resources/keys";
import { sameRef } from "@octoplane/resources/record";
import { failure } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";

/** One cluster that an application belongs on, and what is meant for it. */
export interface WantedPlace {
  readonly cluster: ResourceRef;
  readonly copy: Copy | undefined;
  /** As it is written for this cluster: adjusted, divided, overridden. Hooks and tests of charts are in it. */
  readonly manifest: readonly ManifestObject[];
}

/**
 * What an application is to be on each of its clusters, in the order of its places; on the one that is named, if one is. Nothing
 * while it has none. `Invalid` where its overrides do not fit, `NotFound` for a cluster that it does not belong on.
 */
export function wantedPlaces(
  context: ApiContext,
  app: Application,
  wanted?: string,
): readonly WantedPlace[] {
  const feed = context.resources.feed(ClusterKind);
  const places = boundClusters(app.status).flatMap((ref, index): readonly WantedPlace[] => {
    if (wanted !== undefined && !isNamed(ref, wanted)) return [];
    const cluster = feed.objects.get(keyOf(ref));
    if (!cluster) return [];
    const { labels, uid } = cluster.metadata;
    const { manifest, problems } = manifestFor(app, index, { name: ref.name, labels });
    const [problem] = problems;
    if (problem) throw failure("Invalid", `${ref.name}: ${problem.field}: ${problem.message}`);
    const copy = app.status.copies.find(
      (one) => sameRef(one.cluster, ref) && one.cluster_uid === uid,
    );
    const isStopped = app.spec.stopped === "removed";
    return [{ cluster: ref, copy, manifest: isStopped ? [] : manifest }];
  });
  if (wanted === undefined || places.length > 0) return places;
  throw failure(
    "NotFound",
    `application ${app.metadata.name} does not belong on cluster ${wanted}`,
  );
}

/** What should stand at a place, by what its cluster serves; hooks, which stand at moments only, left out. */
export async function desiredAt(
  app: Application,
  { manifest }: Pick<WantedPlace, "manifest">,
  kube: Kube,
  signal: AbortSignal,
): Promise<Desired> {
  const { uid, name, namespace } = app.metadata;
  const owner = { uid, name, namespace: namespace ?? "" };
  const { standing } = splitHooks(manifest);
  const known = await kube.discover({ signal });
  const isKnown = standing.every((item) => isServed(item, known.kinds));
  const discovery = isKnown ? known : await kube.discover({ refresh: true, signal });
  const { defaultNamespace } = kube;
  return desiredObjects(standing, { ...discovery, defaultNamespace }, owner, app.spec.delivery);
}

function isServed(
  item: ManifestObject,
  kinds: readonly { readonly group: string; readonly version: string; readonly kind: string }[],
): boolean {
  const wanted = identify(item);
  if ("problem" in wanted) return true;
  return kinds.some(
    ({ group, version, kind }) =>
      group === wanted.group && version === wanted.version && kind === wanted.kind,
  );
}

/** `berlin`, or `team/berlin`. */
export function isNamed({ namespace, name }: ResourceRef, wanted: string): boolean {
  return wanted === name || wanted === `${namespace}/${name}`;
}

function keyOf({ namespace, name }: ResourceRef): string {
  return refText(namespace === null ? { name } : { namespace, name });
}
