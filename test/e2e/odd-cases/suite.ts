import { afterAll, beforeAll, describe } from "vitest";
import type { World } from "../world.ts";
import { changeCases } from "./change-cases.ts";
import { definitionCases } from "./definition-cases.ts";
import { driftCases } from "./drift-cases.ts";
import { hookCases } from "./hook-cases.ts";
import { lifeCases } from "./life-cases.ts";
import { namespaceCases } from "./namespace-cases.ts";
import { ownershipCases } from "./ownership-cases.ts";
import { Stage } from "./stage.ts";

/** What breaks a naive orchestrator: one suite over simulated and real clusters (docs/applying.md). */
export function oddCases(name: string, open: () => Promise<World>): void {
  describe(name, () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = new Stage(await open());
      await stage.prepare();
    });
    afterAll(async () => await stage?.[Symbol.asyncDispose]());
    const now = (): Stage => stage;

    describe("namespaces", () => namespaceCases(now));
    describe("kinds and their definitions", () => definitionCases(now));
    describe("objects that two want", () => ownershipCases(now));
    describe("changes", () => changeCases(now));
    describe("what is no drift", () => driftCases(now));
    describe("the life of an application", () => lifeCases(now));
    describe("hooks of Helm", () => hookCases(now));
  });
}
