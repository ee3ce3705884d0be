import { afterAll, beforeAll, describe } from "vitest";
import { controlPlaneBinaries } from "../control-plane/build.ts";
import { dayTwoCases } from "./workloads/day-two-cases.ts";
import { healthCases } from "./workloads/health-cases.ts";
import { openRealField, type RealField } from "./workloads/real-field.ts";
import { restCases } from "./workloads/rest-cases.ts";
import { runCases } from "./workloads/run-cases.ts";
import { streamCases } from "./workloads/stream-cases.ts";

/**
 * What people do with workloads, on a real Kubernetes with its own controllers, scheduler and checks (docs/health.md, docs/day-two.md,
 * docs/streams.md): one control plane for all of it.
 */
describe.runIf(controlPlaneBinaries() !== undefined)("workloads on a real Kubernetes", () => {
  let field: RealField;
  beforeAll(async () => {
    field = await openRealField();
  });
  afterAll(async () => await field?.[Symbol.asyncDispose]());
  const now = (): RealField => field;

  describe("health", () => healthCases(now));
  describe("runs", () => runCases(now));
  describe("day two", () => dayTwoCases(now));
  describe("streams", () => streamCases(now));
  describe("at rest", () => restCases(now));
});
