import fc from "fast-check";
import { expect, test } from "vitest";
import { isSameValue, withChanges } from "./same-value.ts";

test("a value is the same as its copy, whatever the order of its members", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const turned = Object.fromEntries(Object.entries(object).toReversed());
      expect(isSameValue(object, turned)).toBe(true);
      expect(isSameValue(object, { ...object, more: { than: "before" } })).toBe(false);
    }),
  );
  expect(isSameValue([1, 2], [2, 1])).toBe(false);
  expect(isSameValue({}, [])).toBe(false);
});

test("changes made to what they were made from give what they led to", () => {
  const value = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.jsonValue());
  fc.assert(
    fc.property(value, value, (before, after) => {
      expect(isSameValue(withChanges(before, after, before), after)).toBe(true);
      expect(withChanges(before, before, after)).toBe(after);
    }),
  );
});

test("two changes of different members are both kept", () => {
  const before = { labels: { a: "1", b: "2" }, list: [1] };
  const mine = { labels: { a: "9" }, list: [1] };
  const theirs = { labels: { a: "1", b: "2", c: "3" }, list: [1, 2] };
  expect(withChanges(before, mine, theirs)).toEqual({ labels: { a: "9", c: "3" }, list: [1, 2] });
});
