import { expect, test } from "vitest";
import type { InventoryItem } from "@octoplane/kinds/application";
import type { DesiredObject } from "@octoplane/delivery/desired";
import type { KubeObject } from "@octoplane/kube/kube";
import { nameAnnotation, ownerLabel } from "@octoplane/delivery/mark";
import { judge } from "./ownership.ts";

const namespaceKind = { group: "", version: "v1", kind: "Namespace", plural: "namespaces" };

function wanted(more: Partial<DesiredObject> = {}): DesiredObject {
  const served = { ...namespaceKind, kind: "ConfigMap", plural: "x", namespaced: true, verbs: [] };
  return {
    id: "|ConfigMap|home|x",
    phase: "configuration",
    ref: { served, namespace: "home", name: "x" },
    object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } },
    digest: "",
    removesItself: false,
    isKept: false,
    isImplied: false,
    leavesReplicas: false,
    replicas: undefined,
    replace: undefined,
    ...more,
  };
}

function there(owner: string | undefined, more: object = {}): KubeObject {
  const marks =
    owner === undefined
      ? {}
      : { labels: { [ownerLabel]: owner }, annotations: { [nameAnnotation]: `team/${owner}` } };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "x", uid: "u", ...marks, ...more },
  };
}

const rules = { owner: "we", isLiving: (uid: string) => uid === "they", mayAdopt: false };
const known = { uid: "u" } as InventoryItem;
const by = (...managers: string[]): object => ({
  managedFields: managers.map((manager) => ({ manager })),
});

test.each([
  ["ours by its mark", there("we"), undefined, "take"],
  ["ours by the books, its mark taken away", there(undefined), known, "take"],
  [
    "applied by us, whatever became of the books",
    there(undefined, by("octoplane", "kubectl")),
    undefined,
    "take",
  ],
  ["left behind by one that is gone", there("gone"), undefined, "take"],
] as const)("an object that is %s is taken", (_name, existing, item, expected) => {
  expect(judge(existing, wanted(), item, rules)).toBe(expected);
});

test.each([
  ["another application's", there("they"), "belongs to application team/they"],
  [
    "made by hand",
    there(undefined, by("kubectl", "kubectl")),
    "was made by somebody else (kubectl)",
  ],
  ["from nobody knows where", there(undefined), "was made by somebody else;"],
] as const)(
  "an object that is %s is left alone unless it may be adopted",
  (_name, existing, words) => {
    const verdict = judge(existing, wanted(), undefined, rules);
    expect(verdict).toMatchObject({ code: "OWNED_BY_OTHER", canPass: false });
    expect((verdict as { message: string }).message).toContain(
      `ConfigMap x in namespace home ${words}`,
    );
    expect(judge(existing, wanted(), undefined, { ...rules, mayAdopt: true })).toBe("take");
  },
);

test("one on its way out is waited for, whoever has it", () => {
  const leaving = there("they", { deletionTimestamp: "now" });
  expect(judge(leaving, wanted(), undefined, rules)).toMatchObject({ canPass: true });
});

test("a namespace of somebody else's is joined when nothing of it is to change", () => {
  const namespace = (labels: Record<string, string>): DesiredObject =>
    wanted({
      phase: "namespaces",
      object: { apiVersion: "v1", kind: "Namespace", metadata: { name: "x", labels } },
    });
  const existing = there(undefined, { labels: { team: "a", more: "b" } });
  expect(judge(existing, namespace({ [ownerLabel]: "we" }), undefined, rules)).toBe("join");
  expect(judge(existing, namespace({ team: "a" }), undefined, rules)).toBe("join");
  expect(judge(existing, namespace({ team: "c" }), undefined, rules)).toMatchObject({
    code: "OWNED_BY_OTHER",
  });
  expect(judge(existing, namespace({ team: "c" }), undefined, { ...rules, mayAdopt: true })).toBe(
    "take",
  );
});
