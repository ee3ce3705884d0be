/** Addresses and ports that the API server gives to Services. */
import { invalidField, invalidObject, type Cause } from "../api-error.ts";
import { kinds, type Cluster } from "../cluster.ts";
import { ensureMap, listAt, numberAt, textAt, valueAt, type JsonMap } from "../json.ts";
import type { SimObject } from "../sim-object.ts";

/** The default `--service-node-port-range` of an API server. */
const firstPort = 30_000;
const lastPort = 32_767;

/** Completes clusterIP and node ports, in place. What is asked for and taken is a 422. */
export function allocateService(
  cluster: Cluster,
  object: JsonMap,
  live: SimObject | undefined,
): void {
  const spec = ensureMap(object, "spec");
  const others = cluster.storage
    .list("/services")
    .filter((service) => service.metadata.uid !== live?.metadata.uid);
  const causes: Cause[] = [];
  if (spec["type"] === "ExternalName") {
    delete spec["clusterIP"];
    delete spec["clusterIPs"];
  } else allocateAddress(cluster, spec, { live, others, causes });
  const type = spec["type"];
  const hasNodePorts =
    type === "NodePort" ||
    (type === "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] !== false);
  if (hasNodePorts) allocatePorts(cluster, spec, { live, others, causes });
  else for (const port of listAt(spec, "ports")) delete port["nodePort"];
  if (causes.length > 0) {
    throw invalidObject(kinds.service, textAt(object, "metadata", "name") ?? "", causes);
  }
}

interface Allocation {
  readonly live: SimObject | undefined;
  readonly others: readonly SimObject[];
  readonly causes: Cause[];
}

function allocateAddress(cluster: Cluster, spec: JsonMap, allocation: Allocation): void {
  const { live, others, causes } = allocation;
  const old = textAt(live, "spec", "clusterIP");
  const wanted = textAt(spec, "clusterIP") ?? "";
  const taken = new Set(others.map((service) => textAt(service, "spec", "clusterIP")));
  if (wanted === "") spec["clusterIP"] = old ?? freeAddress(cluster, taken);
  else if (wanted !== "None" && wanted !== old) {
    const problem = taken.has(wanted)
      ? "provided IP is already allocated"
      : isServiceAddress(wanted)
        ? undefined
        : "The range of valid IPs is 10.96.0.0/16";
    if (problem !== undefined) {
      causes.push(
        invalidField("spec.clusterIPs", [wanted], `failed to allocate IP ${wanted}: ${problem}`),
      );
    }
  }
  spec["clusterIPs"] = [spec["clusterIP"]];
}

function isServiceAddress(address: string): boolean {
  return /^10\.96\.\d{1,3}\.\d{1,3}$/u.test(address);
}

function freeAddress(cluster: Cluster, taken: ReadonlySet<string | undefined>): string {
  for (;;) {
    cluster.addresses.services += 1;
    // 10.96.0.1 is the API server's own Service, the first 16 are left for fixed addresses.
    const number = 16 + (cluster.addresses.services % 65_000);
    const address = `10.96.${number >> 8}.${number & 255}`;
    if (!taken.has(address)) return address;
  }
}

function portsOf(service: SimObject): readonly number[] {
  return listAt(service, "spec", "ports")
    .map((port) => numberAt(port, "nodePort"))
    .filter((port) => port !== undefined);
}

function allocatePorts(cluster: Cluster, spec: JsonMap, allocation: Allocation): void {
  const { live, others, causes } = allocation;
  const taken = new Set(others.flatMap(portsOf));
  const own = new Map<number, unknown>();
  const ports = listAt(spec, "ports");
  ports.forEach((port, index) => {
    port["nodePort"] ??= previousPort(live, port);
    if (port["nodePort"] === 0) delete port["nodePort"];
    const wanted = numberAt(port, "nodePort");
    if (wanted === undefined) return;
    const field = `spec.ports[${index}].nodePort`;
    // TCP and UDP may share one node port within a Service.
    const isDouble = own.has(wanted) && own.get(wanted) === port["protocol"];
    if (wanted < firstPort || wanted > lastPort) {
      const range = `${firstPort}-${lastPort}`;
      const text = `provided port is not in the valid range. The range of valid ports is ${range}`;
      causes.push(invalidField(field, wanted, text));
    } else if (taken.has(wanted) || isDouble) {
      causes.push(invalidField(field, wanted, "provided port is already allocated"));
    }
    own.set(wanted, port["protocol"]);
  });
  for (const port of ports) {
    if (port["nodePort"] !== undefined) continue;
    const free = freePort(cluster, (candidate) => taken.has(candidate) || own.has(candidate));
    if (free === undefined) causes.push(invalidField("spec.ports", null, "range is full"));
    else {
      port["nodePort"] = free;
      own.set(free, port["protocol"]);
    }
  }
}

/** A port keeps its number over updates that do not name it. */
function previousPort(live: SimObject | undefined, port: JsonMap): number | undefined {
  const same = listAt(live, "spec", "ports").find(
    (old) =>
      valueAt(old, "port") === port["port"] &&
      (old["protocol"] ?? "TCP") === (port["protocol"] ?? "TCP"),
  );
  return numberAt(same, "nodePort");
}

function freePort(cluster: Cluster, isTaken: (port: number) => boolean): number | undefined {
  const count = lastPort - firstPort + 1;
  const start = Math.floor(cluster.random.fraction() * count);
  for (let step = 0; step < count; step += 1) {
    const port = firstPort + ((start + step) % count);
    if (!isTaken(port)) return port;
  }
  return undefined;
}
