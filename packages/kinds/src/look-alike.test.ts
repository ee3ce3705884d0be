import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lookAlike } from "./look-alike.ts";

const others: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ["a cluster file of k3d", { apiVersion: "k3d.io/v1alpha5", kind: "Simple", metadata: {} }],
  ["a cluster file of kind", { apiVersion: "kind.x-k8s.io/v1alpha4", kind: "Cluster" }],
  ["a kustomization", { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" }],
  ["a kustomization", { namePrefix: "a-", resources: ["a.yaml"] }],
  ["a kustomization", { components: ["../a"] }],
  ["the Chart.yaml", { apiVersion: "v2", name: "a", version: "1.0.0" }],
  ["a template of a Helm", { apiVersion: "v1", kind: "Pod", metadata: { name: "{{ .x }}" } }],
  ["a kubeconfig", { apiVersion: "v1", kind: "Config", clusters: [] }],
  ["a kubeconfig", { clusters: [], contexts: [], users: [] }],
  ["a setting of a program", { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "X" }],
  ["a file of Skaffold", { apiVersion: "skaffold/v4beta1", kind: "Config" }],
  ["a TOSCA template", { tosca_definitions_version: "tosca_simple_yaml_1_0" }],
  ["an object of Octoplane", { api: "core", kind: "Role", metadata: { name: "a" } }],
  ["a file of Docker Compose", { version: "3", services: { a: { build: "." } } }],
  ["OpenTelemetry Collector", { exporters: {}, service: { pipelines: {} } }],
  ["a configuration of Prometheus", { scrape_configs: [] }],
  ["a configuration of Prometheus", { global: {}, rule_files: [] }],
  ["a file of rules", { groups: [{ name: "a", rules: [] }] }],
];

describe("what is no object for a cluster", () => {
  for (const [what, document] of others) {
    test(`${what}: ${JSON.stringify(document)}`, () => {
      expect(lookAlike(document)?.what).toContain(what);
      expect(lookAlike(document)?.instead).not.toBe("");
    });
  }
});

describe("what may be one", () => {
  test.each([
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { x: "{{ .Value }}" } },
    // Custom resources may have any field, and a group may be called like a kind of tool.
    { apiVersion: "example.org/v1", kind: "Stack", services: { a: { image: "b" } } },
    { apiVersion: "opentelemetry.io/v1beta1", kind: "OpenTelemetryCollector", receivers: {} },
    { apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule", groups: [{ rules: [] }] },
    { apiVersion: "config.example.org/v1", kind: "Config" },
    { apiVersion: "constructor/v1", kind: "X" },
    { apiVersion: "cluster.x-k8s.io/v1beta1", kind: "Cluster" },
    { kind: "Pod", metadata: { name: "a" } },
    {},
  ])("%j", (document) => expect(lookAlike(document)).toBeUndefined());

  test("is judged without a crash, whatever its shape", () => {
    const field = fc.constantFrom("apiVersion", "kind", "metadata", "services", "groups", "api");
    const shape = fc.dictionary(field, fc.jsonValue());
    fc.assert(fc.property(shape, (document) => void lookAlike(document)));
  });
});
