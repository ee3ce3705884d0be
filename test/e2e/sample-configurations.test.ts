import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Type } from "typebox";
import { ApiProcessSchema } from "@octoplane/api/config";
import { AppControllerConfigSchema } from "@octoplane/app-controller/config";
import { ClusterControllerConfigSchema } from "@octoplane/cluster-controller/config";
import { GcConfigSchema } from "@octoplane/gc/config";
import { processSchema } from "@octoplane/process/process-config";
import { readSettings } from "@octoplane/process/settings";
import { SchedulerConfigSchema } from "@octoplane/scheduler/config";

const apps: Readonly<Record<string, Type.TObject>> = {
  api: ApiProcessSchema,
  scheduler: SchedulerConfigSchema,
  gc: GcConfigSchema,
  "cluster-controller": ClusterControllerConfigSchema,
  "app-controller": AppControllerConfigSchema,
};

describe("the sample configurations", () => {
  for (const [name, schema] of Object.entries(apps)) {
    it(`${name}: says nothing but the defaults`, async () => {
      const file = join(import.meta.dirname, "../../apps", name, "sample.yaml");
      const settings = await readSettings<object>(processSchema(schema), ["--config", file]);
      const defaults = await readSettings<object>(processSchema(schema), []);
      const keys = { sealing_key_file: "./data/sealing.key" };
      const tokens = name === "api" ? { token_key_file: "./data/token.key" } : {};
      expect(settings).toEqual({ ...defaults, ...keys, ...tokens });
    });
  }

  it("a key that is not known, and a value of the wrong type, are errors that name them", async () => {
    const schema = processSchema(SchedulerConfigSchema);
    await expect(readSettings(schema, ["--stickiness", "much"])).rejects.toThrow(
      /--stickiness: expected a number/,
    );
    await expect(readSettings(schema, ["--sticky", "1"])).rejects.toThrow(/--sticky/);
    await expect(readSettings(schema, ["--config", "/nowhere.yaml"])).rejects.toThrow(
      /nowhere\.yaml/,
    );
  });
});
