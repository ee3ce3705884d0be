import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import {
  applications,
  clusters,
  count,
  meddle,
  openField,
  peek,
  type Field,
} from "../e2e/field.ts";
import { configMap, echo, job } from "../e2e/manifests.ts";

/** The controllers against clusters that do not do as they should. Every test has clusters of its own. */

let field: Field;
beforeAll(async () => {
  field = await openField();
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

const at = (kind: string, name = "", namespace = "default"): string =>
  `/api/v1/namespaces/${namespace}/${kind}${name === "" ? "" : `/${name}`}`;

describe.concurrent("what reaches a cluster", () => {
  it("is nothing but watches and probes when nothing is to be done, and no write for a second reconcile", async () => {
    const cluster = await field.cluster();
    const app = await field.create([...echo("echo"), configMap("plain", { a: "1" })], cluster);
    await field.untilRuns(app, cluster);
    const traffic = count(cluster);
    // A field that is nobody's: the watch brings it, the application is reconciled, and there is nothing to do.
    await meddle(cluster, at("configmaps", "plain"), { data: { theirs: "2" } });
    await waitFor("some probes", () => traffic.probes() >= 4);
    expect(traffic.writes()).toHaveLength(1);
    expect(traffic.reads()).toEqual([]);
    await field.remove(app);
  });

  it("is no endless writing where the cluster rewrites what it is given", async () => {
    const cluster = await field.cluster();
    const [deployment] = echo("rewritten");
    const container = deployment.spec.template.spec.containers[0];
    container.resources = { limits: { cpu: "1000m", memory: "1024Mi" }, requests: {} };
    container.env = null;
    deployment.spec.template.spec.nodeSelector = {};
    deployment.metadata.creationTimestamp = null;
    deployment.status = { replicas: 7 };
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "rewritten" },
      stringData: { password: "secret" },
    };
    const app = await field.create([deployment, secret], cluster);
    await field.untilRuns(app, cluster);
    const traffic = count(cluster);
    const version = (kind: string): string =>
      peek(cluster, kind, "rewritten").metadata.resourceVersion;
    const before = [version("Deployment"), version("Secret")];
    const other = await field.create([configMap("other", {})], cluster);
    await field.untilRuns(other, cluster);
    await field.remove(other);
    expect([version("Deployment"), version("Secret")]).toEqual(before);
    expect(traffic.writes().every(({ path }) => path.includes("other"))).toBe(true);
    await field.remove(app);
  });

  it("is one write each for an application of 155 objects", async () => {
    const cluster = await field.cluster();
    const manifest = Array.from({ length: 155 }, (_, index) =>
      configMap(`many-${index}`, { index: `${index}` }),
    );
    const traffic = count(cluster);
    const app = await field.create(manifest, cluster);
    await field.untilRuns(app, cluster);
    expect(traffic.writes()).toHaveLength(155);
    await field.change(app, (spec) => {
      spec.manifest[7].data.index = "changed";
      spec.manifest.pop();
    });
    await field.untilRuns(app, cluster);
    expect(traffic.writes()).toHaveLength(157);
    await field.remove(app);
    expect(cluster.objects().filter(({ metadata }) => metadata.name.startsWith("many-"))).toEqual(
      [],
    );
  });

  it("ends when the last application has gone: no watch is left open", async () => {
    const cluster = await field.cluster();
    const app = await field.create([configMap("last", {})], cluster);
    await field.untilRuns(app, cluster);
    const traffic = count(cluster);
    const isOpen = (): boolean => cluster.faults.underWay > 0 && traffic.probes() > 0;
    await waitFor("a watch is open beside the probes", isOpen);
    await field.remove(app);
    await waitFor("no request is under way", () => cluster.faults.underWay === 0);
    const probes = traffic.probes();
    await waitFor("a probe more", () => traffic.probes() > probes);
    expect(traffic.watches().length).toBeLessThanOrEqual(1);
  });

  it("slows down when somebody undoes each repair, and is told", async () => {
    const cluster = await field.cluster();
    const app = await field.create([configMap("contested", { ours: "wanted" })], cluster);
    await field.untilRuns(app, cluster);
    const traffic = count(cluster);
    const path = at("configmaps", "contested");
    let undoing = Promise.resolve();
    const undo = (): void => {
      if (peek(cluster, "ConfigMap", "contested")?.data.ours !== "wanted") return;
      undoing = undoing.then(() => meddle(cluster, path, { data: { ours: "theirs" } }));
    };
    const timer = setInterval(undo, 10);
    try {
      const isContested = (condition: Json): boolean => condition.reason === "Contested";
      await field.until(app, "is contested", ({ conditions }) => conditions.some(isContested));
      const theirs = traffic.writes().length / 2;
      expect(theirs).toBeLessThanOrEqual(6);
      expect((await field.read(app)).status.state).toBe("RUNNING");
    } finally {
      clearInterval(timer);
      await undoing;
    }
    await field.remove(app);
  });
});

