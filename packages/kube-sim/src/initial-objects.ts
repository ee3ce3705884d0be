/** What a new cluster has before anybody uses it. */
import { kinds, type Cluster } from "./cluster.ts";
import { defaultStorageClass } from "./defaults/volume-defaults.ts";
import type { JsonMap } from "./json.ts";
import { kubeTime } from "./kube-time.ts";
import { makeObject } from "./operations/internal-write.ts";

/** The size of a node; large enough that nothing is refused by accident. */
export interface NodeSize {
  readonly cpu: string;
  readonly memory: string;
  readonly pods: string;
}

export const defaultNodeSize: NodeSize = { cpu: "32", memory: "256Gi", pods: "110" };

const namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

export function furnish(cluster: Cluster, nodes: number, size: NodeSize): void {
  for (const name of namespaces) makeObject(cluster, kinds.namespace, { metadata: { name } });
  makeObject(cluster, kinds.storageClass, {
    metadata: {
      name: defaultStorageClass,
      annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
    },
    provisioner: "kube-sim.octoplane.dev",
  });
  makeObject(cluster, kinds.service, {
    metadata: {
      name: "kubernetes",
      namespace: "default",
      labels: { component: "apiserver", provider: "kubernetes" },
    },
    spec: {
      clusterIP: "10.96.0.1",
      ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: 6443 }],
    },
  });
  for (let index = 0; index < nodes; index += 1) makeNode(cluster, index, size);
}

function makeNode(cluster: Cluster, index: number, size: NodeSize): void {
  const name = `${cluster.name}-node-${index}`;
  const capacity = { ...size, "ephemeral-storage": "100Gi" };
  makeObject(cluster, kinds.node, {
    metadata: {
      name,
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        ...(index === 0 ? { "node-role.kubernetes.io/control-plane": "" } : {}),
      },
    },
    spec: { podCIDR: `10.244.${index}.0/24` },
    status: {
      capacity,
      allocatable: capacity,
      conditions: nodeConditions(cluster),
      addresses: [
        { type: "InternalIP", address: "127.0.0.1" },
        { type: "Hostname", address: name },
      ],
      nodeInfo: {
        architecture: "amd64",
        operatingSystem: "linux",
        osImage: "kube-sim",
        kernelVersion: "0.0.0",
        containerRuntimeVersion: "kube-sim://0",
        kubeletVersion: cluster.version,
        kubeProxyVersion: cluster.version,
        machineID: "",
        systemUUID: "",
        bootID: "",
      },
    },
  });
}

function nodeConditions(cluster: Cluster): readonly JsonMap[] {
  const now = kubeTime(cluster.clock);
  const of = (type: string, status: string, reason: string): JsonMap => ({
    type,
    status,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
    reason,
    message: reason,
  });
  return [
    of("MemoryPressure", "False", "KubeletHasSufficientMemory"),
    of("DiskPressure", "False", "KubeletHasNoDiskPressure"),
    of("PIDPressure", "False", "KubeletHasSufficientPID"),
    of("Ready", "True", "KubeletReady"),
  ];
}
