import { describe, expect, it } from "vitest";
import type { Application } from "@octoplane/kinds/application";
import { decisionDigest } from "./decision-digest.ts";

function app(health: "True" | "False", copies?: number): Application {
  return {
    metadata: { uid: "u", generation: 1, deleted: null, labels: {} },
    spec: { placement: copies === undefined ? {} : { copies: { count: copies } } },
    status: {
      scheduled_to: null,
      running_on: null,
      conditions: [{ type: "Healthy", status: health }],
    },
  } as unknown as Application;
}

describe("who is decided on anew", () => {
  it("is an application of several copies that became healthy, because the next copy may move then", () => {
    expect(decisionDigest(app("True", 2))).not.toBe(decisionDigest(app("False", 2)));
    expect(decisionDigest(app("True"))).toBe(decisionDigest(app("False")));
  });
});
