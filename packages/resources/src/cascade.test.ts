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

const ownerNamed = (name: string, kind = "Cluster") => ({
  api: "kubernetes",
  kind,
  namespace: "n",
  name,
});

/** An application that is bound to a cluster, and where its copies are. */
function placed(
  bound: string,
  more: {
    readonly copies?: readonly string[];
    readonly running?: string;
    readonly placement?: object;
    readonly also?: readonly string[];
  } = {},
): AnyResource {
  const { copies = [bound], running = bound, placement, also = [] } = more;
  return {
    api: "kubernetes",
    kind: "Application",
    metadata: {
      name: "app",
      namespace: "n",
      owners: [...new Set([bound, ...copies, ...also])].map((name) => ownerNamed(name)),
    },
    spec: { placement },
    status: {
      scheduled_to: ownerNamed(bound),
      running_on: ownerNamed(running),
      copies: copies.map((name) => ({ cluster: ownerNamed(name), objects: [] })),
    },
  } as unknown as AnyResource;
}

const clusterNamed = (name: string): AnyResource => ({
  ...object(name, []),
  api: "kubernetes",
  kind: "Cluster",
});
const goes = (app: AnyResource, cluster: string): boolean =>
  cascadeOf(clusterNamed(cluster), [app]).length === 1;

test("an application that asks for copies outlives the clusters that it is on, and nothing else", () => {
  const placement = { copies: { count: 2 } };
  const copied = placed("a", { placement });
  expect(goes(copied, "a")).toBe(false);
  expect(goes(placed("a", { placement: { policy: "cost" } }), "a")).toBe(true);
  expect(goes(placed("a"), "a")).toBe(true);
  const metadata = { ...copied.metadata, owners: [ownerNamed("a", "Cloud")] };
  const cloud = { ...clusterNamed("a"), kind: "Cloud" };
  expect(cascadeOf(cloud, [{ ...copied, metadata }])).toHaveLength(1);
  // Somebody said that it belongs to this cluster, on which it is not.
  expect(goes(placed("a", { placement, also: ["b"] }), "b")).toBe(true);
});

test("an application that has left a cluster outlives it, although something of it still stands there", () => {
  const left = placed("b", { copies: ["a", "b"] });
  expect([goes(left, "a"), goes(left, "b")]).toEqual([false, true]);
  // While it still runs on the cluster that it leaves, that is its cluster.
  const leaving = placed("b", { copies: ["a", "b"], running: "a" });
  expect([goes(leaving, "a"), goes(leaving, "b")]).toEqual([true, true]);
});
