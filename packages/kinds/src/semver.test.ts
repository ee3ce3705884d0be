import fc from "fast-check";
import { expect, it } from "vitest";
import { compareVersions, parseVersion, type Version } from "./semver.ts";

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (!parsed) throw new Error(`${text} is no version`);
  return parsed;
}

it("versions come in the order of the specification's own example", () => {
  const texts = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.2",
    "v1.10",
    "2",
  ];
  for (const [index, a] of texts.entries()) {
    for (const [other, b] of texts.entries()) {
      const order = Math.sign(compareVersions(version(a), version(b)));
      expect([a, b, order]).toEqual([a, b, Math.sign(index - other)]);
    }
  }
});

it.each([
  ["v1.29", "1.29.0"],
  ["1.2.3+k3s1", "1.2.3"],
])("%s and %s have the same rank", (a, b) => {
  expect(compareVersions(version(a), version(b))).toBe(0);
});

it.each(["", "v", "1.", "1.2.3.4", "one", "-1", "1.2-", "1 2", "1.2.3-a..b"])(
  "%j is no version",
  (text) => {
    expect(parseVersion(text)).toBeUndefined();
  },
);

it("the order of versions is one: it is reversed with its sides, and goes on over a third", () => {
  const part = fc.constantFrom("0", "1", "10", "a", "b-1");
  const any = fc
    .tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.array(part, { maxLength: 2 }))
    .map(([a, b, c, pre]) => version(`${a}.${b}.${c}${pre.length ? `-${pre.join(".")}` : ""}`));
  fc.assert(
    fc.property(any, any, any, (a, b, c) => {
      expect(Math.sign(compareVersions(a, b))).toBe(0 - Math.sign(compareVersions(b, a)) || 0);
      const [first, , last] = [a, b, c].toSorted(compareVersions);
      expect(compareVersions(first!, last!)).toBeLessThanOrEqual(0);
    }),
  );
});
