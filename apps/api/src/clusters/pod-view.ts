import type { KubeObject } from "@octoplane/kube/kube";
import type { OwnedPod } from "@octoplane/kube/owned";
import { Type, type Static } from "typebox";

const nullableText = Type.Union([Type.String(), Type.Null()]);

const ContainerSchema = Type.Object({
  name: Type.String(),
  image: Type.String(),
  init: Type.Boolean({ description: "runs before the others" }),
  ready: Type.Boolean(),
  restarts: Type.Integer(),
  state: Type.String({ description: "waiting, running or terminated" }),
  reason: nullableText,
  ports: Type.Array(Type.Object({ name: nullableText, port: Type.Integer() })),
});

export const PodSchema = Type.Object({
  name: Type.String(),
  namespace: Type.String(),
  cluster: Type.String(),
  owner: Type.String({ description: "what it was made for: Deployment/web" }),
  phase: Type.String(),
  ready: Type.String({ description: "containers that are ready, of how many: 1/2" }),
  restarts: Type.Integer(),
  reason: { ...nullableText, description: "why it is not well" },
  node: nullableText,
  created: Type.String({ format: "date-time" }),
  default_container: Type.String({ description: "the one that people mean who name none" }),
  containers: Type.Array(ContainerSchema),
});
export type PodView = Static<typeof PodSchema>;

/** As much of a Pod as is read here. */
export interface PodParts {
  readonly spec: PodSpec;
  readonly status: PodStatus;
}

interface PodSpec {
  readonly restartPolicy?: string;
  readonly nodeName?: string;
  readonly containers?: readonly ContainerSpec[];
  readonly initContainers?: readonly ContainerSpec[];
}

interface ContainerSpec {
  readonly name: string;
  readonly image?: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
}

interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly containerID?: string;
  readonly state?: Readonly<Record<string, { readonly reason?: string } | undefined>>;
}

export function partsOf(pod: KubeObject): PodParts {
  const { spec, status } = pod as { readonly spec?: PodSpec; readonly status?: PodStatus };
  return { spec: spec ?? {}, status: status ?? {} };
}

/** A Pod as people ask for it. Pure. */
export function podView({ pod, root }: OwnedPod, cluster: string): PodView {
  const { spec, status } = partsOf(pod);
  const of = (
    specs: PodSpec["containers"],
    statuses: readonly ContainerStatus[] | undefined,
    init: boolean,
  ) =>
    (specs ?? []).map(({ name, image = "", ports = [] }) => {
      const found = statuses?.find((one) => one.name === name);
      const [state = "waiting", about] = Object.entries(found?.state ?? {})[0] ?? [];
      return {
        name,
        image,
        init,
        state,
        ready: found?.ready ?? false,
        restarts: found?.restartCount ?? 0,
        reason: about?.reason ?? null,
        ports: ports.map((one) => ({ name: one.name ?? null, port: one.containerPort })),
      };
    });
  const main = of(spec.containers, status.containerStatuses, false);
  const containers = [...of(spec.initContainers, status.initContainerStatuses, true), ...main];
  return {
    name: pod.metadata.name ?? "",
    namespace: pod.metadata.namespace ?? "",
    cluster,
    owner: `${root.kind}/${root.name}`,
    phase: status.phase ?? "Unknown",
    ready: `${main.filter(({ ready }) => ready).length}/${main.length}`,
    restarts: containers.reduce((sum, { restarts }) => sum + restarts, 0),
    reason: reasonOf(pod, status, containers),
    node: spec.nodeName ?? null,
    created: createdOf(pod),
    default_container: usualContainer(pod) ?? "",
    containers,
  };
}

/** The annotation by which a Pod names the container that people mean (kubectl reads it too). */
const defaultContainer = "kubectl.kubernetes.io/default-container";

export function usualContainer(pod: KubeObject): string | undefined {
  const names = (partsOf(pod).spec.containers ?? []).map(({ name }) => name);
  const preferred = pod.metadata.annotations?.[defaultContainer];
  return names.find((name) => name === preferred) ?? names[0];
}

function createdOf({ metadata }: KubeObject): string {
  const created = metadata["creationTimestamp"];
  return typeof created === "string" ? created : "";
}

function reasonOf(
  { metadata }: KubeObject,
  status: PodStatus,
  containers: PodView["containers"],
): string | null {
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  const troubled = containers.find(
    ({ state, reason }) =>
      (state === "waiting" && reason !== null) ||
      (state === "terminated" && reason !== "Completed"),
  );
  return troubled?.reason ?? status.reason ?? null;
}
