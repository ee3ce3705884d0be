import { expect, it } from "vitest";
import type { Copy } from "@octoplane/kinds/application";
import { callerOf, hookToken } from "./hook-token.ts";

const copyOn = (uid: string): Copy => ({
  cluster: { api: "kubernetes", kind: "Cluster", namespace: "a", name: uid },
  cluster_uid: uid,
  generation: 1,
  objects: [],
});
const known = { secret: "s3cret", copies: [copyOn("one"), copyOn("two")] };

it("each place has a token of its own for each hook, of 32 bytes that fit into a URL", () => {
  const all = (["complete", "shutdown"] as const).flatMap((hook) =>
    ["one", "two"].map((uid) => hookToken("s3cret", hook, uid)),
  );
  expect(new Set(all).size).toBe(4);
  for (const token of all) expect(token).toMatch(/^[\w-]{43}$/);
});

it("a token tells the place that it was given to", () => {
  expect(callerOf(hookToken("s3cret", "shutdown", "two"), "shutdown", known)).toEqual({
    clusterUid: "two",
  });
  expect(callerOf("s3cret", "shutdown", known)).toEqual({ clusterUid: undefined });
});

it("one of another hook, of a place that is gone, or of another secret is none", () => {
  expect(callerOf(hookToken("s3cret", "complete", "two"), "shutdown", known)).toBeUndefined();
  expect(callerOf(hookToken("s3cret", "shutdown", "gone"), "shutdown", known)).toBeUndefined();
  expect(callerOf(hookToken("other", "shutdown", "two"), "shutdown", known)).toBeUndefined();
});

it("where nothing was handed out nothing is right, not even what could be worked out from nothing", () => {
  for (const secret of [null, ""]) {
    const none = { ...known, secret };
    expect(callerOf("", "complete", none)).toBeUndefined();
    expect(callerOf(hookToken("", "complete", "one"), "complete", none)).toBeUndefined();
  }
});
