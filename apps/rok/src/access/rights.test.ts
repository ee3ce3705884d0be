import { expect, test } from "vitest";
import { readResource } from "./rights.ts";

test.each(["plans", "kubernetes/plans", "backtests"])(
  "%s is a right of its own, by namespace",
  (text) => {
    const resource = text.replace("kubernetes/", "");
    expect(readResource(text)).toEqual({ api: "kubernetes", resource, namespaced: true });
  },
);

test("a kind is still one, and what is neither is refused with what was meant", () => {
  expect(readResource("app")).toMatchObject({ api: "kubernetes", resource: "applications" });
  expect(() => readResource("plants")).toThrow(/plants/);
});
