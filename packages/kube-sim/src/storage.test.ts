import { expect, test } from "vitest";
import type { SimObject } from "./sim-object.ts";
import { ObjectStorage } from "./storage.ts";

function config(name: string, extra: Partial<SimObject["metadata"]> = {}): SimObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name,
      namespace: "n",
      uid: `uid-${name}`,
      resourceVersion: "",
      creationTimestamp: "",
      ...extra,
    },
  };
}

test("every write gets a version of its own, and the history tells them in order", () => {
  const storage = new ObjectStorage(10);
  const start = storage.revision;
  const first = storage.put("/configmaps", config("a"));
  storage.put("/configmaps", first);
  storage.remove("/configmaps", first);
  const changes = storage.since(start);
  expect(changes?.map((change) => change.type)).toEqual(["ADDED", "MODIFIED", "DELETED"]);
  expect(changes?.map((change) => change.revision)).toEqual([start + 1, start + 2, start + 3]);
});

test("a version that is forgotten has no history", () => {
  const storage = new ObjectStorage(4);
  const start = storage.revision;
  for (let count = 0; count < 20; count += 1) storage.put("/configmaps", config(`c${count}`));
  expect(storage.since(start)).toBeUndefined();
  expect(storage.since(storage.revision)).toEqual([]);
  expect(storage.since(storage.revision - 4)).toHaveLength(4);
});

test("dependents are found by the uid of their owner until they are gone", () => {
  const storage = new ObjectStorage(10);
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: "o", uid: "uid-o" };
  const child = storage.put("/configmaps", config("c", { ownerReferences: [owner] }));
  expect(storage.ownedBy("uid-o")).toEqual([{ kindKey: "/configmaps", key: "n/c" }]);
  storage.remove("/configmaps", child);
  expect(storage.ownedBy("uid-o")).toEqual([]);
});

test("an object that was replaced by another of its name is not removed", () => {
  const storage = new ObjectStorage(10);
  storage.put("/configmaps", config("a"));
  expect(storage.remove("/configmaps", config("a", { uid: "other" }))).toBe(false);
  expect(storage.get("/configmaps", "n", "a")).toBeDefined();
});
