import { expect, test } from "vitest";
import { serviceAddresses, servicesText } from "./service-addresses.ts";

function service(
  name: string,
  spec: object,
  options: { namespace?: string; status?: object } = {},
) {
  const { namespace = "default", status } = options;
  const object = { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec };
  return serviceAddresses(status === undefined ? object : { ...object, status });
}

const server = "https://10.0.0.1:6443";
const nodePort = (port: number, more: object = {}) => ({
  type: "NodePort",
  ports: [{ port: 80, nodePort: port, ...more }],
});

test("a Service with one port stands under its name", () => {
  expect(servicesText([service("web", nodePort(30080))], server)).toEqual({
    web: "10.0.0.1:30080",
  });
});

test("a Service with several ports has each under its name, TCP and UDP on one number too", () => {
  const dns = service("dns", {
    type: "NodePort",
    ports: [
      { name: "dns-udp", protocol: "UDP", port: 53, nodePort: 30053 },
      { name: "dns-tcp", protocol: "TCP", port: 53, nodePort: 30054 },
    ],
  });
  expect(servicesText([dns], server)).toEqual({
    dns: "10.0.0.1:30053",
    "dns:dns-udp": "10.0.0.1:30053",
    "dns:dns-tcp": "10.0.0.1:30054",
  });
});

test("what cannot be reached from outside is not listed", () => {
  const closed = [
    service("headless", { clusterIP: "None", ports: [{ port: 80 }] }),
    service("inside", { type: "ClusterIP", ports: [{ port: 80 }] }),
    service("elsewhere", { type: "ExternalName", externalName: "example.org" }),
    service("empty", {}),
  ];
  expect(servicesText(closed, server)).toEqual({});
});

test.each([
  ["pending", {}, "<pending>:443"],
  ["without a status", undefined, "<pending>:443"],
  ["with an address", { loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } }, "192.0.2.7:443"],
  [
    "with a host name",
    { loadBalancer: { ingress: [{ hostname: "lb.example.org" }] } },
    "lb.example.org:443",
  ],
  [
    "with an IPv6 address",
    { loadBalancer: { ingress: [{ ip: "2001:db8::7" }] } },
    "[2001:db8::7]:443",
  ],
])("a load balancer %s", (_name, status, expected) => {
  const spec = { type: "LoadBalancer", ports: [{ port: 443, nodePort: 30443 }] };
  const balanced = service("lb", spec, status === undefined ? {} : { status });
  expect(servicesText([balanced], server)).toEqual({ lb: expected });
});

test("two Services of one name are told apart by their namespaces, others keep their short names", () => {
  const twins = [
    service("web", nodePort(30001), { namespace: "a" }),
    service("web", nodePort(30002), { namespace: "b" }),
    service("api", nodePort(30003), { namespace: "b" }),
  ];
  expect(servicesText(twins, server)).toEqual({
    "a/web": "10.0.0.1:30001",
    "b/web": "10.0.0.1:30002",
    api: "10.0.0.1:30003",
  });
});

test("a cluster whose server has an IPv6 address", () => {
  const text = servicesText([service("web", nodePort(30080))], "https://[2001:db8::1]:6443");
  expect(text).toEqual({ web: "[2001:db8::1]:30080" });
});
