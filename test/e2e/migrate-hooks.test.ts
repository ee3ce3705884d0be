import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApplicationKind } from "@octoplane/kinds/application";
import { localDataOf } from "@octoplane/kinds/local-data";
import { readInput } from "@octoplane/kinds/read-input";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import { limits } from "@octoplane/shared/limits";
import { readDocuments } from "@octoplane/shared/manifest-yaml";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { applications, count, meddle, openField, peek, type Field } from "./field.ts";
import { countMade, holdUpBehind, permit, waitingJob } from "./hook-jobs.ts";
import { echo } from "./manifests.ts";

/** Jobs that run while an application moves (docs/hooks.md). */

let field: Field;
beforeAll(async () => {
  field = await openField();
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

/** A Job of a migration that waits until somebody lets it. */
const hook = (name: string, moment: "pre-migrate" | "post-migrate", spec: Json = {}): Json =>
  waitingJob(name, { "octoplane.io/hook": moment }, spec);

/** An application with both Jobs that runs on the first cluster. */
async function begin(on: Field, name: string, edit: (manifest: Json[]) => void = () => undefined) {
  const [source, target] = await Promise.all([on.cluster(), on.cluster()]);
  const manifest = [
    hook(`${name}-load`, "post-migrate", { ttlSecondsAfterFinished: 0 }),
    hook(`${name}-save`, "pre-migrate", { ttlSecondsAfterFinished: 0 }),
    ...echo(name),
  ];
  edit(manifest);
  const app = await on.create(manifest, source);
  await on.untilRuns(app, source);
  return { source, target, app, save: `${name}-save`, load: `${name}-load` };
}

const untilThere = async (cluster: SimCluster, name: string): Promise<Json> =>
  await waitFor(`Job ${name} on ${cluster.name}`, () => peek(cluster, "Job", name));

/** The names of all Jobs that stand on a cluster. */
const jobsOn = (cluster: SimCluster): string[] =>
  cluster
    .objects()
    .filter(({ kind }) => kind === "Job")
    .map(({ metadata }) => metadata.name);

const serves = (cluster: SimCluster, name: string): boolean =>
  peek(cluster, "Deployment", name)?.status?.availableReplicas === 1;

describe.concurrent("Jobs of a migration", () => {
  it("run on the old cluster, then on the new one, when the new copy is healthy and before the old one goes", async () => {
    const { source, target, app, save, load } = await begin(field, "steps");
    // Nothing of them runs while nothing moves.
    expect([...jobsOn(source), ...jobsOn(target)]).toEqual([]);
    expect((await field.read(app)).status.container_health.desired_pods).toBe(1);
    await field.move(app, target);
    const before = await untilThere(source, save);
    expect(serves(target, "steps")).toBe(true);
    expect(before.metadata.labels["octoplane.io/application"]).toBe(
      (await field.read(app)).metadata.uid,
    );
    expect(before.spec.template.spec.containers[0].env).toEqual([
      { name: "OCTOPLANE_FROM_CLUSTER", value: source.name },
      { name: "OCTOPLANE_TO_CLUSTER", value: target.name },
    ]);
    const waiting = await field.until(app, "waits for the first", ({ conditions }) =>
      conditions.some(({ reason }: Json) => reason === "WaitingForHook"),
    );
    expect(waiting.state).toBe("MIGRATING");
    expect(waiting.running_on.name).toBe(source.name);
    expect(jobsOn(target)).toEqual([]);
    await permit(source, save);
    const after = await untilThere(target, load);
    expect(peek(source, "Job", save).status.succeeded).toBe(1);
    expect(after.spec.template.spec.containers[0].env).toEqual(
      before.spec.template.spec.containers[0].env,
    );
    expect(jobsOn(target)).toEqual([load]);
    expect(serves(source, "steps")).toBe(true);
    expect((await field.read(app)).status.running_on.name).toBe(source.name);
    await permit(target, load);
    const { copies } = await field.untilRuns(app, target);
    expect([...jobsOn(source), ...jobsOn(target)]).toEqual([]);
    expect(peek(source, "Deployment", "steps")).toBeUndefined();
    expect(copies[0].migration).toBeUndefined();
    await field.remove(app);
  });

  it("run again on the way back, and not for any other change", async () => {
    const { source, target, app, save, load } = await begin(field, "again");
    for (const cluster of [source, target]) {
      await permit(cluster, save);
      await permit(cluster, load);
    }
    const saved = [countMade(source, save), countMade(target, save)];
    const loaded = [countMade(source, load), countMade(target, load)];
    await field.move(app, target);
    await field.untilRuns(app, target);
    expect([...saved, ...loaded].map(({ size }) => size)).toEqual([1, 0, 0, 1]);
    await field.change(app, (spec) => void (spec.manifest[2].spec.replicas = 2));
    await field.untilRuns(app, target);
    await field.move(app, source);
    await field.untilRuns(app, source);
    expect([...saved, ...loaded].map(({ size }) => size)).toEqual([1, 1, 1, 1]);
    await field.remove(app);
    expect([...jobsOn(source), ...jobsOn(target)]).toEqual([]);
  });

  it("come before an application is asked to get ready", async () => {
    const [source, target] = await Promise.all([field.cluster(), field.cluster()]);
    const spec = {
      manifest: [...echo("polite"), hook("polite-save", "pre-migrate")],
      hooks: ["shutdown"],
      shutdown_grace_time: 1,
    };
    await field.createOn(source, "polite", spec);
    await field.untilRuns("polite", source);
    await field.move("polite", target);
    await untilThere(source, "polite-save");
    const { copies } = await field.until("polite", "waits", ({ conditions }) =>
      conditions.some(({ reason }: Json) => reason === "WaitingForHook"),
    );
    expect(copies.every(({ shutdown }: Json) => shutdown === undefined)).toBe(true);
    await permit(source, "polite-save");
    await field.until("polite", "is asked", ({ copies: now }) =>
      now.some(({ shutdown }: Json) => shutdown?.sent === true),
    );
    await field.untilRuns("polite", target);
    await field.remove("polite");
  });
});

describe.concurrent("a Job of a migration that fails", () => {
  it("keeps the old copy, says why, and all of it runs anew when somebody has put it right", async () => {
    const { source, target, app, save, load } = await begin(field, "broken", ([, first]) => {
      first.spec.template.spec.containers[0].image = "registry.example/crash-loop:1";
    });
    await permit(source, save);
    await field.move(app, target);
    const { reason, running_on, state } = await field.until(app, "fails", ({ reason: why }) => {
      return why?.code === "HOOK_FAILED";
    });
    expect(reason.message).toContain(
      `pre-migrate hook Job ${save} in namespace default has failed`,
    );
    expect([running_on.name, state]).toEqual([source.name, "DEGRADED"]);
    expect(serves(source, "broken")).toBe(true);
    expect(jobsOn(target)).toEqual([]);
    const failed = peek(source, "Job", save).metadata.uid;
    await permit(target, load);
    await field.change(app, (spec) => {
      spec.manifest[1].spec.template.spec.containers[0].image = "registry.example/work:1";
    });
    await field.untilRuns(app, target);
    expect(failed).toBeDefined();
    expect([...jobsOn(source), ...jobsOn(target)]).toEqual([]);
    await field.remove(app);
  });

  it("on the new cluster, by its own deadline, leaves nothing behind when the migration is given up", async () => {
    const { source, target, app, save, load } = await begin(field, "late", ([second]) => {
      second.spec.activeDeadlineSeconds = 1;
    });
    await permit(source, save);
    await field.move(app, target);
    const { reason } = await field.until(app, "fails", ({ reason: why }) => {
      return why?.code === "HOOK_FAILED";
    });
    expect(reason.message).toContain(
      `post-migrate hook Job ${load} in namespace default has failed`,
    );
    expect(reason.message).toContain("deadline");
    expect(serves(source, "late")).toBe(true);
    await field.move(app, source);
    const { copies } = await field.untilRuns(app, source);
    expect([...jobsOn(source), ...jobsOn(target)]).toEqual([]);
    expect(peek(target, "Deployment", "late")).toBeUndefined();
    expect(copies[0].migration).toBeUndefined();
    expect(serves(source, "late")).toBe(true);
    await field.remove(app);
  });

  it("because somebody has removed it is no end that it has come to", async () => {
    const { source, target, app, save } = await begin(field, "taken");
    await field.move(app, target);
    await untilThere(source, save);
    await field.until(app, "waits", ({ conditions }) =>
      conditions.some(({ reason }: Json) => reason === "WaitingForHook"),
    );
    await meddle(
      source,
      `/apis/batch/v1/namespaces/default/jobs/${save}`,
      {},
      { method: "DELETE" },
    );
    const { reason } = await field.until(app, "fails", ({ reason: why }) => {
      return why?.code === "HOOK_FAILED";
    });
    expect(reason.message).toContain("it was removed before its end was seen");
    expect(serves(source, "taken")).toBe(true);
    await field.remove(app);
    expect([...jobsOn(source), ...jobsOn(target)]).toEqual([]);
  });
});

describe.concurrent("a Job of a migration that does not end", () => {
  it("is waited for until its time is over, and what is left of it goes with the migration", async () => {
    const { source, target, app, save } = await begin(field, "slow");
    await field.move(app, target);
    await untilThere(source, save);
    const { copies } = await field.until(app, "waits", ({ conditions }) =>
      conditions.some(({ reason }: Json) => reason === "WaitingForHook"),
    );
    const known = copies.find(({ cluster }: Json) => cluster.name === source.name);
    expect(Date.parse(known.migration.until) - Date.now()).toBeGreaterThan(
      limits.migrationTimeoutMs - 60_000,
    );
    // As if it had begun that long ago.
    await waitFor("its time is over", async () => {
      const body = await field.read(app);
      const copy = body.status.copies.find(({ cluster }: Json) => cluster.name === source.name);
      copy.migration.until = "2020-01-01T00:00:00.000Z";
      const { status } = await field.rest.call("PUT", `${applications}/${app}/status`, body);
      return status === 200;
    });
    const { reason } = await field.until(app, "fails", ({ reason: why }) => {
      return why?.code === "HOOK_FAILED";
    });
    expect(reason.message).toContain("pre-migrate hooks have not ended in time");
    expect(reason.message).toContain(`Job ${save}`);
    expect(serves(source, "slow")).toBe(true);
    await field.move(app, source);
    await field.untilRuns(app, source);
    expect([...jobsOn(source), ...jobsOn(target)]).toEqual([]);
    await field.remove(app);
  });
});

describe.concurrent("a migration with Jobs that is interrupted", () => {
  it("by a deletion leaves nothing on either side", async () => {
    const { source, target, app, save, load } = await begin(field, "gone");
    await permit(source, save);
    await field.move(app, target);
    await untilThere(target, load);
    await field.remove(app);
    expect([...jobsOn(source), ...jobsOn(target)]).toEqual([]);
    expect(peek(source, "Deployment", "gone")).toBeUndefined();
    expect(peek(target, "Deployment", "gone")).toBeUndefined();
  });

  it("goes elsewhere from its beginning, with the old copy in its place", async () => {
    const { source, target, app, save, load } = await begin(field, "turned");
    const third = await field.cluster();
    await field.move(app, target);
    await untilThere(source, save);
    await field.move(app, third);
    await waitFor("it is told of the third", () => {
      const [container] = peek(source, "Job", save)?.spec.template.spec.containers ?? [];
      return container?.env[1].value === third.name;
    });
    await permit(source, save);
    await permit(third, load);
    await field.untilRuns(app, third);
    expect([source, target, third].flatMap(jobsOn)).toEqual([]);
    await field.remove(app);
  });

  it("goes through without those of the old cluster when that is lost before", async () => {
    const [source, target] = await Promise.all([field.cluster(), field.cluster()]);
    const manifest = [
      ...echo("lost"),
      hook("lost-save", "pre-migrate"),
      hook("lost-load", "post-migrate"),
    ];
    const app = await field.create(manifest, source);
    await field.untilRuns(app, source);
    await permit(target, "lost-load");
    const loaded = countMade(target, "lost-load");
    source.faults.offline = true;
    await field.untilCluster(source.name, "OFFLINE");
    await field.move(app, target);
    await field.untilServes(app, target);
    expect(loaded.size).toBe(1);
    source.faults.offline = false;
    await field.untilRuns(app, target);
    expect([...jobsOn(source), ...jobsOn(target)]).toEqual([]);
    await field.remove(app);
  });
});

describe("a controller that ends in the middle of a migration", () => {
  it("is followed by one that goes on, and runs nothing twice", async () => {
    const other = await openField();
    try {
      const { source, target, app, save, load } = await begin(other, "durable");
      const saved = countMade(source, save);
      const loaded = countMade(target, load);
      await other.move(app, target);
      await untilThere(source, save);
      // It ends while the Job runs, which ends meanwhile.
      await other.octoplane.restart(async () => {
        await permit(source, save);
        await waitFor("it is done", () => peek(source, "Job", save)?.status?.succeeded === 1);
      });
      await untilThere(target, load);
      await other.octoplane.restart();
      expect(serves(source, "durable")).toBe(true);
      await permit(target, load);
      await other.untilRuns(app, target);
      expect([saved.size, loaded.size]).toEqual([1, 1]);
      expect([...jobsOn(source), ...jobsOn(target)]).toEqual([]);
      const traffic = count(target);
      const probes = traffic.probes();
      await waitFor("some more probes", () => traffic.probes() >= probes + 3);
      expect(traffic.writes()).toEqual([]);
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });
});

describe("the application of docs/hooks.md that takes its files along", () => {
  it("is one that the server takes, whose data would keep it where it is, and moves with its Jobs", async () => {
    const file = new URL("../../bootstrap/examples/uploads.yaml", import.meta.url);
    const { documents } = readDocuments(await readFile(file, "utf8"), "uploads.yaml");
    const manifest = [...documents] as Json[];
    const told = await readFile(new URL("../../docs/hooks.md", import.meta.url), "utf8");
    const [, block = ""] = /```yaml\n([^]*?)```/.exec(told) ?? [];
    expect(readDocuments(block, "hooks.md").documents).toEqual(documents);
    const body = { metadata: { name: "uploads", namespace: "n" }, spec: { manifest } };
    expect(readInput(ApplicationKind, body)).toMatchObject({ spec: { manifest } });
    expect(localDataOf(manifest)).toContain("a volume of one node at a time");
    const [source, target] = await Promise.all([field.cluster(), field.cluster()]);
    const saved = countMade(source, "uploads-save");
    const loaded = countMade(target, "uploads-load");
    const app = "uploads";
    const spec = { manifest, placement: { cluster: source.name } };
    await field.rest.ok("POST", applications, { metadata: { name: app }, spec });
    await field.untilRuns(app, source);
    await field.rest.ok("POST", `${applications}/${app}/migrate`, {
      to: target.name,
      accept_data_loss: true,
    });
    await field.untilRuns(app, target);
    expect([saved.size, loaded.size]).toEqual([1, 1]);
    expect([...jobsOn(source), ...jobsOn(target)]).toEqual([]);
    await field.remove(app);
  });
});

describe("a controller that ends between making a Job and writing it down", () => {
  it("leaves one Job, which the next one waits for", async () => {
    const other = await openField();
    try {
      const { source, target, app, save, load } = await begin(other, "halfway");
      const saved = countMade(source, save);
      await permit(source, save);
      await permit(target, load);
      holdUpBehind(source, save);
      await other.move(app, target);
      await untilThere(source, save);
      await other.octoplane.restart(async () => {
        source.faults.latencyMs = 0;
      });
      await other.untilRuns(app, target);
      expect(saved.size).toBe(1);
      expect([...jobsOn(source), ...jobsOn(target)]).toEqual([]);
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });
});

it("a word that is no moment of a migration is refused with the object", async () => {
  const wrong = hook("wrong", "pre-migrate");
  wrong.metadata.annotations["octoplane.io/hook"] = "before-move";
  const body = { metadata: { name: "wrong" }, spec: { manifest: [wrong] } };
  const answer = await field.rest.call("POST", applications, body);
  expect(answer.status).toBe(422);
  expect(JSON.stringify(answer.body)).toContain("of Job wrong, found before-move");
});
