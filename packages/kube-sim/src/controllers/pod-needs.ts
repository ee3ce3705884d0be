/** What a pod waits for before it can start: its volumes, its configuration. */
import type { Cluster } from "../cluster.ts";
import { listAt, mapAt, textAt, valueAt, type JsonMap } from "../json.ts";
import type { SimObject } from "../sim-object.ts";

export interface Need {
  readonly reason: string;
  readonly message: string;
  /** Claims hold up the scheduler, everything else the kubelet. */
  readonly blocksScheduling: boolean;
}

/** The first thing that a pod still lacks. */
export function waitsFor(cluster: Cluster, pod: SimObject): Need | undefined {
  const namespace = pod.metadata.namespace;
  for (const volume of listAt(pod, "spec", "volumes")) {
    const need = claimNeed(cluster, namespace, volume) ?? volumeNeed(cluster, namespace, volume);
    if (need !== undefined) return need;
  }
  const containers = [
    ...listAt(pod, "spec", "initContainers"),
    ...listAt(pod, "spec", "containers"),
  ];
  for (const container of containers) {
    const need = environmentNeed(cluster, namespace, container);
    if (need !== undefined) return need;
  }
  return undefined;
}

function claimNeed(
  cluster: Cluster,
  namespace: string | undefined,
  volume: JsonMap,
): Need | undefined {
  const name = textAt(volume, "persistentVolumeClaim", "claimName");
  if (name === undefined) return undefined;
  const claim = cluster.storage.get("/persistentvolumeclaims", namespace, name);
  const total = cluster.storage.list("/nodes").length;
  const reason = "Unschedulable";
  if (claim === undefined) {
    const message = `0/${total} nodes are available: persistentvolumeclaim "${name}" not found.`;
    return { reason, message, blocksScheduling: true };
  }
  if (textAt(claim, "status", "phase") === "Bound") return undefined;
  const unbound = "pod has unbound immediate PersistentVolumeClaims.";
  const message = `0/${total} nodes are available: ${unbound}`;
  return { reason, message, blocksScheduling: true };
}

function volumeNeed(
  cluster: Cluster,
  namespace: string | undefined,
  volume: JsonMap,
): Need | undefined {
  const config = textAt(volume, "configMap", "name");
  const secret = textAt(volume, "secret", "secretName");
  const isOptional =
    valueAt(volume, "configMap", "optional") === true ||
    valueAt(volume, "secret", "optional") === true;
  if (isOptional) return undefined;
  const message = missing(cluster, namespace, { config, secret });
  return message === undefined
    ? undefined
    : { reason: "ContainerCreating", message, blocksScheduling: false };
}

function environmentNeed(
  cluster: Cluster,
  namespace: string | undefined,
  container: JsonMap,
): Need | undefined {
  const sources = [
    ...listAt(container, "envFrom").flatMap((entry) => [
      { config: mapAt(entry, "configMapRef"), secret: mapAt(entry, "secretRef") },
    ]),
    ...listAt(container, "env").map((entry) => ({
      config: mapAt(entry, "valueFrom", "configMapKeyRef"),
      secret: mapAt(entry, "valueFrom", "secretKeyRef"),
    })),
  ];
  for (const { config, secret } of sources) {
    const message = missing(cluster, namespace, {
      config: config["optional"] === true ? undefined : textAt(config, "name"),
      secret: secret["optional"] === true ? undefined : textAt(secret, "name"),
    });
    if (message !== undefined) {
      return { reason: "CreateContainerConfigError", message, blocksScheduling: false };
    }
  }
  return undefined;
}

function missing(
  cluster: Cluster,
  namespace: string | undefined,
  names: { readonly config: string | undefined; readonly secret: string | undefined },
): string | undefined {
  const { config, secret } = names;
  if (config !== undefined && !cluster.storage.get("/configmaps", namespace, config)) {
    return `configmap "${config}" not found`;
  }
  if (secret !== undefined && !cluster.storage.get("/secrets", namespace, secret)) {
    return `secret "${secret}" not found`;
  }
  return undefined;
}
