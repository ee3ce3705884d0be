import { expect, test } from "vitest";
import { changedDelivery } from "./change-delivery.ts";

test("nothing is said of a delivery of which nothing was ever said", () => {
  expect(changedDelivery(undefined, {})).toBeUndefined();
  expect(changedDelivery(undefined, { removeExistingDependencies: true })).toBeUndefined();
});

test("what is named changes, and the rest stays", () => {
  const before = { namespace: "shop", adopt: true, depends_on: [{ name: "db" }] };
  expect(changedDelivery(before, {})).toBe(before);
  expect(changedDelivery(before, { adopt: false, deleteCrds: true, replace: "any" })).toEqual({
    ...before,
    adopt: false,
    delete_definitions: true,
    replace: "any",
  });
});

test("dependencies are added to those that are there, each once, unless these go first", () => {
  const before = { depends_on: [{ name: "db" }, { name: "mq" }] };
  const dependsOn = [{ name: "db" }, { name: "cert", namespace: "ops" }];
  expect(changedDelivery(before, { dependsOn })?.depends_on).toEqual([
    { name: "mq" },
    { name: "db" },
    { name: "cert", namespace: "ops" },
  ]);
  const flags = { dependsOn: [{ name: "x" }], removeExistingDependencies: true };
  expect(changedDelivery(before, flags)?.depends_on).toEqual([{ name: "x" }]);
  expect(changedDelivery(before, { removeExistingDependencies: true })?.depends_on).toEqual([]);
});
