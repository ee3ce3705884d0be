import { describe, expect, test } from "vitest";
import { setCondition, type Condition } from "@octoplane/kinds/condition";
import { isoTime } from "@octoplane/shared/clock";
import { degraded, healthy, progressing, type Health } from "@octoplane/delivery/health/health";
import type { Observed } from "./observed.ts";
import { appliedFinding, podTotals, summarize } from "./summary.ts";

function seen(health: Health): Observed {
  return {
    id: "",
    uid: "",
    resourceVersion: "",
    owner: undefined,
    ownerName: undefined,
    fieldsDigest: "",
    applied: undefined,
    isTerminating: false,
    health,
    service: undefined,
  };
}

const none: Health = { ...healthy, pods: { desired: 0, running: 0, completed: 0, failed: 0 } };
const pods = { desired: 2, running: 1, completed: 0, failed: 1 };
const serving: Health = { ...healthy, pods };
const late = progressing("NotReady", "1 of 2");
const idle: Health = { status: "idle", reason: "Suspended", message: "", pods };
const done: Health = { status: "completed", reason: "Completed", message: "", pods };
const graceMs = 60_000;

/** One application through time: each look remembers the condition of the one before. */
function life() {
  let conditions: readonly Condition[] = [];
  return (now: number, health: readonly Health[], isReplacement = false) => {
    const summary = summarize(health.map(seen), {
      status: { conditions: [...conditions] },
      now,
      graceMs,
      isReplacement,
    });
    conditions = setCondition(
      conditions,
      { ...summary.finding, observed_generation: 1 },
      isoTime(now),
    );
    return summary;
  };
}

describe("Healthy", () => {
  test("is Starting, then True, then Updating, and after the grace time what is late", () => {
    const look = life();
    expect(look(0, [late])).toMatchObject({
      finding: { reason: "Starting" },
      graceLeftMs: graceMs,
    });
    expect(look(50_000, [late])).toMatchObject({
      finding: { reason: "Starting" },
      graceLeftMs: 10_000,
    });
    expect(look(55_000, [serving])).toMatchObject({
      finding: { status: "True", reason: "Healthy" },
      serves: true,
    });
    expect(look(100_000, [late])).toMatchObject({
      finding: { reason: "Updating" },
      graceLeftMs: graceMs,
    });
    const given = look(160_000, [late]);
    expect(given).toMatchObject({
      finding: { status: "False", reason: "NotReady", message: "1 of 2" },
      serves: false,
    });
    expect(given.graceLeftMs).toBeUndefined();
    expect(look(170_000, [late]).finding.reason).toBe("NotReady");
    expect(look(180_000, [serving]).finding.status).toBe("True");
  });

  test("of a replacement begins with Starting although the application was healthy elsewhere", () => {
    const look = life();
    look(0, [serving]);
    expect(look(1_000, [late], true).finding.reason).toBe("Starting");
  });

  test("is False at once for what is broken, whatever else is late or well", () => {
    const look = life();
    const broken = degraded("ImagePullBackOff", "no such image");
    expect(look(0, [serving, late, broken]).finding).toMatchObject({
      status: "False",
      reason: "ImagePullBackOff",
    });
  });

  test.each([
    ["nothing at all", [], "Healthy"],
    ["configuration only", [healthy], "Healthy"],
    ["a suspended Job", [idle, healthy], "Idle"],
    ["a workload that is scaled to nothing", [none, healthy], "Idle"],
    ["a workload that is scaled to nothing beside one that serves", [none, serving], "Healthy"],
    ["a suspended Job beside one that serves", [idle, serving], "Healthy"],
    ["a Job that is done", [done, healthy], "Completed"],
    ["a Job that is done and one that is suspended", [done, idle], "Completed"],
    ["a Job that is done beside one that serves", [done, serving], "Healthy"],
  ])("of %s", (_name, health, reason) => {
    expect(life()(0, health)).toMatchObject({ finding: { status: "True", reason }, serves: true });
  });
});

test("Pods of all objects count together", () => {
  expect(podTotals([serving, done, healthy].map(seen))).toEqual({
    desired_pods: 4,
    running_pods: 2,
    completed_pods: 0,
    failed_pods: 2,
  });
});

describe("Applied", () => {
  const passing = { code: "CLUSTER_NOT_REACHABLE", message: "no answer", canPass: true };
  const refused = { code: "KUBERNETES_ERROR", message: "not allowed", canPass: false };
  const waitsFor = { reason: "NotReady", message: "not yet" };
  test.each([
    ["in full", { isComplete: true, troubles: [] }, "True", "Applied", ""],
    ["not yet", { isComplete: false, troubles: [] }, "Unknown", "Waiting", ""],
    [
      "with a trouble that passes",
      { isComplete: false, troubles: [passing] },
      "Unknown",
      "CLUSTER_NOT_REACHABLE",
      "no answer",
    ],
    [
      "with a refusal among others",
      { isComplete: false, troubles: [passing, refused] },
      "False",
      "KUBERNETES_ERROR",
      "not allowed\nno answer",
    ],
    [
      "in full, and not healthy yet",
      { isComplete: true, troubles: [], waitsFor },
      "Unknown",
      "NotReady",
      "not yet",
    ],
  ])("%s", (_name, result, status, reason, message) => {
    expect(appliedFinding(result)).toEqual({ type: "Applied", status, reason, message });
  });

  test("and contested is True all the same", () => {
    const finding = appliedFinding({ isComplete: true, troubles: [], contested: ["ConfigMap a"] });
    expect(finding).toMatchObject({ status: "True", reason: "Contested" });
    expect(finding.message).toContain("ConfigMap a");
  });

  test("and an old copy that could not go is told before what is contested, in a message of both", () => {
    const leftBehind = ["the copy on cluster a stays: no"];
    const finding = appliedFinding({
      isComplete: true,
      troubles: [],
      leftBehind,
      contested: ["ConfigMap a"],
    });
    expect(finding).toMatchObject({ status: "True", reason: "HOOK_FAILED" });
    expect(finding.message).toMatch(/^the copy on cluster a stays: no\n.*ConfigMap a/);
  });

  test("an old copy hides neither what is refused nor what is still to come", () => {
    const leftBehind = ["the copy on cluster a stays: no"];
    const refused = [{ code: "KUBERNETES_ERROR", message: "no", canPass: false }];
    expect(appliedFinding({ isComplete: true, leftBehind, troubles: refused })).toMatchObject({
      status: "False",
      reason: "KUBERNETES_ERROR",
    });
    expect(appliedFinding({ isComplete: false, troubles: [], leftBehind })).toMatchObject({
      status: "Unknown",
      reason: "Waiting",
    });
  });
});