describe.concurrent("an error that can pass", () => {
  const faults = [
    ["503", (cluster: Json, method: string) => cluster.faults.failNext(2, 503, { method })],
    [
      "429 with Retry-After",
      (cluster: Json, method: string) => cluster.faults.failNext(1, 429, { method }),
    ],
    [
      "dropped connections",
      (cluster: Json, method: string) => cluster.faults.disconnectNext(3, { method }),
    ],
  ] as const;

  it.each(faults)("%s: creating, updating, moving and deleting end well", async (_name, fail) => {
    const [source, target] = await Promise.all([field.cluster(), field.cluster()]);
    fail(source, "PATCH");
    const app = await field.create(echo("faulty"), source);
    const states = new Set<string>();
    const note = (status: Json): boolean => {
      states.add(status.state);
      return status.state === "RUNNING";
    };
    await field.until(app, "runs", note);
    fail(source, "PATCH");
    await field.change(app, (spec) => void (spec.manifest[0].spec.replicas = 2));
    await field.untilRuns(app, source);
    fail(target, "PATCH");
    fail(source, "DELETE");
    await field.move(app, target);
    await field.untilRuns(app, target);
    expect(peek(source, "Deployment", "faulty")).toBeUndefined();
    fail(target, "DELETE");
    await field.remove(app);
    expect(peek(target, "Deployment", "faulty")).toBeUndefined();
    expect(states).not.toContain("FAILED");
  });

  it("15 s of silence in the middle of a creation and of a deletion end well", async () => {
    const cluster = await field.cluster();
    const gone = await field.create([configMap("going", {})], cluster);
    await field.untilRuns(gone, cluster);
    cluster.faults.hangNext(1, { method: "PATCH" });
    cluster.faults.hangNext(1, { method: "DELETE" });
    const app = await field.create(echo("silent"), cluster);
    await Promise.all([field.remove(gone), field.untilRuns(app, cluster)]);
    expect(peek(cluster, "ConfigMap", "going")).toBeUndefined();
    await field.remove(app);
  });

  it("is told while it lasts, is never FAILED, and passes by itself", async () => {
    const cluster = await field.cluster();
    cluster.faults.failNext(1_000, 500, { method: "PATCH" });
    const app = await field.create(echo("patient"), cluster);
    const told = await field.until(app, "says why", ({ reason }) => reason !== null);
    expect(told.reason.code).toBe("KUBERNETES_ERROR");
    expect(told.reason.message).toContain("patient in namespace default");
    expect(["CREATING", "RECONCILING"]).toContain(told.state);
    cluster.faults.clear();
    await field.untilRuns(app, cluster);
    await field.remove(app);
  });
});

