import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { applications, count, openField, type Field } from "./field.ts";
import { configMap, echo, echoWith, job } from "./manifests.ts";
import { podTroubles, type PodTrouble } from "./pod-troubles.ts";

/** How applications are, and why they are not well: what Pods say, and what it costs to ask them. */

let field: Field;
beforeAll(async () => {
  field = await openField();
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

const healthy = (status: Json): Json =>
  status.conditions.find(({ type }: Json) => type === "Healthy");

async function objectsOf(app: string): Promise<Json[]> {
  return (await field.rest.ok("GET", `${applications}/${app}/objects`)).items;
}

describe.concurrent("an application that is not well says what its Pods say", () => {
  const cases: readonly PodTrouble[] = [
    ...podTroubles,
    [
      "CreateContainerConfigError",
      (spec) => void (spec.containers[0].envFrom = [{ configMapRef: { name: "none" } }]),
      /container echo: configmap "none" not found/,
    ],
    [
      "Pending",
      (spec) => void (spec.volumes = [{ name: "v", secret: { secretName: "none" } }]),
      /container echo: ContainerCreating: secret "none" not found/,
    ],
  ];

  it.each(cases)("%s", async (reason, change, message) => {
    const cluster = await field.cluster();
    const app = await field.create([echoWith(field.fresh("web"), change)], cluster);
    const status = await field.until(app, `is DEGRADED: ${reason}`, (one) => {
      return one.state === "DEGRADED" && one.reason.code === reason;
    });
    expect(status.reason.message).toMatch(message);
    expect(healthy(status)).toMatchObject({ status: "False", reason });
    const { items } = await field.rest.ok("GET", `${applications}/${app}/events`);
    const told = items.find((event: Json) => event.reason === reason);
    expect(told).toMatchObject({ type: "Warning", source: "Healthy" });
    const [object] = await objectsOf(app);
    expect(object).toMatchObject({ kind: "Deployment", health: "progressing", reason });
    expect(object.message).toMatch(message);
    await field.remove(app);
  });

  it("FailedMount, which only the cluster's events tell", async () => {
    const cluster = await field.cluster();
    const change = (spec: Json): void => {
      spec.volumes = [{ name: "v", configMap: { name: "none" } }];
    };
    const app = await field.create([echoWith(field.fresh("web"), change)], cluster);
    const pod: Json = await waitFor("its Pod", () => {
      return cluster.objects().find(({ kind }) => kind === "Pod");
    });
    await remark(cluster, pod, 'MountVolume.SetUp failed: configmap "none" not found');
    const status = await field.until(app, "names the mount", (one) => {
      return one.reason?.code === "FailedMount";
    });
    expect(status.reason.message).toContain(`Pod ${pod.metadata.name}: MountVolume.SetUp failed`);
  });

  it("and is well again as soon as it can be, with the reason gone", async () => {
    const cluster = await field.cluster();
    const change = (spec: Json): void => {
      spec.containers[0].envFrom = [{ configMapRef: { name: "late" } }];
    };
    const app = await field.create([echoWith(field.fresh("web"), change)], cluster);
    await field.until(app, "is DEGRADED", ({ state }) => state === "DEGRADED");
    await field.change(app, (spec) => void spec.manifest.push(configMap("late", {})));
    const status = await field.untilRuns(app, cluster);
    expect(status.reason).toBeNull();
    expect((await objectsOf(app)).map(({ health }) => health)).toEqual(["healthy", "healthy"]);
  });
});

/** What a kubelet remarks of a Pod. */
async function remark(cluster: SimCluster, pod: Json, message: string): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  const answer = await fetch(`${cluster.server}/api/v1/namespaces/${namespace}/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${cluster.token}`, "content-type": "application/json" },
    body: JSON.stringify({
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: `${name}.1`, namespace },
      involvedObject: { kind: "Pod", name, namespace, uid },
      type: "Warning",
      reason: "FailedMount",
      message,
      lastTimestamp: "2026-01-01T00:00:00Z",
    }),
  });
  expect(answer.status).toBe(201);
}

const isPodList = ({ path, isWatch }: { readonly path: string; readonly isWatch: boolean }) =>
  !isWatch && /^\/api\/v1\/namespaces\/[^/]+\/pods$/.test(path);

