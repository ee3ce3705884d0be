import { KubeError, type Kube, type KubeObject, type ServedKind } from "@octoplane/kube/kube";
import { failure, type OctoplaneError } from "@octoplane/shared/errors";

/** The resource metrics API of Kubernetes (k8s.io/metrics): metrics-server, or what stands in for it. */
const group = "metrics.k8s.io";

export interface MeasuredKind {
  readonly kind: "PodMetrics" | "NodeMetrics";
  /** The cluster's name, for people. */
  readonly cluster: string;
}

/** `Invalid` where nothing is measured, with what to install; KubeErrors of what is installed and does not answer. */
export async function measuredKind(
  kube: Kube,
  wanted: MeasuredKind,
  signal: AbortSignal,
): Promise<ServedKind> {
  // It may have been installed since the cluster was asked last.
  for (const refresh of [false, true]) {
    const { kinds, silentGroups } = await kube.discover({ refresh, signal });
    const served = kinds.find((one) => one.group === group && one.kind === wanted.kind);
    if (served) return served;
    if (!refresh || !silentGroups.includes(group)) continue;
    throw new KubeError(`its server of ${group} does not answer`, {
      status: 503,
      reason: "ServiceUnavailable",
      retry: true,
    });
  }
  throw notMeasured(wanted);
}

/** All that was measured, in a namespace or the whole cluster, as it comes. */
export async function* measuredIn(
  kube: Kube,
  { served, namespace, ...wanted }: MeasuredKind & MeasuredPlace,
  signal: AbortSignal,
): AsyncIterable<KubeObject> {
  try {
    const place = namespace === undefined ? {} : { namespace };
    for await (const page of kube.pages(served, place, signal)) yield* page;
  } catch (error) {
    // What serves it was removed since the cluster was asked what it serves.
    const isGone = error instanceof KubeError && error.reason === "KindNotServed";
    throw isGone ? notMeasured(wanted) : error;
  }
}

interface MeasuredPlace {
  readonly served: ServedKind;
  readonly namespace?: string;
}

function notMeasured({ cluster, kind }: MeasuredKind): OctoplaneError {
  const what = kind === "PodMetrics" ? "Pods" : "nodes";
  return failure(
    "Invalid",
    `cluster ${cluster} does not tell what its ${what} use: it serves no ${group}; ` +
      "install metrics-server on it",
  );
}
