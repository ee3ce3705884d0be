import { describe, expect, it, test } from "vitest";
import { ApplicationKind, type Application, type Copy } from "@octoplane/kinds/application";
import type { CopyShutdown } from "@octoplane/kinds/application-copy";
import { conditionOf } from "@octoplane/kinds/condition";
import { readAs } from "@octoplane/kinds/read-input";
import { shutdownAnswered, shutdownRetried, withCopies } from "./shutdown.ts";

const now = "2026-01-01T00:00:00.000Z";
const until = "2026-01-01T00:00:30.000Z";

function copy(uid: string, state?: CopyShutdown["state"]): Copy {
  const shutdown = { attempt: 1, sent: true, until, message: `${uid} ${state}` };
  return {
    cluster: { api: "kubernetes", kind: "Cluster", namespace: "a", name: uid },
    cluster_uid: uid,
    generation: 1,
    objects: [],
    ...(state === undefined ? {} : { shutdown: { ...shutdown, state } }),
  };
}

/** An application whose condition is what its copies come to. */
function appWith(...copies: Copy[]): Application {
  const status = { ...readAs<Application["status"]>(ApplicationKind.status!, {}), copies };
  const app = { metadata: { generation: 1 }, spec: {}, status } as unknown as Application;
  return { ...app, status: withCopies(app, status, now) };
}

const shutdownOf = (status: Application["status"] | undefined) => {
  const { status: value, message } = conditionOf(status?.conditions ?? [], "Shutdown") ?? {};
  return value && [value, message];
};

test.each([
  ["nobody was asked", [copy("a")], undefined],
  ["one is asked", [copy("a", "asking"), copy("b", "ready")], ["Unknown", "a asking"]],
  ["one was given up", [copy("a", "asking"), copy("b", "failed")], ["False", "b failed"]],
  ["all are ready", [copy("a", "ready")], ["True", "the application is ready to be shut down"]],
  ["one goes without an answer", [copy("a", "expired")], undefined],
] as const)("the condition when %s", (_name, copies, expected) => {
  const { status } = appWith(...copies);
  expect(shutdownOf(status)).toEqual(expected);
  const isAsked = copies.some(({ shutdown }) => shutdown?.state === "asking");
  expect(status.shutdown_grace_period).toBe(isAsked ? until : null);
});

describe("an answer", () => {
  it("is that of the copy whose token it came with", () => {
    const app = appWith(copy("a", "asking"), copy("b", "asking"));
    const first = shutdownAnswered(app, now, "a")!;
    expect(first.copies.map(({ shutdown }) => shutdown?.state)).toEqual(["ready", "asking"]);
    expect(shutdownOf(first)).toEqual(["Unknown", "b asking"]);
    const second = shutdownAnswered({ ...app, status: first }, now, "b");
    expect(shutdownOf(second)?.[0]).toBe("True");
  });

  it("of a copy that was not asked changes nothing", () => {
    expect(shutdownAnswered(appWith(copy("a", "asking"), copy("b")), now, "b")).toBeUndefined();
    expect(shutdownAnswered(appWith(copy("a")), now, "a")).toBeUndefined();
  });

  it("that comes late is taken, and one that came before is not taken twice", () => {
    const late = shutdownAnswered(appWith(copy("a", "failed")), now, "a");
    expect(shutdownOf(late)?.[0]).toBe("True");
    expect(shutdownAnswered(appWith(copy("a", "ready")), now, "a")).toBeUndefined();
  });
});

it("a second chance begins anew with those that were given up", () => {
  const app = appWith(copy("a", "failed"), copy("b", "ready"));
  const degraded = { ...app, status: { ...app.status, state: "DEGRADED" } };
  const { copies } = shutdownRetried(degraded, now)!;
  expect(copies.map(({ shutdown }) => shutdown?.state)).toEqual([undefined, "ready"]);
});
