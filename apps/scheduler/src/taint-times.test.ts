import { expect, it } from "vitest";
import type { ClusterStatus } from "@octoplane/kinds/cluster";
import type { Taint } from "@octoplane/kinds/taint";
import { withTaintTimes } from "./taint-times.ts";

const [early, late] = ["2024-06-01T12:00:00.000Z", "2024-06-01T13:00:00.000Z"];
const taint = (key: string, effect: Taint["effect"] = "NoExecute"): Taint => ({
  key,
  value: "",
  effect,
});
const status = (since?: Record<string, string>): ClusterStatus =>
  ({ state: "ONLINE", ...(since === undefined ? {} : { taints_since: since }) }) as ClusterStatus;

it("the time of a taint is that at which it was first seen, as long as it stays", () => {
  const first = withTaintTimes(status(), { taints: [taint("a"), taint("n", "NoSchedule")] }, early);
  expect(first?.taints_since).toEqual({ "a:NoExecute": early });
  expect(withTaintTimes(first!, { taints: [taint("a")] }, late)).toBeUndefined();
  const second = withTaintTimes(first!, { taints: [taint("a"), taint("b")] }, late);
  expect(second?.taints_since).toEqual({ "a:NoExecute": early, "b:NoExecute": late });
  const third = withTaintTimes(second!, { taints: [taint("b")] }, late);
  expect(third?.taints_since).toEqual({ "b:NoExecute": late });
});

it("a cluster without taints has no times, and nothing is written for it", () => {
  expect(withTaintTimes(status(), {}, early)).toBeUndefined();
  expect(withTaintTimes(status(), { taints: [] }, early)).toBeUndefined();
  const cleared = withTaintTimes(status({ "a:NoExecute": early }), { taints: [] }, late);
  expect(cleared).toEqual(status());
});
