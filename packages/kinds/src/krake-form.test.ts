import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFailure, messageOf } from "@octoplane/shared/errors";
import { ApplicationKind } from "./application.ts";
import { CloudKind, GlobalCloudKind } from "./cloud.ts";
import { ClusterKind } from "./cluster.ts";
import { anyKind, type AnyKind } from "./kind.ts";
import { readKrakeForm } from "./krake-form.ts";
import { MagnumClusterKind } from "./magnum-cluster.ts";
import { GlobalMetricKind, MetricKind } from "./metric.ts";
import { readInput } from "./read-input.ts";

function problemOf(kind: AnyKind, body: unknown): string {
  try {
    readInput(kind, body);
  } catch (error) {
    if (isFailure(error, "Invalid")) return messageOf(error);
    throw error;
  }
  return "";
}

const [application, cluster] = [anyKind(ApplicationKind), anyKind(ClusterKind)];
const [cloud, globalCloud] = [anyKind(CloudKind), anyKind(GlobalCloudKind)];
const magnum = anyKind(MagnumClusterKind);
const provider = { name: "p", metric: "m" };
const metadata = { name: "one" };
const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "web" } };

describe("a body as Krake's command line writes it", () => {
  it("may have numbers as text, where that command line has them so", () => {
    const text = { backoff: "2", backoff_delay: "3", backoff_limit: "-1" };
    const numbers = { backoff: 2, backoff_delay: 3, backoff_limit: -1 };
    const spec = { manifest: [pod], shutdown_grace_time: "30", ...text };
    const app = readInput(application, { metadata, spec });
    expect(app["spec"]).toMatchObject({ ...numbers, shutdown_grace_time: 30 });
    const tosca = { tosca_definitions_version: "tosca_simple_yaml_1_0" };
    const outputs = { topology_template: { outputs: { kubeconfig: { value: "x" } } } };
    const body = { metadata, spec: { tosca: { ...tosca, ...outputs }, ...text } };
    expect(readInput(cluster, body)["spec"]).toMatchObject(numbers);
    for (const kind of [anyKind(MetricKind), anyKind(GlobalMetricKind)]) {
      const metric = { metadata, spec: { min: "0", max: "5.5", allowed_values: [], provider } };
      expect(readInput(kind, metric)["spec"]).toMatchObject({ min: 0, max: 5.5 });
    }
  });

  it("may leave out the values that a metric allows, which Krake 1.0.1 does not know", () => {
    const body = { metadata, spec: { min: 0, max: 1, provider } };
    expect(readInput(anyKind(MetricKind), body)["spec"]).toMatchObject({ allowed_values: [] });
  });

  it.each<[string, AnyKind, object]>([
    ["spec.backoff: expected integer (found string)", application, { backoff: "two" }],
    ["spec.backoff: expected integer (found string)", application, { backoff: "" }],
    ["spec.backoff: expected integer (found string)", application, { backoff: "0x10" }],
    ["spec.backoff: expected integer (found number)", application, { backoff: "1.5" }],
    ["spec.auto_cluster_create: expected boolean", application, { auto_cluster_create: "true" }],
  ])("is refused where the text is no number of that sort: %s", (message, kind, spec) => {
    expect(problemOf(kind, { metadata, spec: { manifest: [pod], ...spec } })).toContain(message);
  });

  it("may have the password of a cloud, and the constraints of a Magnum cluster, in its metadata", () => {
    const user = (password: string) => ({ username: "u", password });
    const openstack = (password: string) => ({
      url: "http://10.0.0.1:5000/v3",
      auth: { type: "password", password: { user: user(password), project: { name: "p" } } },
      infrastructure_provider: { name: "i" },
    });
    const body = (password: string) => ({
      metadata: { ...metadata, password },
      spec: { type: "openstack", openstack: openstack("before") },
    });
    for (const kind of [cloud, globalCloud]) {
      const read = readInput(kind, body("after"));
      expect(read["spec"]).toMatchObject({ openstack: openstack("after") });
      expect(read.metadata).not.toHaveProperty("password");
      expect(readInput(kind, body(""))["spec"]).toMatchObject({ openstack: openstack("before") });
    }
    const constraints = { project: { labels: ["location is DE"] } };
    const read = readInput(magnum, { metadata: { ...metadata, constraints }, spec: {} });
    expect(read["spec"]).toMatchObject({ constraints });
    expect(read.metadata).not.toHaveProperty("constraints");
    expect(problemOf(application, body("x"))).toContain("metadata.password: unknown field");
  });

  it("is not changed by being read, whatever it is, and stays what it is without such fields", () => {
    const form = {
      numbersAsText: [["a", "b"], ["c"]],
      misplaced: [{ from: ["a", "d"], to: ["e", "f"] }],
    };
    const names = fc.constantFrom("a", "b", "c", "d", "e", "f", "__proto__");
    const values = fc.oneof(fc.constantFrom("1", "x", ""), fc.integer(), fc.constant(null));
    const inner = fc.dictionary(names, values, { noNullPrototype: true });
    const bodies = fc.oneof(
      fc.dictionary(names, fc.oneof(values, inner), { noNullPrototype: true }),
      fc.anything(),
    );
    fc.assert(
      fc.property(bodies, (body) => {
        const before = structuredCloneOf(body);
        const read = readKrakeForm(form, body);
        expect(structuredCloneOf(body)).toEqual(before);
        expect(readKrakeForm({}, body)).toBe(body);
        // What was read once is in the declared form.
        expect(readKrakeForm(form, read)).toEqual(read);
      }),
    );
  });
});

function structuredCloneOf(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "bigint" || typeof inner === "symbol" ? String(inner) : inner,
  );
}
