import { expect, it } from "vitest";
import type { Decision } from "@octoplane/kinds/decision";
import { limits } from "@octoplane/shared/limits";
import { decisionWrite, withoutInputs } from "./decision-log.ts";

const basis = { engine: 1, writer: "w", entry: 3, inputs: { app: "x" } };
const decision = { sequence: 5, candidates: [], basis } as unknown as Decision;

function written(of: Decision): Decision {
  const write = decisionWrite("u", of);
  if (!("value" in write)) throw new Error("a decision is written, not removed");
  return JSON.parse(Buffer.from(write.value).toString("utf8")) as Decision;
}

it("a decision is written with what it was made on", () => {
  expect(written(decision)).toEqual(decision);
});

it("one that would be too large is written without its inputs, and says so by that", () => {
  const inputs = { app: "x".repeat(limits.decisionCharsMax) };
  const large = { ...decision, basis: { ...basis, inputs } };
  expect(written(large).basis).toEqual({ engine: 1, writer: "w", entry: 3 });
});

it("lists show no inputs", () => {
  expect(withoutInputs(decision).basis).toEqual({ engine: 1, writer: "w", entry: 3 });
  const bare = { sequence: 5 } as Decision;
  expect(withoutInputs(bare)).toBe(bare);
});
