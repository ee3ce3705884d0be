import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Application, Copy } from "@octoplane/kinds/application";
import { standIns } from "./combine-places.ts";

const cluster = (name: string) => ({ api: "kubernetes", kind: "Cluster", namespace: "n", name });
const copyOn = (name: string, generation = 1): Copy => ({
  cluster: cluster(name),
  cluster_uid: name,
  generation,
  objects: [],
});

function appOf(running: string | null, places: readonly string[] | undefined): Application {
  const status = {
    scheduled_to: cluster(places?.[0] ?? "a"),
    running_on: running === null ? null : cluster(running),
    ...(places === undefined
      ? {}
      : { places: places.map((name) => ({ cluster: cluster(name), share: null })) }),
  };
  return { status } as unknown as Application;
}

const world = fc.record({
  /** Whether each place serves. */
  places: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
  /** Copies elsewhere: whether each serves, and whether it was ever applied in full; what serves was. */
  others: fc.array(fc.record({ serves: fc.boolean(), isWhole: fc.boolean() }), { maxLength: 5 }),
  running: fc.nat({ max: 9 }),
});

it("never takes the last copy away that serves", () => {
  fc.assert(
    fc.property(world, ({ places, others, running }) => {
      const copies = others.map(({ serves, isWhole }, index) =>
        copyOn(`other-${index}`, serves || isWhole ? 1 : 0),
      );
      const names = [
        ...places.map((_, index) => `place-${index}`),
        ...copies.map(({ cluster_uid: uid }) => uid),
      ];
      const known = running < names.length ? names[running]! : null;
      const app = appOf(known, names.slice(0, places.length));
      const ready = places.filter((serves) => serves).length;
      const staying = standIns(app, copies, places.length - ready);
      const before = ready + others.filter(({ serves }) => serves).length;
      const after =
        ready + copies.filter((copy, i) => others[i]!.serves && staying.has(copy)).length;
      expect(after > 0).toBe(before > 0);
      if (ready === places.length) expect(staying.size).toBe(0);
    }),
  );
});

it("leaves the copies alone that were given up together with all of them but one, until that one serves", () => {
  const [b, c] = [copyOn("b"), copyOn("c")];
  // The first place is what people know of, and it does not serve: one of the others may.
  expect([...standIns(appOf("a", ["a"]), [b, c], 1)]).toEqual([b, c]);
  expect([...standIns(appOf("a", undefined), [b, c], 1)]).toEqual([b, c]);
  expect([...standIns(appOf("a", undefined), [b, c], 0)]).toEqual([]);
});

it("takes a failed attempt of an application in one place away at once, and what never stood", () => {
  const [old, failed, begun] = [copyOn("old"), copyOn("failed"), copyOn("begun", 0)];
  expect([...standIns(appOf("old", undefined), [failed, old, begun], 1)]).toEqual([old]);
  expect([...standIns(appOf("old", ["new"]), [begun, failed, old], 1)]).toEqual([old, failed]);
});
