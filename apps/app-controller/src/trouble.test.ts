import { expect, test } from "vitest";
import { KubeError } from "@octoplane/kube/kube";
import { limits } from "@octoplane/shared/limits";
import { troubleOf } from "./trouble.ts";

const invalid = { status: 422, reason: "Invalid", retry: false };

test("object, field and what is wrong with it are told", () => {
  const causes = [{ field: "spec.replicas", message: "must be positive" }];
  const trouble = troubleOf(
    new KubeError("it is invalid", { ...invalid, causes }),
    "Deployment web",
  );
  expect(trouble).toEqual({
    code: "KUBERNETES_ERROR",
    message: "Deployment web: it is invalid (spec.replicas: must be positive)",
    canPass: false,
  });
});

test("what the message says already is not said twice", () => {
  const causes = [{ field: "spec.x", message: "bad" }];
  const error = new KubeError("it is invalid: spec.x: bad", { ...invalid, causes });
  expect(troubleOf(error, "A b").message).toBe("A b: it is invalid: spec.x: bad");
});

test("no answer is another code than a refusal, and what was asked for is kept", () => {
  const silent = new KubeError("no answer", { status: 0, reason: "Unreachable", retry: true });
  expect(troubleOf(silent, "x")).toMatchObject({ code: "CLUSTER_NOT_REACHABLE", canPass: true });
  const busy = new KubeError("busy", {
    status: 429,
    reason: "TooManyRequests",
    retry: true,
    retryAfterMs: 3_000,
  });
  expect(troubleOf(busy, "x")).toMatchObject({ code: "KUBERNETES_ERROR", retryAfterMs: 3_000 });
});

test("a message is bounded, and a bug is no trouble of a cluster", () => {
  const long = new KubeError("x".repeat(10_000), invalid);
  expect(troubleOf(long, "a").message).toHaveLength(limits.messageCharsMax);
  expect(() => troubleOf(new TypeError("ours"), "a")).toThrow("ours");
});
