import { expect, it } from "vitest";
import { checkMigrationHooks, migrationSideOf } from "./migration-hook.ts";
import { requestsOf } from "./workload-requests.ts";

const object = (kind: string, hook?: unknown) => ({
  apiVersion: kind === "Job" ? "batch/v1" : "v1",
  kind,
  metadata: { name: "save", annotations: { "octoplane.io/hook": hook } },
  spec: { template: { spec: { containers: [{ resources: { requests: { cpu: "2" } } }] } } },
});

it("only Jobs with one of the two words are hooks of a migration", () => {
  expect(migrationSideOf(object("Job", "pre-migrate"))).toBe("pre");
  expect(migrationSideOf(object("Job", "post-migrate"))).toBe("post");
  for (const other of [object("Job"), object("Job", "pre-install"), object("Pod", "pre-migrate")]) {
    expect(migrationSideOf(other)).toBeUndefined();
  }
});

it("what is meant as one and is none is told, with the object and what was expected", () => {
  const manifest = [
    object("Job", "post-migrate"),
    object("Job", "premigrate"),
    object("Pod", "pre-migrate"),
    { apiVersion: "batch/v1", kind: "Job", metadata: { name: "plain" } },
  ];
  expect(checkMigrationHooks(manifest)).toEqual([
    {
      field: "spec.manifest[1].metadata.annotations",
      message:
        "expected pre-migrate or post-migrate as octoplane.io/hook of Job save, found premigrate",
    },
    {
      field: "spec.manifest[2].metadata.annotations",
      message: "expected octoplane.io/hook on Jobs only, found it on Pod save",
    },
  ]);
});

it("a cluster need not have room for them beside everything else", () => {
  expect(requestsOf([object("Job", "pre-migrate")]).pods).toBe(0);
  expect(requestsOf([object("Job")])).toMatchObject({ pods: 1, cpuCores: 2 });
});
