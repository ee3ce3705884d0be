import { expect, it } from "vitest";
import type { Application } from "@octoplane/kinds/application";
import type { Cluster } from "@octoplane/kinds/cluster";
import { application, candidate } from "@octoplane/placement/testing/facts";
import { PromisedSums } from "./promised-sums.ts";

const container = { name: "c", resources: { requests: { cpu: "1", memory: "1Gi" } } };
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: { replicas: 4, template: { spec: { containers: [container] } } },
};

const free = { cpuCores: 8, memoryBytes: 2 ** 34, pods: 100 };
const candidates = [candidate({ name: "a", free }), candidate({ name: "b", free })];
const clusters = new Map(
  ["a", "b"].map((name) => {
    const cluster = { metadata: { namespace: "n", name }, status: {} };
    return [`n/${name}`, cluster as unknown as Cluster];
  }),
);

function placed(shares: readonly (number | null)[]): Application {
  const app = application({ on: "a", manifest: [deployment] });
  const places = ["a", "b"].map((name, index) => ({
    cluster: { api: "kubernetes", kind: "Cluster", namespace: "n", name },
    share: shares[index]!,
  }));
  return { ...app, status: { ...app.status, places } };
}

it.each<[string, readonly (number | null)[], readonly number[]]>([
  ["all of them on each, when they are duplicated", [null, null], [4, 4]],
  ["its share on each, when they are divided", [3, 1], [3, 1]],
])("promises of an application with copies %s", (_what, shares, expected) => {
  const promised = new PromisedSums(clusters, candidates);
  promised.add(placed(shares));
  const { a, b } = promised.sums;
  expect([a!.cpuCores, b!.cpuCores]).toEqual(expected);
  expect([a!.pods, b!.pods]).toEqual(expected);
});
