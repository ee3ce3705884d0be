import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { controlPlaneBinaries } from "../control-plane/build.ts";
import { startControlPlane, type ControlPlane } from "../control-plane/control-plane.ts";

describe.skipIf(controlPlaneBinaries() === undefined)("the control plane for tests", () => {
  let controlPlane: ControlPlane;

  beforeAll(async () => {
    controlPlane = await startControlPlane();
  });

  afterAll(async () => {
    await controlPlane?.[Symbol.asyncDispose]();
  });

  test("serves the pinned version", async () => {
    const { body } = await controlPlane.call("GET", "/version");
    expect(body).toMatchObject({ gitVersion: "v1.36.3" });
  });

  test("keeps its data and its address over an outage of the API server", async () => {
    const path = "/api/v1/namespaces/default/configmaps";
    const metadata = { name: "kept" };
    const made = await controlPlane.call("POST", path, { metadata, data: { a: "b" } });
    expect(made.status).toBe(201);
    await controlPlane.pauseApiServer();
    await expect(controlPlane.call("GET", "/version")).rejects.toThrow("ECONNREFUSED");
    await controlPlane.resumeApiServer();
    const { status } = await controlPlane.call("GET", `${path}/kept`);
    expect(status).toBe(200);
  });
});
