import { expect, test } from "vitest";
import { treeOf, type TreeNode } from "./owned-tree.ts";
import type { KubeObject } from "./kube.ts";

const object = (kind: string, name: string, owner?: string, more: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind,
  metadata: {
    name,
    namespace: "n",
    uid: name,
    ...(owner === undefined
      ? {}
      : { ownerReferences: [{ apiVersion: "v1", kind: "X", name: owner, uid: owner }] }),
  },
  ...more,
});

const root = (kind: string, name: string) => ({ group: "", kind, namespace: "n", name, uid: name });

const shape = (nodes: readonly TreeNode[]): unknown =>
  nodes.map(({ name, children }) => (children.length === 0 ? name : { [name]: shape(children) }));

test("objects hang below their owners, down to the Pods; those of others are left out", () => {
  const objects = [
    object("Deployment", "web"),
    object("ReplicaSet", "web-1", "web"),
    object("Pod", "web-1-b", "web-1"),
    object("Pod", "web-1-a", "web-1"),
    object("Pod", "other"),
    object("Pod", "orphan", "gone"),
  ];
  expect(shape(treeOf([root("Deployment", "web")], objects))).toEqual([
    { web: [{ "web-1": ["web-1-a", "web-1-b"] }] },
  ]);
});

test("claims of a StatefulSet are known by their names, and by nothing else", () => {
  const spec = { volumeClaimTemplates: [{ metadata: { name: "data" } }] };
  const objects = [
    object("StatefulSet", "db", undefined, { spec }),
    object("PersistentVolumeClaim", "data-db-0"),
    object("PersistentVolumeClaim", "data-db-x"),
    object("PersistentVolumeClaim", "other-db-0"),
  ];
  expect(shape(treeOf([root("StatefulSet", "db")], objects))).toEqual([{ db: ["data-db-0"] }]);
});

test("a root that is itself owned by another root stands once, and circles end", () => {
  const objects = [object("A", "a", "b"), object("B", "b", "a")];
  expect(shape(treeOf([root("A", "a"), root("B", "b")], objects))).toEqual(["a", "b"]);
  const circle = [object("X", "x", "y"), object("Y", "y", "x")];
  expect(shape(treeOf([root("A", "a")], circle))).toEqual(["a"]);
});
