import fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalJson, fromPlain, toPlain, type Plain } from "./plain-data.ts";
import { patched, patchOf } from "./plain-patch.ts";

const anyKey = fc.oneof(
  fc.constantFrom("a", "b", "$set", "__proto__", "toString", "0"),
  fc.string(),
);
const { data } = fc.letrec<{ data: unknown }>((tie) => ({
  data: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<unknown>(null, true, "", "x", 0, 1, -0, NaN, Infinity, -Infinity),
    fc.double(),
    fc.string(),
    fc.array(tie("data"), { maxLength: 4 }),
    fc.array(tie("data"), { maxLength: 3 }).map((parts) => new Set(parts)),
    fc.array(fc.tuple(anyKey, tie("data")), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc
      .array(fc.tuple(anyKey, tie("data")), { maxLength: 4 })
      .map((pairs) => Object.fromEntries(pairs)),
  ),
}));

const overWire = (plain: Plain): Plain => JSON.parse(JSON.stringify(plain)) as Plain;

it("data comes back as it was, with its sets, maps and odd numbers, after having been JSON", () => {
  fc.assert(
    fc.property(data, (value) => {
      expect(fromPlain(overWire(toPlain(value)))).toStrictEqual(value);
    }),
  );
});

it("a patch, after having been JSON, makes of the one what the other is", () => {
  fc.assert(
    fc.property(data, data, (one, other) => {
      const [before, after] = [toPlain(one), toPlain(other)];
      const patch = patchOf(before, after);
      const made = patch === undefined ? before : patched(before, overWire(patch));
      expect(canonicalJson(made)).toBe(canonicalJson(after));
    }),
  );
});

it("there is no patch between what is the same, whatever the order of its fields", () => {
  fc.assert(
    fc.property(data, (value) => {
      expect(patchOf(toPlain(value), overWire(toPlain(value)))).toBeUndefined();
    }),
  );
  expect(patchOf({ a: 1, b: 2 }, { b: 2, a: 1 })).toBeUndefined();
});

it("a patch names what changed and nothing else", () => {
  const before = { labels: { a: "x", b: "y" }, readings: [{ raw: 1 }, { raw: 2 }] };
  const after = { labels: { b: "y" }, readings: [{ raw: 1 }, { raw: 3 }] };
  const patch = { labels: { a: ["-"] }, readings: { 1: { raw: ["=", 3] } } };
  expect(patchOf(before, after)).toEqual(patch);
});

it("what is no data is refused, and never lost in silence", () => {
  for (const value of [() => 1, Symbol("a"), 1n, new Date(0), { deep: [new URL("a:b")] }]) {
    expect(() => toPlain(value)).toThrow(TypeError);
  }
});