describe.concurrent("an error that somebody must do something about", () => {
  it("names object and field while everything else is applied, and heals when it is done", async () => {
    const cluster = await field.cluster();
    const [deployment, service] = echo("wrong");
    deployment.spec.template.metadata.labels = { app: "another" };
    const app = await field.create([configMap("fine", {}), deployment, service], cluster);
    const { reason } = await field.until(app, "is refused", ({ state }) => state === "FAILED");
    expect(reason.message).toContain("Deployment wrong");
    expect(reason.message).toContain("spec.template.metadata.labels");
    expect(peek(cluster, "ConfigMap", "fine")).toBeDefined();
    await field.change(app, (spec) => void (spec.manifest = echo("wrong")));
    await field.untilRuns(app, cluster);
    await field.remove(app);
  });

  it("more objects than can be written down: says so, makes none, and heals when there are fewer", async () => {
    const cluster = await field.cluster();
    const long = "x".repeat(240);
    const many = Array.from({ length: 3_300 }, (_, index) => configMap(`${long}-${index}`, {}));
    const app = await field.create(many, cluster);
    const { reason } = await field.until(app, "fails", ({ state }) => state === "FAILED");
    expect(reason).toMatchObject({
      code: "TOO_MANY_OBJECTS",
      message: expect.stringContaining("3300 objects"),
    });
    expect(peek(cluster, "ConfigMap", `${long}-0`)).toBeUndefined();
    await field.change(app, (spec) => void (spec.manifest = many.slice(0, 2)));
    await field.untilRuns(app, cluster);
  });

  it("403: names what may not be done, and heals when the right is given", async () => {
    const cluster = await field.cluster();
    cluster.faults.forbids = (method, path) => method === "PATCH" && path.includes("/services/");
    const app = await field.create(echo("denied"), cluster);
    const { reason } = await field.until(app, "is refused", ({ state }) => state === "FAILED");
    expect(reason.message).toMatch(/Service denied in namespace default: .*cannot patch/);
    cluster.faults.forbids = undefined;
    await field.untilRuns(app, cluster);
    await field.remove(app);
  });

  it("a namespace that is not there: says so, and heals when it appears", async () => {
    const cluster = await field.cluster();
    const object = configMap("homeless", {});
    object.metadata.namespace = "later";
    const app = await field.create([object], cluster);
    const { reason } = await field.until(app, "is refused", ({ state }) => state === "FAILED");
    expect(reason.message).toBe(
      "ConfigMap homeless in namespace later: the cluster has no namespace later; spec.delivery.create_namespaces (--create-namespace) lets it be made",
    );
    const later = { apiVersion: "v1", kind: "Namespace", metadata: { name: "later" } };
    await meddle(cluster, "/api/v1/namespaces", later, { method: "POST" });
    await field.untilRuns(app, cluster);
    await field.remove(app);
    expect(peek(cluster, "Namespace", "later")).toBeDefined();
  });

  it("another application's object is left to it, and taken when that one has gone", async () => {
    const cluster = await field.cluster();
    const first = await field.create([configMap("shared", { of: "first" })], cluster);
    await field.untilRuns(first, cluster);
    const second = await field.create([configMap("shared", { of: "second" })], cluster);
    const { reason } = await field.until(second, "is refused", ({ state }) => state === "FAILED");
    expect(reason.code).toBe("OWNED_BY_OTHER");
    expect(peek(cluster, "ConfigMap", "shared").data.of).toBe("first");
    await field.remove(first);
    await field.untilRuns(second, cluster);
    expect(peek(cluster, "ConfigMap", "shared").data.of).toBe("second");
    await field.remove(second);
  });

  it("fields of another manager are taken over where we want them, and left alone where not", async () => {
    const cluster = await field.cluster();
    const before = configMap("old", { ours: "theirs", kept: "theirs" });
    await meddle(cluster, at("configmaps"), before, { method: "POST" });
    const app = await field.create([configMap("old", { ours: "wanted" })], cluster);
    const { reason } = await field.until(app, "is refused", ({ state }) => state === "FAILED");
    expect(reason).toEqual({
      code: "OWNED_BY_OTHER",
      message:
        "ConfigMap old in namespace default was made by somebody else (somebody); spec.delivery.adopt (--adopt) takes it over",
    });
    await field.change(app, (spec) => void (spec.delivery = { adopt: true }));
    await field.untilRuns(app, cluster);
    expect(peek(cluster, "ConfigMap", "old").data).toEqual({ ours: "wanted", kept: "theirs" });
    await field.remove(app);
  });
});

