import type { KubeObject } from "@octoplane/kube/kube";

/** The ports of a Service that can be reached from outside its cluster. */
export interface ServiceView {
  readonly name: string;
  readonly namespace: string;
  readonly ports: readonly ServicePort[];
}

interface ServicePort {
  /** The port's name, or its number. */
  readonly label: string;
  /** Absent for a NodePort: the host is the cluster's own. */
  readonly host: string | undefined;
  readonly port: number | undefined;
}

interface ServiceObject {
  readonly spec?: {
    readonly type?: string;
    readonly ports?: readonly {
      readonly name?: string;
      readonly port?: number;
      readonly nodePort?: number;
    }[];
  };
  readonly status?: {
    readonly loadBalancer?: {
      readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[];
    };
  };
}

export function serviceAddresses(object: KubeObject): ServiceView {
  const { spec, status } = object as ServiceObject;
  const ports = spec?.ports ?? [];
  const view = {
    name: object.metadata.name ?? "",
    namespace: object.metadata.namespace ?? "",
  };
  const label = (port: (typeof ports)[number]): string => port.name ?? String(port.port ?? "");
  if (spec?.type === "LoadBalancer") {
    const ingress = status?.loadBalancer?.ingress?.[0];
    const host = ingress?.ip ?? ingress?.hostname ?? "<pending>";
    return { ...view, ports: ports.map((port) => ({ label: label(port), host, port: port.port })) };
  }
  const open = ports.filter((port) => port.nodePort !== undefined);
  return {
    ...view,
    ports: open.map((port) => ({ label: label(port), host: undefined, port: port.nodePort })),
  };
}

/**
 * `status.services`: each Service under its name (with its namespace where two share one), with the address of its first
 * port, as Krake's clients expect; a Service of several ports has each also under `name:port`.
 */
export function servicesText(
  services: readonly ServiceView[],
  server: string,
): Readonly<Record<string, string>> {
  const clusterHost = new URL(server).hostname;
  const result: Record<string, string> = {};
  for (const service of services) {
    const twins = services.filter(({ name }) => name === service.name).length;
    const name = twins > 1 ? `${service.namespace}/${service.name}` : service.name;
    for (const [index, { host, port, label }] of service.ports.entries()) {
      const address = `${hostText(host ?? clusterHost)}:${port ?? "<pending>"}`;
      if (index === 0) result[name] = address;
      if (service.ports.length > 1) result[`${name}:${label}`] = address;
    }
  }
  return Object.fromEntries(Object.entries(result).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** An IPv6 address stands in brackets in front of a port (RFC 3986, section 3.2.2). */
function hostText(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
