import { afterAll, beforeAll, expect, it } from "vitest";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { count, meddle, openField, peek, type Field } from "../e2e/field.ts";
import { configMap, echo, job } from "../e2e/manifests.ts";
import { input, spelled } from "../e2e/odd-cases/stage.ts";

/** What reaches a cluster when nothing is to be done, counted request by request. */

let field: Field;
beforeAll(async () => {
  field = await openField();
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

/** It has a field of ours: a map that is set empty belongs to whoever fills it. */
const watched = configMap("watched", { ours: "as it was" });

/** Looks at everything of an application once more, by a change of somebody else's that is none of our business. */
async function lookAgain(cluster: SimCluster, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/configmaps/watched`;
  await meddle(cluster, path, { data: { theirs: namespace } });
}

async function quietAfter(app: string, cluster: SimCluster, namespace: string): Promise<void> {
  const traffic = count(cluster);
  await lookAgain(cluster, namespace);
  await waitFor("some probes", () => traffic.probes() >= 4);
  traffic.stop();
  expect(traffic.writes().map(({ path }) => path)).toEqual([
    `/api/v1/namespaces/${namespace}/configmaps/watched`,
  ]);
  expect(traffic.reads()).toEqual([]);
  await field.remove(app);
}

const files = [
  ["cr-before-crd/in.yaml", "RUNNING"],
  ["env-duplicate/in.yaml", "RUNNING"],
  ["fixed-nodeport/a.yaml", "RUNNING"],
  ["gated-field/statefulset-maxunavailable.yaml", "RUNNING"],
  ["generate-name/in.yaml", "COMPLETED"],
  ["hpa-replicas/in.yaml", "RUNNING"],
  ["immutable/job-v1.yaml", "COMPLETED"],
  ["multi-port-service/in.yaml", "RUNNING"],
  ["null-and-empty/in.yaml", "RUNNING"],
  ["quantities/in.yaml", "RUNNING"],
  ["stringdata/in.yaml", "RUNNING"],
] as const;

it.each(files)("%s rests: not one request more than watches and probes", async (file, state) => {
  const cluster = await field.cluster();
  const name = field.fresh("app");
  await create(cluster, name, [...spelled(input(file)), watched]);
  await field.untilRuns(name, cluster, state);
  await quietAfter(name, cluster, name);
});

it("so does one in which a Job has removed itself", async () => {
  const cluster = await field.cluster();
  const [once] = input("self-removing/job-ttl.yaml");
  once.spec.ttlSecondsAfterFinished = 0;
  const name = field.fresh("app");
  await create(cluster, name, [once, watched]);
  await field.untilRuns(name, cluster, "COMPLETED");
  await waitFor("the Job is gone", () => peek(cluster, "Job", "once", name) === undefined);
  await quietAfter(name, cluster, name);
});

it("so does one with hooks, kept objects and a namespace of somebody else's", async () => {
  const cluster = await field.cluster();
  const name = field.fresh("app");
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  await meddle(cluster, "/api/v1/namespaces", namespace, { method: "POST" });
  const hook = job("init", {});
  hook.metadata.annotations = { "helm.sh/hook": "pre-install" };
  const kept = configMap("kept", {});
  kept.metadata.annotations = { "octoplane.io/keep": "true" };
  await create(cluster, name, [...echo("web"), namespace, hook, kept, watched]);
  await field.untilRuns(name, cluster);
  await quietAfter(name, cluster, name);
  expect(peek(cluster, "Namespace", name)).toBeDefined();
});

it("a hook that has begun is not begun again after a restart", async () => {
  const cluster = await field.cluster({ readyDelayMs: 300 });
  const name = field.fresh("app");
  const hook = job("init", {});
  hook.metadata.annotations = { "helm.sh/hook": "pre-install" };
  await create(cluster, name, [hook, watched]);
  const first = await waitFor("the hook", () => peek(cluster, "Job", "init", name));
  await field.octoplane.restart();
  await field.untilRuns(name, cluster);
  expect(peek(cluster, "Job", "init", name).metadata.uid).toBe(first.metadata.uid);
  await field.remove(name);
});

it("155 objects of 2 MB are applied once each, and looked at without a request", async () => {
  const cluster = await field.cluster();
  const name = field.fresh("app");
  const manifest = Array.from({ length: 154 }, (_, index) =>
    configMap(`large-${index}`, { text: "x".repeat(13_000) }),
  );
  // More than the annotation of a client-side apply could hold.
  manifest.push(configMap("huge", { text: "y".repeat(300_000) }), watched);
  const traffic = count(cluster);
  await create(cluster, name, manifest);
  await field.untilRuns(name, cluster);
  expect(traffic.writes()).toHaveLength(157);
  traffic.stop();
  await quietAfter(name, cluster, name);
});

async function create(cluster: SimCluster, name: string, manifest: readonly Json[]): Promise<void> {
  const delivery = { namespace: name, create_namespaces: true };
  await field.createOn(cluster, name, { manifest, delivery });
}

it("credentials that may not make namespaces are told of, and still apply what lies in one that is there", async () => {
  const cluster = await field.cluster();
  const name = field.fresh("app");
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  await meddle(cluster, "/api/v1/namespaces", namespace, { method: "POST" });
  cluster.faults.forbids = (_method, path) =>
    path.startsWith(`/api/v1/namespaces/${name}?`) || path === `/api/v1/namespaces/${name}`;
  await create(cluster, name, [configMap("inside", {})]);
  const { reason } = await field.until(name, "tells", ({ state }) => state === "FAILED");
  expect(reason.message).toContain(`Namespace ${name}`);
  expect(peek(cluster, "ConfigMap", "inside", name)).toBeDefined();
  cluster.faults.clear();
  await field.remove(name);
});
