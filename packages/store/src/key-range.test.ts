import fc from "fast-check";
import { expect, test } from "vitest";
import { firstKey, keyAfter, prefixEnd } from "./key-range.ts";

const bytes = fc.uint8Array({ maxLength: 6 });

test("a key lies in the range of a prefix exactly when it begins with it", () => {
  fc.assert(
    fc.property(bytes, bytes, (prefix, key) => {
      const end = prefixEnd(prefix);
      const isBelow = end === undefined || Buffer.compare(key, end) < 0;
      const isInside = Buffer.compare(key, prefix) >= 0 && isBelow;
      const begins = Buffer.compare(key.subarray(0, prefix.length), prefix) === 0;
      expect(isInside).toBe(begins);
    }),
  );
});

test("no key without a NUL lies between a key and what comes after it", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((key) => !key.includes("\0"));
  fc.assert(
    fc.property(name, name, (key, other) => {
      const isAfter = Buffer.compare(Buffer.from(other), Buffer.from(key)) > 0;
      expect(Buffer.compare(Buffer.from(other), keyAfter(key)) >= 0).toBe(isAfter);
    }),
  );
});

test("a page begins at its prefix unless it goes on further in", () => {
  expect(firstKey("/b/", undefined).toString()).toBe("/b/");
  expect(firstKey("/b/", "/a/x").toString()).toBe("/b/");
  expect(firstKey("/b/", "/b/x").toString()).toBe("/b/x\u0001");
});
