import type { Kube, KubeObject } from "@octoplane/kube/kube";
import { Ancestry, kindOf, namespacesOf, type OwnedPod, type Root } from "@octoplane/kube/owned";
import { failure } from "@octoplane/shared/errors";
import { Type, type Static } from "typebox";

export const ServiceSchema = Type.Object(
  {
    name: Type.String(),
    namespace: Type.String(),
    ports: Type.Array(
      Type.Object({
        name: Type.Union([Type.String(), Type.Null()]),
        port: Type.Integer(),
        target: Type.String({ description: "a number, or the name of a port of a container" }),
      }),
    ),
  },
  { description: "the Service that was asked for" },
);
export type ServiceView = Static<typeof ServiceSchema>;

interface ServiceSpec {
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports?: readonly {
    readonly name?: string;
    readonly port: number;
    readonly targetPort?: number | string;
  }[];
}

/** A Service of the application, and those of its Pods that it leads to. `NotFound` for others' Services and for none. */
export async function podsBehind(
  kube: Kube,
  roots: readonly Root[],
  wanted: { readonly service: string; readonly pods: readonly OwnedPod[] },
  signal: AbortSignal,
): Promise<{ readonly service: ServiceView; readonly pods: readonly OwnedPod[] }> {
  const found = await serviceNamed(kube, roots, wanted.service, signal);
  if (!found) throw failure("NotFound", `the application has no Service ${wanted.service}`);
  const { selector = {}, ports = [] } = (found as { readonly spec?: ServiceSpec }).spec ?? {};
  const { name = "", namespace = "" } = found.metadata;
  const labels = Object.entries(selector);
  const pods = wanted.pods.filter(
    ({ pod: { metadata } }) =>
      // One without a selector leads to what somebody else says.
      labels.length > 0 &&
      metadata.namespace === namespace &&
      labels.every(([key, value]) => metadata.labels?.[key] === value),
  );
  const views = ports.map(({ name: own = null, port, targetPort = port }) => ({
    name: own,
    port,
    target: String(targetPort),
  }));
  return { service: { name, namespace, ports: views }, pods };
}

async function serviceNamed(
  kube: Kube,
  roots: readonly Root[],
  name: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const ancestry = await Ancestry.open(kube, roots, signal);
  const served = await kindOf(kube, "", "Service");
  for (const namespace of await namespacesOf(kube, roots, ancestry)) {
    const service = await kube.get({ served, namespace, name }, signal);
    if (service && (await ancestry.rootOf(service))) return service;
  }
  return undefined;
}
