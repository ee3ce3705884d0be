import * as fc from "fast-check";
import { expect, it } from "vitest";
import { textOf } from "./text-of.ts";

it("any value from outside has a text, whatever it says of itself", () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: false }), (value) => {
      const json = JSON.stringify(value) as string | undefined;
      const outside: unknown = json === undefined ? undefined : JSON.parse(json);
      expect(typeof textOf(outside)).toBe("string");
    }),
  );
  expect(textOf({ toString: "" })).toBe('{"toString":""}');
  expect(textOf({ toJSON: 1, toString: null })).toBe('{"toJSON":1,"toString":null}');
  expect([textOf("a"), textOf(1.5), textOf(null), textOf(undefined), textOf(7n)]).toEqual([
    "a",
    "1.5",
    "null",
    "undefined",
    "7",
  ]);
});
