import { expect, it } from "vitest";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { applications, clusters, openField, peek, type Field } from "./field.ts";
import { countMade, holdUpBehind, permit, waitingJob } from "./hook-jobs.ts";
import { echo } from "./manifests.ts";

/** Hooks before a copy goes: each runs once, and once more when one that failed has been put right (docs/applying.md). */

const saving = (name: string): Json => waitingJob(`${name}-save`, { "helm.sh/hook": "pre-delete" });

async function withField(work: (field: Field) => Promise<void>): Promise<void> {
  const field = await openField();
  try {
    await work(field);
  } finally {
    await field[Symbol.asyncDispose]();
  }
}

it("a hook runs once when a copy moves away, and the controller ends before it has written down that it began", async () => {
  await withField(async (field) => {
    const [source, target] = await Promise.all([field.cluster(), field.cluster()]);
    const app = await field.create([...echo("leaving"), saving("leaving")], source);
    await field.untilRuns(app, source);
    const uids = countMade(source, "leaving-save");
    holdUpBehind(source, "leaving-save");
    await field.move(app, target);
    await waitFor("the Job stands", () => peek(source, "Job", "leaving-save"));
    await field.octoplane.restart(async () => {
      source.faults.latencyMs = 0;
    });
    await waitFor("the Job is seen", () => uids.size > 0);
    await field.until(app, "runs on the target", (status) => {
      return status.running_on?.name === target.name;
    });
    await permit(source, "leaving-save");
    await field.untilRuns(app, target);
    expect(uids.size).toBe(1);
  });
});

it("a hook runs once when the last cluster of an application is taken away", async () => {
  await withField(async (field) => {
    const source = await field.cluster();
    const manifest = [...echo("taken"), saving("taken")];
    // With a count of its own it outlives its clusters.
    const spec = { manifest, placement: { copies: { count: 1 } } };
    await field.rest.ok("POST", applications, { metadata: { name: "taken" }, spec });
    await field.until("taken", "runs", ({ state }) => state === "RUNNING");
    const uids = countMade(source, "taken-save");
    holdUpBehind(source, "taken-save");
    await field.rest.ok("DELETE", `${clusters}/${source.name}`);
    await waitFor("the Job stands", () => peek(source, "Job", "taken-save"));
    await field.octoplane.restart(async () => {
      source.faults.latencyMs = 0;
    });
    await waitFor("the Job is seen", () => uids.size > 0);
    await permit(source, "taken-save");
    await waitFor("the cluster is gone", async () => {
      return (await field.rest.call("GET", `${clusters}/${source.name}`)).status === 404;
    });
    expect(uids.size).toBe(1);
  });
});

it("one that failed when a copy moved away runs again when the specification changes, and the copy goes", async () => {
  await withField(async (field) => {
    const [source, target] = await Promise.all([field.cluster(), field.cluster()]);
    const failing = saving("careful");
    failing.spec.template.spec.containers = [
      { name: "work", image: "registry.example/crash-loop:1" },
    ];
    const app = await field.create([...echo("careful"), failing], source);
    await field.untilRuns(app, source);
    await field.move(app, target);
    await waitFor("it has failed", () => {
      const { conditions = [] } = peek(source, "Job", "careful-save")?.status ?? {};
      return conditions.some(({ type }: Json) => type === "Failed");
    });
    await field.until(app, "has it in its books", ({ copies }) =>
      copies.some(({ hooks }: Json) => hooks?.failed !== undefined),
    );
    const told = await field.until(app, "says so", ({ reason }) => reason?.code === "HOOK_FAILED");
    expect([told.state, told.running_on.name]).toEqual(["RUNNING", target.name]);
    expect(told.reason.message).toContain(`the copy on cluster ${source.name} stays`);
    expect(told.reason.message).toContain(
      "pre-delete hook Job careful-save in namespace default has failed: ",
    );
    const applied = told.conditions.find(({ type }: Json) => type === "Applied");
    expect(applied).toMatchObject({ status: "True", reason: "HOOK_FAILED" });
    expect(peek(source, "Deployment", "careful")).toBeDefined();
    await field.change(app, ({ manifest }) => {
      manifest.at(-1).spec.template.spec.containers[0].image = "registry.example/work:1";
    });
    expect((await field.untilRuns(app, target)).reason).toBeNull();
    expect(peek(source, "Deployment", "careful")).toBeUndefined();
  });
});