describe.concurrent("namespaces", () => {
  const own = (name: string): Json => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const inside = (name: string, namespace: string): Json => {
    const object = configMap(name, {});
    object.metadata.namespace = namespace;
    return object;
  };

  it("that came with the application go with it, at the end", async () => {
    const cluster = await field.cluster();
    const app = await field.create([inside("tenant", "made"), own("made")], cluster);
    await field.untilRuns(app, cluster);
    expect(peek(cluster, "ConfigMap", "tenant", "made")).toBeDefined();
    await field.remove(app);
    expect(peek(cluster, "Namespace", "made")).toBeUndefined();
  });

  it("that were there before stay, and so does default, whoever names it", async () => {
    const cluster = await field.cluster();
    await meddle(cluster, "/api/v1/namespaces", own("before"), { method: "POST" });
    const app = await field.create(
      [own("before"), own("default"), inside("tenant", "before")],
      cluster,
    );
    await field.untilRuns(app, cluster);
    await field.remove(app);
    expect(peek(cluster, "Namespace", "before").metadata.deletionTimestamp).toBeUndefined();
    expect(peek(cluster, "Namespace", "default")).toBeDefined();
    expect(peek(cluster, "ConfigMap", "tenant", "before")).toBeUndefined();
  });

  it("stay while another application lives in them", async () => {
    const cluster = await field.cluster();
    const owner = await field.create([own("house"), inside("first", "house")], cluster);
    await field.untilRuns(owner, cluster);
    const tenant = await field.create([inside("second", "house")], cluster);
    await field.untilRuns(tenant, cluster);
    await field.remove(owner);
    expect(peek(cluster, "ConfigMap", "second", "house")).toBeDefined();
    expect(peek(cluster, "Namespace", "house").metadata.deletionTimestamp).toBeUndefined();
    await field.remove(tenant);
  });

  it("of a kubeconfig that sees only one: everything works, by looking instead of watching", async () => {
    const cluster = await field.cluster({ namespace: "mine" });
    await meddle(cluster, "/api/v1/namespaces", own("mine"), { method: "POST" });
    cluster.faults.forbids = (_method, path) =>
      /^\/apis?\/.*v1\/\w+/.test(path) && !path.includes("/namespaces/mine/");
    await waitFor("its nodes are unknown", async () => {
      const { status } = await field.rest.ok("GET", `${clusters}/${cluster.name}`);
      return status.capacity === null && status.state === "ONLINE";
    });
    const app = await field.create(echo("limited"), cluster);
    await field.untilRuns(app, cluster);
    expect(peek(cluster, "Deployment", "limited", "mine")).toBeDefined();
    await field.remove(app);
    expect(peek(cluster, "Deployment", "limited", "mine")).toBeUndefined();
  });
});

describe.concurrent("Jobs", () => {
  it("that are suspended are idle, and the application runs", async () => {
    const cluster = await field.cluster();
    const app = await field.create([job("asleep", { suspend: true })], cluster);
    const status = await field.untilRuns(app, cluster);
    expect(status.conditions.find((one: Json) => one.type === "Healthy").reason).toBe("Idle");
    await field.remove(app);
  });

  it("that complete make it COMPLETED, count their Pods, and take them along", async () => {
    const cluster = await field.cluster();
    const app = await field.create([job("once", { completions: 2, parallelism: 2 })], cluster);
    const status = await field.untilRuns(app, cluster, "COMPLETED");
    expect(status.container_health).toMatchObject({ desired_pods: 2, completed_pods: 2 });
    await field.remove(app);
    await waitFor("its Pods are gone", () => !cluster.objects().some(({ kind }) => kind === "Pod"));
  });

  it("that remove themselves when they have ended are not begun anew", async () => {
    const cluster = await field.cluster();
    const traffic = count(cluster);
    const app = await field.create([job("fleeting", { ttlSecondsAfterFinished: 0 })], cluster);
    await field.untilRuns(app, cluster, "COMPLETED");
    await waitFor("it has gone", () => peek(cluster, "Job", "fleeting") === undefined);
    const probes = traffic.probes();
    await waitFor("some more probes", () => traffic.probes() >= probes + 3);
    expect(traffic.writes()).toHaveLength(1);
    expect((await field.read(app)).status.state).toBe("COMPLETED");
    await field.remove(app);
  });
});

it("asks for nothing that is not there any more when an application is forced away", async () => {
  const cluster = await field.cluster();
  const app = await field.create([configMap("forced", {})], cluster);
  await field.untilRuns(app, cluster);
  await field.rest.ok("DELETE", `${applications}/${app}?force=True`);
  await field.untilGone(app);
  expect(peek(cluster, "ConfigMap", "forced")).toBeDefined();
});
