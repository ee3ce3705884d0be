import { describe, expect, it } from "vitest";
import { changedCopies } from "./change-copies.ts";

const two = { count: 2, replicas: "duplicated", divide_by: "even", weights: [] } as const;

describe("the flags about copies", () => {
  it("leave an application alone that has none of them", () => {
    expect(changedCopies(undefined, {}, undefined)).toBeUndefined();
    expect(changedCopies({ policy: "cost" }, {}, undefined)).toEqual({ policy: "cost" });
  });

  it("change what they name, beside what is there", () => {
    const before = { policy: "cost", copies: { ...two, weights: [] } };
    expect(changedCopies(undefined, { copies: 2 }, undefined)).toEqual({ copies: two });
    expect(changedCopies(before, { copies: "all" }, undefined)).toMatchObject({
      policy: "cost",
      copies: { count: "all" },
    });
    const over = { by: "region", max_skew: 1 };
    expect(changedCopies(before, { copiesOver: over }, undefined)?.copies?.spread).toEqual(over);
  });

  it("divide the replicas, by weights where some are named", () => {
    const weights = [{ clusters: "size is big", weight: 3 }];
    const divided = changedCopies(
      { copies: { ...two, weights: [] } },
      { copyWeight: weights },
      undefined,
    );
    expect(divided?.copies).toMatchObject({
      count: 2,
      replicas: "divided",
      divide_by: "weights",
      weights,
    });
    const byScore = changedCopies(divided, { divide: "score" }, undefined);
    expect(byScore?.copies).toMatchObject({ replicas: "divided", divide_by: "score", weights: [] });
    expect(changedCopies(byScore, { divide: false }, undefined)?.copies).toEqual(two);
  });

  it("take copies and overrides away again", () => {
    const before = { copies: { ...two, weights: [] }, overrides: [{ image_registry: "r.test" }] };
    expect(changedCopies(before, { copies: false, overrides: false }, undefined)).toEqual({});
    const other = [{ labels: { a: "b" } }];
    expect(changedCopies(before, {}, other)?.overrides).toEqual(other);
  });

  it("say so when nobody knows how many", () => {
    expect(() => changedCopies(undefined, { divide: "even" }, undefined)).toThrow("--copies");
  });
});
