import fc from "fast-check";
import { expect, test } from "vitest";
import { ClusterUse } from "./cluster-use.ts";

test("a cluster that the last application leaves is given back, once", () => {
  const use = new ClusterUse();
  use.set("a", ["x", "y"]);
  use.set("b", ["y"]);
  expect(use.set("a", [])).toEqual(["x"]);
  expect(use.set("a", [])).toEqual([]);
  expect(use.set("b", ["x"])).toEqual(["y"]);
});

test("applications with the same clusters share a lane, in whatever order and how often they are named", () => {
  const use = new ClusterUse();
  use.set("a", ["y", "x", "y"]);
  use.set("b", ["x", "y"]);
  use.set("c", ["x"]);
  expect(use.placesOf("a")).toBe(use.placesOf("b"));
  expect(use.placesOf("c")).not.toBe(use.placesOf("a"));
  expect(use.usersOf("x").toSorted()).toEqual(["a", "b", "c"]);
});

test("whatever moves where: what is given back is what nobody uses any more", () => {
  const clusters = ["x", "y", "z"];
  const step = fc.record({ app: fc.constantFrom("a", "b", "c"), to: fc.subarray(clusters) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const use = new ClusterUse();
      const model = new Map<string, readonly string[]>();
      for (const { app, to } of steps) {
        const isUsed = (cluster: string): boolean =>
          [...model.values()].some((places) => places.includes(cluster));
        const before = clusters.filter(isUsed);
        model.set(app, to);
        expect([...use.set(app, to)].toSorted()).toEqual(
          before.filter((cluster) => !isUsed(cluster)),
        );
      }
    }),
  );
});
