import { describe, expect, test } from "vitest";
import { kinds } from "@octoplane/kinds/registry";
import { limits } from "@octoplane/shared/limits";
import { batchKinds, readDrafts, relationKey, relationsOf } from "./batch-draft.ts";

const provider = {
  api: "core",
  kind: "MetricsProvider",
  metadata: { name: "p", namespace: "a" },
  spec: { type: "static", static: { metrics: { load: 1 } } },
};
const metric = {
  api: "core",
  kind: "Metric",
  metadata: { name: "load", namespace: "a" },
  spec: { min: 0, max: 1, allowed_values: [], provider: { name: "p", metric: "load" } },
};
const binding = {
  api: "core",
  kind: "RoleBinding",
  metadata: { name: "b" },
  users: [],
  roles: ["r", "no name"],
};

describe("documents for one commit", () => {
  test("are of every kind without a status, and of no other", () => {
    expect(batchKinds.map(({ kind }) => kind).toSorted()).toEqual(
      kinds
        .filter(({ status }) => status === undefined)
        .map(({ kind }) => kind)
        .toSorted(),
    );
    const cluster = { api: "kubernetes", kind: "Cluster", metadata: { name: "c" } };
    const { drafts, problems } = readDrafts([cluster, { kind: "Role" }, 5, null, []]);
    expect(drafts).toEqual([]);
    expect(problems.map(({ index, field }) => [index, field])).toEqual([
      [0, "kind"],
      [1, "kind"],
      [2, ""],
      [3, ""],
      [4, ""],
    ]);
    expect(problems[0]!.message).toMatch(
      /^expected one of core\/Role, .*found kubernetes\/Cluster$/,
    );
    expect(problems[1]!.message).toMatch(/found nothing\/Role$/);
  });

  test("are each read by their kind, and all problems are told with their place", () => {
    const wrong = { ...metric, spec: { ...metric.spec, min: 2 }, metadata: { name: "wrong" } };
    const global = { ...provider, kind: "GlobalMetricsProvider" };
    const { drafts, problems } = readDrafts([provider, wrong, global, 0, metric, metric]);
    expect(drafts.map(({ index, kind, ref }) => [index, kind.kind, ref])).toEqual([
      [0, "MetricsProvider", { name: "p", namespace: "a" }],
      [4, "Metric", { name: "load", namespace: "a" }],
    ]);
    expect(problems).toEqual([
      { index: 1, field: "spec.min", message: "expected less than max (1)" },
      {
        index: 2,
        field: "metadata.namespace",
        message: "a GlobalMetricsProvider is in no namespace",
      },
      { index: 3, field: "", message: "expected an object with api, kind and metadata" },
      {
        index: 5,
        field: "metadata.name",
        message: "Metric load in namespace a stands here twice, first in documents[4]",
      },
    ]);
  });

  test("of metrics and providers in no namespace are global ones", () => {
    const { drafts, problems } = readDrafts([
      { ...provider, metadata: { name: "p" } },
      { ...metric, metadata: { name: "load", namespace: null } },
    ]);
    expect(problems).toEqual([]);
    expect(drafts.map(({ kind, ref }) => [kind.kind, ref])).toEqual([
      ["GlobalMetricsProvider", { name: "p" }],
      ["GlobalMetric", { name: "load" }],
    ]);
  });

  test("more than one commit can hold are refused before any is read", () => {
    const many = Array.from({ length: limits.commitOperationsMax + 1 }, () => 5);
    expect(() => readDrafts(many)).toThrow("at most 128 documents");
    expect(readDrafts(many.slice(1)).problems).toHaveLength(limits.commitOperationsMax);
  });

  test("refer to a provider of their own scope, and to roles", () => {
    const global = { ...metric, kind: "GlobalMetric", metadata: { name: "load" } };
    const { drafts } = readDrafts([metric, global, binding, provider]);
    const found = drafts.map((draft) =>
      relationsOf(draft).map((relation) => [relation.field, relationKey(relation)]),
    );
    expect(found).toEqual([
      [["spec.provider.name", "/registry/core/metricsproviders/a/p/object"]],
      [["spec.provider.name", "/registry/core/globalmetricsproviders/p/object"]],
      [
        ["roles[0]", "/registry/core/roles/r/object"],
        ["roles[1]", undefined],
      ],
      [],
    ]);
  });
});
