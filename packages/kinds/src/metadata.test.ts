import { describe, expect, it } from "vitest";
import { checkLabels, checkMetadata, isLabelKey, isLabelValue, isName } from "./metadata.ts";

describe("a name", () => {
  it.each(["a", "_", "A1", "a-b", "a_b.c:d", "role:system:gc", "x".repeat(255), "9"])(
    "may be %j",
    (name) => {
      expect(isName(name)).toBe(true);
    },
  );
  it.each([
    "",
    "-a",
    "a-",
    ".a",
    "a:",
    "a b",
    "a/b",
    "ä",
    "a\n",
    "x".repeat(256),
    "..",
    "a\u0000b",
  ])("may not be %j", (name) => {
    expect(isName(name)).toBe(false);
  });
});

describe("a label", () => {
  it.each(["a", "example.org/a", "A_b.c-d", `${"p".repeat(253)}/${"n".repeat(63)}`])(
    "may have the key %j",
    (key) => {
      expect(isLabelKey(key)).toBe(true);
    },
  );
  it.each([
    "",
    "/",
    "/a",
    "a/",
    "a/b/c",
    "-a",
    "a b",
    `${"p".repeat(254)}/a`,
    "n".repeat(64),
    "a\n",
  ])("may not have the key %j", (key) => {
    expect(isLabelKey(key)).toBe(false);
  });
  it("has a value of 1 to 63 characters", () => {
    expect(isLabelValue("x".repeat(63))).toBe(true);
    expect(["", "x".repeat(64), "-x", "x y"].some(isLabelValue)).toBe(false);
  });
});

it("all that is wrong with metadata is told at once, with the offending text", () => {
  const problems = checkMetadata({
    name: "a b",
    namespace: "-",
    labels: { ok: "fine", "bad key": "x", empty: "", "also bad": "x y" },
  });
  expect(problems.map(({ field }) => field)).toEqual([
    "metadata.name",
    "metadata.namespace",
    "metadata.labels",
    "metadata.labels.empty",
    "metadata.labels",
    "metadata.labels.also bad",
  ]);
  expect(problems.map(({ message }) => message).join()).toContain('"bad key" is not a label key');
  const [clipped] = checkLabels("l", { a: "x".repeat(100_000) });
  expect(clipped?.message.length).toBeLessThan(300);
});
