import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkTaints,
  checkTolerations,
  taintText,
  toleratedSeconds,
  type Taint,
  type Toleration,
} from "./taint.ts";

const plain: Toleration = { key: "a", operator: "Equal", value: "", effect: null, seconds: null };
const taint: Taint = { key: "a", value: "x", effect: "NoExecute" };

describe("a toleration", () => {
  it.each<[string, Partial<Toleration>, number]>([
    ["of the key and the value", { value: "x" }, Infinity],
    ["of another value", { value: "y" }, 0],
    ["of the key, whatever its value", { operator: "Exists" }, Infinity],
    ["of another key", { key: "b", operator: "Exists" }, 0],
    ["of every taint", { key: "", operator: "Exists" }, Infinity],
    ["of the effect", { value: "x", effect: "NoExecute" }, Infinity],
    ["of another effect", { value: "x", effect: "NoSchedule" }, 0],
    ["for a while", { value: "x", seconds: 30 }, 30],
  ])("%s bears the taint for so long", (_what, facts, seconds) => {
    expect(toleratedSeconds(taint, [{ ...plain, ...facts }])).toBe(seconds);
  });

  it("counts seconds of NoExecute only, and the longest of several", () => {
    const timed = { ...plain, value: "x", seconds: 30 };
    expect(toleratedSeconds({ ...taint, effect: "NoSchedule" }, [timed])).toBe(Infinity);
    expect(toleratedSeconds(taint, [timed, { ...timed, seconds: 60 }])).toBe(60);
    expect(toleratedSeconds(taint, [])).toBe(0);
    expect(toleratedSeconds(taint)).toBe(0);
  });

  it("never makes less tolerant", () => {
    const any = fc.record<Toleration>({
      key: fc.constantFrom("", "a", "b"),
      operator: fc.constantFrom("Exists", "Equal"),
      value: fc.constantFrom("", "x"),
      effect: fc.constantFrom(null, "NoSchedule", "NoExecute"),
      seconds: fc.constantFrom(null, 0, 30),
    });
    fc.assert(
      fc.property(fc.array(any), any, (some, more) => {
        const before = toleratedSeconds(taint, some);
        expect(toleratedSeconds(taint, [...some, more])).toBeGreaterThanOrEqual(before);
      }),
    );
  });
});

describe("what is wrong", () => {
  it("with taints is named with its place", () => {
    const taints: Taint[] = [taint, { ...taint, value: "y" }, { ...taint, key: "-", value: "$" }];
    expect(checkTaints("spec.taints", taints).map(({ field }) => field)).toEqual([
      "spec.taints[1]",
      "spec.taints[2].key",
      "spec.taints[2].value",
    ]);
    expect(checkTaints("spec.taints", [taint, { ...taint, effect: "NoSchedule" }])).toEqual([]);
    expect([taintText(taint), taintText({ ...taint, value: "" })]).toEqual([
      "a=x:NoExecute",
      "a:NoExecute",
    ]);
  });

  it.each<[string, Partial<Toleration>]>([
    ["key", { key: "" }],
    ["key", { key: "-", operator: "Exists" }],
    ["value", { operator: "Exists", value: "x" }],
    ["value", { value: "$" }],
    ["seconds", { effect: "NoSchedule", seconds: 1 }],
  ])("with the %s of a toleration is named", (field, facts) => {
    const found = checkTolerations("t", [{ ...plain, ...facts }]);
    expect(found.map((problem) => problem.field)).toEqual([`t[0].${field}`]);
  });
});
