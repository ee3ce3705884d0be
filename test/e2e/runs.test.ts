import { afterAll, beforeAll, expect, test } from "vitest";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { meddle, openField, type Field } from "./field.ts";
import { job } from "./manifests.ts";

/** Runs of suspended Jobs: each a Job of its own on the application's cluster, with what it was given and what came of it. */

const runs = "/kubernetes/namespaces/system:admin/runs";

let field: Field;
let cluster: SimCluster;
let app: string;
beforeAll(async () => {
  field = await openField();
  cluster = await field.cluster();
  const bad = job("bad", { suspend: true, backoffLimit: 0 });
  bad.spec.template.spec.containers[0].image = "registry.example/crash-loop:1";
  app = await field.create(
    [job("solve", { suspend: true, ttlSecondsAfterFinished: 1 }), bad],
    cluster,
  );
  await field.until(app, "runs", ({ state }) => state === "RUNNING");
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

async function run(name: string, spec: Json): Promise<Json> {
  const body = { metadata: { name }, spec: { application: app, ...spec } };
  return await field.rest.ok("POST", runs, body);
}

async function until(name: string, state: string): Promise<Json> {
  let last: Json;
  return await waitFor(
    `run ${name} is ${state}`,
    async () => {
      last = await field.rest.ok("GET", `${runs}/${name}`);
      return last.status.state === state && last;
    },
    { seen: () => JSON.stringify(last?.status) },
  );
}

function jobOf({ status }: Json): Json {
  const { namespace, name } = status.job;
  return cluster.object({ apiVersion: "batch/v1", kind: "Job", namespace, name });
}

test("a run is a Job of its own, and says how it ended and what it wrote last", async () => {
  await run("first", { workload: { name: "solve" }, env: { SEED: "7" }, args: ["--fast"] });
  const done = await until("first", "COMPLETED");
  expect(done.status).toMatchObject({
    exit_code: 0,
    reason: null,
    cluster: { name: cluster.name },
    job: { namespace: "default", container: "work" },
  });
  expect(Date.parse(done.status.ended)).toBeGreaterThanOrEqual(Date.parse(done.status.started));
  expect(done.status.last_lines.length).toBeGreaterThan(0);
  const [container] = jobOf(done).spec.template.spec.containers;
  expect(container).toMatchObject({ args: ["--fast"], env: [{ name: "SEED", value: "7" }] });
  // The template waits as before, and the application has nothing to repair.
  const template = { apiVersion: "batch/v1", kind: "Job", namespace: "default", name: "solve" };
  expect((cluster.object(template) as Json).spec.suspend).toBe(true);
});

test("a run that fails says so, with its exit code", async () => {
  await run("second", { workload: { kind: "Job", name: "bad" } });
  const { status } = await until("second", "FAILED");
  expect(status.exit_code).toBe(1);
  expect(status.reason).toMatchObject({ code: "Failed" });
});

test("what cannot be run is told, and nothing is made", async () => {
  await run("mistyped", { workload: { name: "solvee" } });
  const { status } = await until("mistyped", "FAILED");
  expect(status.reason).toMatchObject({
    code: "NoSuchWorkload",
    message: expect.stringContaining("did you mean solve?"),
  });
  expect(status.job).toBeNull();
  const body = { metadata: { name: "wrong" }, spec: { application: app, workload: {} } };
  expect((await field.rest.call("POST", runs, body)).status).toBe(422);
  const changed = await field.rest.call("PATCH", `${runs}/first`, { spec: { args: ["other"] } });
  expect(changed.status).not.toBe(200);
});

test("a run of an application that runs nowhere waits for it", async () => {
  const late = {
    metadata: { name: "late" },
    spec: { application: "late", workload: { name: "j" } },
  };
  const nowhere = { cluster: { labels: ["name is nowhere"] } };
  const manifest = [job("j", { suspend: true })];
  const spec = { manifest, constraints: nowhere };
  await field.rest.ok("POST", "/kubernetes/namespaces/system:admin/applications", {
    metadata: { name: "late" },
    spec,
  });
  await field.rest.ok("POST", runs, late);
  const waiting = await waitFor("a reason", async () => {
    const found = await field.rest.ok("GET", `${runs}/late`);
    return found.status.reason !== null && found;
  });
  expect(waiting.status).toMatchObject({ state: "PENDING", reason: { code: "NotRunning" } });
  await field.move("late", cluster);
  await until("late", "COMPLETED");
});

test("a run of an application whose objects were removed waits until it is started", async () => {
  const late = "/kubernetes/namespaces/system:admin/applications/late";
  await field.rest.ok("POST", `${late}/stop`, { remove: true });
  await waitFor("nothing to stand", async () => {
    const { status } = await field.rest.ok("GET", late);
    return status.reason?.code === "Stopped" && status.copies.length === 0;
  });
  const body = { application: "late", workload: { name: "j" } };
  await field.rest.ok("POST", runs, { metadata: { name: "patient" }, spec: body });
  await waitFor("a reason", async () => {
    const { status } = await field.rest.ok("GET", `${runs}/patient`);
    return status.state === "PENDING" && status.reason?.code === "Stopped";
  });
  await field.rest.ok("POST", `${late}/start`);
  await until("patient", "COMPLETED");
});

test("a run whose Job is refused for good, after it was not answered at first, has failed", async () => {
  const post = { method: "POST", path: "/jobs" };
  cluster.faults.failNext(1, 503, post);
  cluster.faults.failNext(1, 422, post);
  await run("refused", { workload: { name: "solve" } });
  const { status } = await until("refused", "FAILED");
  expect(status).toMatchObject({ reason: { code: "KUBERNETES_ERROR" }, started: null });
});

test("a run leaves the Job of somebody else alone that has its name", async () => {
  cluster.faults.failNext(1_000, 503, { method: "POST", path: "/jobs" });
  await run("late-comer", { workload: { name: "solve" } });
  const { namespace, name } = (
    await waitFor("its Job to be named", async () => {
      const { status } = await field.rest.ok("GET", `${runs}/late-comer`);
      return status.job !== null && status;
    })
  ).job;
  const path = `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`;
  await meddle(cluster, path, job(name, { suspend: true }), { type: "apply" });
  cluster.faults.clear();
  const { status } = await until("late-comer", "FAILED");
  expect(status.reason.code).toBe("OWNED_BY_OTHER");
  await field.rest.ok("DELETE", `${runs}/late-comer`);
  await waitFor(
    "the run to go",
    async () => (await field.rest.call("GET", `${runs}/late-comer`)).status === 404,
  );
  expect(cluster.object({ apiVersion: "batch/v1", kind: "Job", namespace, name })).toBeDefined();
});

test("a run takes its Job with it, and an application its runs", async () => {
  const first = await until("first", "COMPLETED");
  await field.rest.ok("DELETE", `${runs}/first`);
  await waitFor("the Job to go", () => jobOf(first) === undefined);
  await waitFor(
    "the run to go",
    async () => (await field.rest.call("GET", `${runs}/first`)).status === 404,
  );
  const second = await until("second", "FAILED");
  await field.rest.ok("DELETE", `/kubernetes/namespaces/system:admin/applications/${app}`);
  await waitFor(
    "its runs to go",
    async () => (await field.rest.call("GET", `${runs}/second`)).status === 404,
  );
  expect(jobOf(second)).toBeUndefined();
});
