import { expect, it } from "vitest";
import { changedTaints, schedulings, tainted } from "../kubernetes/change-scheduling.ts";
import {
  collectApart,
  collectExpressionPreference,
  collectLabelPreference,
  collectMetricPreference,
  collectSpread,
  collectTogether,
  collectToleration,
  readTaintChange,
} from "./scheduling-values.ts";

it.each([
  ["gpu", "gpu", "Exists", "", null, null],
  ["gpu=yes", "gpu", "Equal", "yes", null, null],
  ["gpu=:NoSchedule", "gpu", "Equal", "", "NoSchedule", null],
  ["a/b=c:NoExecute:90", "a/b", "Equal", "c", "NoExecute", 90],
  ["*", "", "Exists", "", null, null],
  ["*:NoExecute:5m", "", "Exists", "", "NoExecute", 300],
])("the toleration %j is read", (text, key, operator, value, effect, seconds) => {
  expect(collectToleration(text)).toEqual([{ key, operator, value, effect, seconds }]);
});

it.each(["", ":NoExecute", "=x", "*=x", "a:Never", "a:NoExecute:soon", "a:NoExecute:5m:6"])(
  "the toleration %j is refused",
  (text) => {
    expect(() => collectToleration(text)).toThrow(/Expected/);
  },
);

it("preferences are a weight and a constraint", () => {
  expect(collectLabelPreference("10 a is b", [{ weight: 1, labels: "c" }])).toEqual([
    { weight: 1, labels: "c" },
    { weight: 10, labels: "a is b" },
  ]);
  expect(collectMetricPreference(" 100 \t0 < load < 1")).toEqual([
    { weight: 100, metrics: "0 < load < 1" },
  ]);
  for (const wrong of ["a is b", "0 a is b", "101 a", "5", "5 ", "-1 a", "1.5 a", "1000 a"]) {
    expect(() => collectLabelPreference(wrong)).toThrow(/weight from 1 to 100/);
  }
});

it("rules about others are a selector and the label that is the place, spreads a label and a skew", () => {
  expect(collectTogether("tier=db")).toEqual([{ together: "tier=db" }]);
  expect(collectApart("app in (a, b), !x  by  example.org/zone", [{ apart: "" }])).toEqual([
    { apart: "" },
    { apart: "app in (a, b), !x", by: "example.org/zone" },
  ]);
  expect(collectApart("by")).toEqual([{ apart: "by" }]);
  expect(collectSpread("region")).toEqual([{ by: "region", max_skew: 1 }]);
  expect(collectSpread("*:3", [{ max_skew: 1 }])).toEqual([{ max_skew: 1 }, { max_skew: 3 }]);
  for (const wrong of ["", "a b", "a:", "a:x", ":2", "a:-1"]) {
    expect(() => collectSpread(wrong)).toThrow(/Expected label/);
  }
  expect(collectExpressionPreference("5 cluster.nodes > 3")).toEqual([
    { weight: 5, expression: "cluster.nodes > 3" },
  ]);
});

it("taints are put beside others, take the place of those like them, and go by their key", () => {
  const taint = (key: string, value: string, effect: "NoSchedule" | "NoExecute") => ({
    key,
    value,
    effect,
  });
  const change = (before: readonly ReturnType<typeof taint>[], ...texts: readonly string[]) =>
    changedTaints(before, texts.map(readTaintChange));
  const two = change([], "a=x:NoSchedule", "a:NoExecute");
  expect(two).toEqual([taint("a", "x", "NoSchedule"), taint("a", "", "NoExecute")]);
  expect(change(two, "a=y:NoSchedule")).toEqual([
    taint("a", "y", "NoSchedule"),
    taint("a", "", "NoExecute"),
  ]);
  expect(change(two, "a:NoExecute-")).toEqual([taint("a", "x", "NoSchedule")]);
  expect(change(two, "a-", "b=1:NoExecute")).toEqual([taint("b", "1", "NoExecute")]);
});

it("a cluster that is as it is to be stays the same", () => {
  const open = { metrics: [] } as unknown as Parameters<typeof tainted>[0];
  expect(schedulings.uncordon(open)).toBe(open);
  expect(tainted(open, [readTaintChange("a-")])).toBe(open);
  const drained = schedulings.drain(schedulings.cordon(open));
  expect(drained).toMatchObject({ cordoned: true, drain: true });
  expect(schedulings.uncordon(drained)).toMatchObject({ cordoned: false, drain: false });
});
