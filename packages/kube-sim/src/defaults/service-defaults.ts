import { ensureMap, fill, listAt, type JsonMap } from "../json.ts";

/**
 * Defaults of a Service that need no allocation; addresses and ports are given out by `service-
 * allocation.ts`.
 */
export function defaultService(object: JsonMap): void {
  const spec = ensureMap(object, "spec");
  fill(spec, { type: "ClusterIP", sessionAffinity: "None" });
  for (const port of listAt(spec, "ports")) {
    fill(port, { protocol: "TCP" });
    if (port["targetPort"] === undefined || port["targetPort"] === 0)
      port["targetPort"] = port["port"];
  }
  ensureMap(ensureMap(object, "status"), "loadBalancer");
  if (spec["sessionAffinity"] === "ClientIP") {
    fill(ensureMap(ensureMap(spec, "sessionAffinityConfig"), "clientIP"), {
      timeoutSeconds: 10_800,
    });
  }
  if (spec["type"] === "ExternalName") return;
  fill(spec, {
    internalTrafficPolicy: "Cluster",
    ipFamilies: ["IPv4"],
    ipFamilyPolicy: "SingleStack",
  });
  const isOutside = spec["type"] === "NodePort" || spec["type"] === "LoadBalancer";
  if (isOutside) fill(spec, { externalTrafficPolicy: "Cluster" });
  else delete spec["externalTrafficPolicy"];
  if (spec["type"] === "LoadBalancer") fill(spec, { allocateLoadBalancerNodePorts: true });
  else delete spec["allocateLoadBalancerNodePorts"];
}
