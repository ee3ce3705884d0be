import fc from "fast-check";
import { expect, test } from "vitest";
import type { AnyResource } from "@octoplane/kinds/kind";
import { cascadeOf } from "./cascade.ts";

const names = ["a", "b", "c", "d", "e", "f"];

function object(name: string, owners: readonly string[]): AnyResource {
  const ref = (owner: string) => ({ api: "x", kind: "Thing", namespace: "n", name: owner });
  const metadata = { name, namespace: "n", owners: owners.map(ref) };
  return { api: "x", kind: "Thing", metadata } as unknown as AnyResource;
}

const worlds = fc
  .record(Object.fromEntries(names.map((name) => [name, fc.subarray(names)])))
  .map((world) => names.map((name) => object(name, world[name] ?? [])));

const ownersOf = (one: AnyResource): readonly string[] =>
  one.metadata.owners.map((owner) => owner.name);

test("what goes is closed: whoever owes itself to something that goes, goes, and nobody else does", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const gone = new Set(["a", ...cascadeOf(world[0]!, world).map((one) => one.metadata.name)]);
      for (const one of world) {
        if (one.metadata.name === "a") continue;
        const follows = ownersOf(one).some((owner) => gone.has(owner));
        expect(gone.has(one.metadata.name)).toBe(follows);
      }
    }),
  );
});

test("each is named once, the nearest first, and never the object itself", () => {
  const world = [
    object("cloud", ["app"]),
    object("left", ["cloud"]),
    object("right", ["cloud"]),
    object("app", ["left", "right"]),
    object("other", []),
  ];
  const gone = cascadeOf(world[0]!, world).map((one) => one.metadata.name);
  expect(gone).toEqual(["left", "right", "app"]);
});

test("an object of the same name of another kind or namespace is another object", () => {
  const app = object("app", ["cluster"]);
  const elsewhere = { ...object("cluster", []), kind: "Other" };
  const abroad = object("cluster", []);
  const metadata = { ...abroad.metadata, namespace: "m" };
  expect(cascadeOf(elsewhere, [app])).toEqual([]);
  expect(cascadeOf({ ...abroad, metadata }, [app])).toEqual([]);
});

test("an application that asks for copies outlives the clusters that it is on, and nothing else", () => {
  const owner = (kind: string) => ({ api: "kubernetes", kind, namespace: "n", name: "a" });
  const app = (placement: object | undefined, kind = "Cluster"): AnyResource =>
    ({
      api: "kubernetes",
      kind: "Application",
      metadata: { name: "app", namespace: "n", owners: [owner(kind)] },
      spec: { placement },
    }) as unknown as AnyResource;
  const cluster = { ...object("a", []), api: "kubernetes", kind: "Cluster" };
  const cloud = { ...cluster, kind: "Cloud" };
  const copied = app({ copies: { count: 2 } });
  expect(cascadeOf(cluster, [copied])).toEqual([]);
  expect(cascadeOf(cluster, [app({ policy: "cost" })])).toHaveLength(1);
  expect(cascadeOf(cluster, [app(undefined)])).toHaveLength(1);
  expect(cascadeOf(cloud, [app({ copies: { count: 2 } }, "Cloud")])).toHaveLength(1);
});