it("nobody asks for Pods while everything is well", async () => {
  const cluster = await field.cluster({ readyDelayMs: 1 });
  const traffic = count(cluster);
  const app = await field.create(echo(field.fresh("web")), cluster);
  await field.untilRuns(app, cluster);
  await waitFor("some probes", () => traffic.probes() >= 6);
  expect(traffic.reads().filter(isPodList)).toEqual([]);
  traffic.stop();
});

it("however many are unwell in a namespace, its Pods are listed once, and not again for seconds", async () => {
  const cluster = await field.cluster();
  const sick = (spec: Json): void => void (spec.containers[0].image = "does-not-exist:1");
  const traffic = count(cluster);
  const began = performance.now();
  const apps = await Promise.all(
    Array.from({ length: 6 }, () => field.create([echoWith(field.fresh("web"), sick)], cluster)),
  );
  for (const app of apps) {
    await field.until(app, "says why", ({ reason }) => reason?.code === "ImagePullBackOff");
  }
  const seconds = (performance.now() - began) / 1_000;
  expect(traffic.reads().filter(isPodList).length).toBeLessThanOrEqual(1 + Math.ceil(seconds / 3));
  traffic.stop();
});

describe.concurrent("states", () => {
  it("idle: nothing but suspended Jobs runs, and is not waited for", async () => {
    const cluster = await field.cluster();
    const app = await field.create([job(field.fresh("job"), { suspend: true })], cluster);
    const status = await field.untilRuns(app, cluster);
    expect(healthy(status)).toMatchObject({ status: "True", reason: "Idle" });
    expect((await objectsOf(app))[0]).toMatchObject({ health: "idle", reason: "Suspended" });
  });

  it("completed: what had to be done has been done", async () => {
    const cluster = await field.cluster();
    const app = await field.create([job(field.fresh("job"), {})], cluster);
    await field.untilRuns(app, cluster, "COMPLETED");
    expect((await objectsOf(app))[0]).toMatchObject({
      health: "completed",
      pods: { completed: 1 },
    });
  });

  it("expired: what has a time to live has removed itself, and is not made again", async () => {
    const cluster = await field.cluster();
    const mine = configMap(field.fresh("brief"), {});
    mine.metadata.annotations = { "octoplane.io/recreate": "never" };
    const done = job(field.fresh("job"), {});
    const app = await field.create([mine, done], cluster);
    await field.untilRuns(app, cluster, "COMPLETED");
    const path = `/api/v1/namespaces/default/configmaps/${mine.metadata.name}`;
    const headers = { authorization: `Bearer ${cluster.token}` };
    await fetch(`${cluster.server}${path}`, { method: "DELETE", headers });
    const status = await field.until(
      app,
      "has expired",
      ({ reason }) => reason?.code === "Expired",
    );
    expect(status.state).toBe("COMPLETED");
    const gone = (await objectsOf(app)).find(({ kind }) => kind === "ConfigMap");
    expect(gone).toMatchObject({ health: "expired", uid: null });
  });

  it("failed: a Job that gave up says so in its own words, with how its last Pod ended", async () => {
    const cluster = await field.cluster();
    const failing = job(field.fresh("job"), { backoffLimit: 0 });
    failing.spec.template.spec.containers[0].image = "crash-loop:1";
    const app = await field.create([failing], cluster);
    const status = await field.until(app, "is DEGRADED with its Pod", ({ state, reason }) => {
      return state === "DEGRADED" && reason.message.includes("exit code 1");
    });
    expect(status.reason.code).toBe("BackoffLimitExceeded");
  });

  it("a missing object and one of somebody else's are told apart", async () => {
    const cluster = await field.cluster();
    const [name, other] = [field.fresh("map"), field.fresh("map")];
    const app = await field.create([configMap(name, {})], cluster);
    await field.untilRuns(app, cluster);
    const second = await field.create([configMap(name, {}), configMap(other, {})], cluster);
    await field.until(second, "is refused", ({ reason }) => reason?.code === "OWNED_BY_OTHER");
    const seen = await objectsOf(second);
    expect(seen.map((one) => [one.name, one.health])).toEqual([
      [name, "refused"],
      [other, "healthy"],
    ]);
  });
});
