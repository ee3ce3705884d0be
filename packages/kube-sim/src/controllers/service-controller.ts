/** Load balancers and endpoints of Services. */
import { kinds, type Cluster } from "../cluster.ts";
import { listAt, mapAt, textAt, textMapAt, type JsonMap } from "../json.ts";
import { makeObject, storeState } from "../operations/internal-write.ts";
import { controllerReference, type SimObject } from "../sim-object.ts";
import { isReady } from "./pods.ts";
import type { Recheck } from "./reconcile.ts";

export function reconcileService(cluster: Cluster, service: SimObject, recheck: Recheck): void {
  if (service.metadata.deletionTimestamp !== undefined) return;
  balance(cluster, service, recheck);
  if (Object.keys(mapAt(service, "spec", "selector")).length > 0) publish(cluster, service);
}

function balance(cluster: Cluster, service: SimObject, recheck: Recheck): void {
  const isBalanced = listAt(service, "status", "loadBalancer", "ingress").length > 0;
  const wantsBalancer = textAt(service, "spec", "type") === "LoadBalancer";
  if (isBalanced === wantsBalancer) return;
  const now = cluster.clock.monotonic();
  const started = cluster.podStarts.get(service.metadata.uid) ?? now;
  cluster.podStarts.set(service.metadata.uid, started);
  const leftMs = started + cluster.settings.readyDelayMs - now;
  if (wantsBalancer && leftMs > 0) {
    recheck(leftMs);
    return;
  }
  cluster.addresses.balancers += 1;
  const number = cluster.addresses.balancers;
  // 203.0.113.0/24 is set aside for examples (RFC 5737); 198.51.100.0/24 goes on after it.
  const block = number < 255 ? "203.0.113" : "198.51.100";
  const ip = `${block}.${number % 255}`;
  const loadBalancer = wantsBalancer ? { ingress: [{ ip, ipMode: "VIP" }] } : {};
  storeState(cluster, kinds.service, { ...service, status: { loadBalancer } });
}

/** The EndpointSlice of a Service, from the pods that its selector matches. */
function publish(cluster: Cluster, service: SimObject): void {
  const selector = Object.entries(textMapAt(service, "spec", "selector"));
  const pods = cluster.storage
    .list("/pods", service.metadata.namespace)
    .filter((pod) => selector.every(([key, value]) => pod.metadata.labels?.[key] === value))
    .filter((pod) => textAt(pod, "status", "podIP") !== undefined);
  const endpoints = pods.map((pod) => endpointOf(pod));
  const ports = listAt(service, "spec", "ports").map((port) => ({
    name: port["name"] ?? "",
    protocol: port["protocol"],
    port: portNumber(port, pods[0]),
  }));
  const existing = cluster.storage
    .ownedBy(service.metadata.uid)
    .filter((place) => place.kindKey === "discovery.k8s.io/endpointslices")
    .map((place) => cluster.storage.at(place))
    .find((slice) => slice !== undefined);
  if (existing !== undefined) {
    storeState(cluster, kinds.endpointSlice, { ...existing, endpoints, ports });
    return;
  }
  makeObject(cluster, kinds.endpointSlice, {
    metadata: {
      name: `${service.metadata.name}-${service.metadata.uid.slice(0, 5)}`,
      namespace: service.metadata.namespace,
      labels: {
        ...service.metadata.labels,
        "kubernetes.io/service-name": service.metadata.name,
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
      },
      ownerReferences: [controllerReference(service)],
    },
    addressType: "IPv4",
    endpoints,
    ports,
  });
}

function endpointOf(pod: SimObject): JsonMap {
  const ready = isReady(pod) && pod.metadata.deletionTimestamp === undefined;
  return {
    addresses: [textAt(pod, "status", "podIP")],
    conditions: {
      ready,
      serving: isReady(pod),
      terminating: pod.metadata.deletionTimestamp !== undefined,
    },
    nodeName: textAt(pod, "spec", "nodeName"),
    targetRef: {
      kind: "Pod",
      name: pod.metadata.name,
      namespace: pod.metadata.namespace,
      uid: pod.metadata.uid,
    },
  };
}

/** A target port by name is looked up in the first pod. */
function portNumber(port: JsonMap, pod: SimObject | undefined): unknown {
  const target = port["targetPort"] ?? port["port"];
  if (typeof target === "number") return target;
  const ports = listAt(pod, "spec", "containers").flatMap((container) =>
    listAt(container, "ports"),
  );
  return ports.find((entry) => entry["name"] === target)?.["containerPort"];
}
