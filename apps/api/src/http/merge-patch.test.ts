import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isObject, mergePatch } from "./merge-patch.ts";

describe("a merge patch", () => {
  // The table of RFC 7396, appendix A.
  it.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("makes of %j by %j: %j", (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  it("takes __proto__ for a member like any other", () => {
    const merged = mergePatch({}, JSON.parse('{"__proto__":{"admin":true}}'));
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"admin":true}}');
    expect((merged as { readonly admin?: boolean }).admin).toBeUndefined();
  });

  const json = fc.jsonValue({ maxDepth: 4 });

  it("that comes a second time changes nothing more", () => {
    fc.assert(
      fc.property(json, json, (target, patch) => {
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
      }),
    );
  });

  it("changes neither the target nor itself, and an empty one changes no object", () => {
    fc.assert(
      fc.property(json, json, (target, patch) => {
        const before = JSON.stringify([target, patch]);
        mergePatch(target, patch);
        expect(JSON.stringify([target, patch])).toBe(before);
        if (isObject(target)) expect(mergePatch(target, {})).toEqual(target);
      }),
    );
  });

  it("made of the difference between two objects leads from one to the other", () => {
    const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer()));
    const { object } = fc.letrec<{ readonly object: object; readonly value: unknown }>((tie) => ({
      value: fc.oneof({ depthSize: "small" }, leaf, tie("object")),
      object: fc.dictionary(fc.constantFrom("a", "b", "c", "d"), tie("value"), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(object, object, (from, to) => {
        const plain: unknown = structuredClone(to);
        expect(mergePatch(from, difference(from, to))).toEqual(plain);
      }),
    );
  });
});

function difference(from: unknown, to: unknown): unknown {
  if (!isObject(from) || !isObject(to)) return to;
  const gone = Object.keys(from).filter((name) => !Object.hasOwn(to, name));
  const kept = Object.keys(to).map((name) => [name, difference(from[name], to[name])] as const);
  return Object.fromEntries([...gone.map((name) => [name, null] as const), ...kept]);
}
