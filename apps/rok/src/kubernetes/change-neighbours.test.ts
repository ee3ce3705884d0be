import { describe, expect, test } from "vitest";
import { changedConstraints, changedPin } from "./change-neighbours.ts";

describe("rules about expressions and other applications", () => {
  test("are added to those that are there, each once, and nothing else is named", () => {
    expect(changedConstraints({ expressions: ["a"] }, {})).toEqual({});
    expect(changedConstraints({ expressions: ["a"] }, { clusterExpression: ["b", "a"] })).toEqual({
      expressions: ["a", "b"],
    });
    const apart = [{ apart: "app=web" }];
    const together = [{ together: "tier=db", by: "region" }];
    expect(changedConstraints({ applications: apart }, { together, apart })).toEqual({
      applications: [...apart, ...together],
    });
    expect(changedConstraints(undefined, { ignoreCapacity: false })).toEqual({
      ignore_capacity: false,
    });
  });

  test("are taken away when that is asked for, before others come", () => {
    const before = {
      expressions: ["a"],
      applications: [{ apart: "x" }],
      spread: [{ max_skew: 1 }],
    };
    const spread = [{ by: "region", max_skew: 2 }];
    expect(changedConstraints(before, { removeExistingNeighbours: true, spread })).toEqual({
      applications: [],
      spread,
    });
    expect(changedConstraints(before, { removeExistingExpressions: true })).toEqual({
      expressions: [],
    });
  });
});

test("a pin is set, replaced and taken away, and what stands beside it stays", () => {
  expect(changedPin(undefined, {})).toBeUndefined();
  const before = { policy: "cheap", cluster: "a" };
  expect(changedPin(before, { pin: "b" })).toEqual({ policy: "cheap", cluster: "b" });
  expect(changedPin(before, { pin: false })).toEqual({ policy: "cheap" });
  expect(changedPin(before, { localData: "abandon" })).toEqual({
    ...before,
    local_data: "abandon",
  });
});
