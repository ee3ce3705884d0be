import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "@octoplane/kube/kube";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { configMap, echo, widgets } from "./manifests.ts";
import { look, servedKind, type Site, type Sites } from "./site.ts";
import type { World } from "./world.ts";

const namespace = "system:admin";
const applications = `/kubernetes/namespaces/${namespace}/applications`;
const clusters = `/kubernetes/namespaces/${namespace}/clusters`;

/** The main job, end to end: one suite over every store and every sort of cluster. */
export function endToEnd(name: string, open: () => Promise<World>): void {
  describe(name, () => {
    let world: World;
    let counter = 0;
    const fresh = (): string => `app-${(counter += 1)}`;

    beforeAll(async () => {
      world = await open();
      await prepare(world);
    });
    afterAll(async () => await world?.[Symbol.asyncDispose]());

    const rest = () => world.octoplane.rest;
    const create = async (app: string, spec: Json): Promise<void> => {
      await rest().ok("POST", applications, { metadata: { name: app }, spec });
    };
    const until = async (
      app: string,
      what: string,
      holds: (app: Json) => boolean,
    ): Promise<Json> => {
      let last: Json;
      return await waitFor(
        `${app} ${what}`,
        async () => {
          last = (await rest().call("GET", `${applications}/${app}`)).body;
          return last.status?.state !== undefined && holds(last) ? last : undefined;
        },
        { deadlineMs: 60_000, seen: () => last?.status },
      );
    };
    const runsOn = (site: string) => (app: Json) =>
      app.status.state === "RUNNING" &&
      app.status.running_on?.name === site &&
      app.status.copies.length === 1;
    const remove = async (app: string): Promise<void> => {
      await rest().ok("DELETE", `${applications}/${app}`);
      await waitFor(`${app} is gone`, async () => {
        return (await rest().call("GET", `${applications}/${app}`)).status === 404;
      });
    };
    const siteNamed = (wanted: string): Site => world.sites.find((site) => site.name === wanted)!;

    it("registers clusters that become ONLINE, with their nodes, capacity and version", async () => {
      const cluster = await rest().ok("GET", `${clusters}/berlin`);
      expect(cluster.status.state).toBe("ONLINE");
      expect(cluster.status.version).toMatch(/^v1\./);
      expect(cluster.status.capacity.nodes_ready).toBeGreaterThan(0);
      expect(JSON.stringify(cluster)).not.toContain(secretOf(siteNamed("berlin")));
    });

    it("places by metric, runs, and tells why", async () => {
      const app = fresh();
      await setPrices(world, { berlin: 0.2, oslo: 0.8 });
      await create(app, { manifest: echo(app, { replicas: 2 }) });
      const running = await until(app, "runs on berlin", runsOn("berlin"));
      expect(running.status.container_health).toMatchObject({ desired_pods: 2, running_pods: 2 });
      expect(running.status.services[app]).toMatch(/^127\.0\.0\.1:3\d{4}$/);
      expect(Object.keys(running.status.services)).toHaveLength(3);
      const { items } = await rest().ok("GET", `${applications}/${app}/decisions`);
      expect(items[0].chosen.name).toBe("berlin");
      expect(items[0].candidates.map((candidate: Json) => candidate.cluster.name)).toEqual([
        "berlin",
        "oslo",
      ]);
      expect(items[0].candidates[0].score).toBeCloseTo(0.8);
      await remove(app);
      expect(await look(siteNamed("berlin"), { kind: "Deployment", name: app })).toBeUndefined();
      expect(await look(siteNamed("berlin"), { kind: "Service", name: app })).toBeUndefined();
    });

    it("places by label against the better score, and moves when the label changes", async () => {
      const app = fresh();
      await setPrices(world, { berlin: 0.2, oslo: 0.8 });
      const constraints = { cluster: { labels: ["location is NO"] } };
      await create(app, { manifest: echo(app), constraints });
      await until(app, "runs on oslo", runsOn("oslo"));
      await rest().change(`${applications}/${app}`, (body) => {
        body.spec.constraints.cluster.labels = ["location in (DE, SK)"];
      });
      await until(app, "runs on berlin", runsOn("berlin"));
      await remove(app);
    });

    it("says NO_SUITABLE_RESOURCE when nothing fits, and places by itself when something does", async () => {
      const app = fresh();
      await create(app, {
        manifest: echo(app),
        constraints: { cluster: { labels: ["tier is gold"] } },
      });
      const waiting = await until(app, "is refused", ({ status }) => status.reason !== null);
      expect(waiting.status.reason).toEqual({
        code: "NO_SUITABLE_RESOURCE",
        message: "No matching Kubernetes cluster found",
      });
      await rest().change(`${clusters}/oslo`, (body) => void (body.metadata.labels.tier = "gold"));
      await until(app, "runs on oslo", runsOn("oslo"));
      await rest().change(`${clusters}/oslo`, (body) => void delete body.metadata.labels.tier);
      await remove(app);
    });

    it("migrates when a metric changes, and is never absent meanwhile", async () => {
      const app = fresh();
      await setPrices(world, { berlin: 0.1, oslo: 0.9 });
      await create(app, { manifest: echo(app) });
      await until(app, "runs on berlin", runsOn("berlin"));
      const watch = watchAvailability(world.sites, app);
      await setPrices(world, { berlin: 0.9, oslo: 0.1 });
      await until(app, "runs on oslo", runsOn("oslo"));
      const fewest = await watch.stop();
      expect(fewest).toBeGreaterThanOrEqual(1);
      expect(await look(siteNamed("berlin"), { kind: "Deployment", name: app })).toBeUndefined();
      await remove(app);
    });

    it("updates: changed objects are changed, dropped ones removed, and the rest is left alone", async () => {
      const app = fresh();
      await setPrices(world, { berlin: 0.1, oslo: 0.9 });
      const extra = configMap(`${app}-extra`, { key: "value" });
      const kept = configMap(`${app}-kept`, { key: "value" });
      await create(app, { manifest: [...echo(app), extra, kept] });
      await until(app, "runs", runsOn("berlin"));
      const site = siteNamed("berlin");
      const before = await look(site, { kind: "ConfigMap", name: `${app}-kept` });
      const port = nodePort(await look(site, { kind: "Service", name: app }));
      await rest().change(`${applications}/${app}`, (body) => {
        body.spec.manifest = [
          ...echo(app, { replicas: 2, image: "registry.example/echo:2" }),
          kept,
        ];
      });
      await until(app, "runs the new generation", (body) => {
        return runsOn("berlin")(body) && body.status.observed_generation === 2;
      });
      const deployment: Json = await look(site, { kind: "Deployment", name: app });
      expect(deployment.spec.replicas).toBe(2);
      expect(deployment.spec.template.spec.containers[0].image).toBe("registry.example/echo:2");
      expect(await look(site, { kind: "ConfigMap", name: `${app}-extra` })).toBeUndefined();
      const after = await look(site, { kind: "ConfigMap", name: `${app}-kept` });
      expect(after?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
      expect(nodePort(await look(site, { kind: "Service", name: app }))).toBe(port);
      await remove(app);
    });

    it("repairs drift of its own fields, restores what was deleted, and leaves foreign fields alone", async () => {
      const app = fresh();
      await create(app, { manifest: [configMap(app, { ours: "wanted" })] });
      const running = await until(app, "runs", (body) => body.status.state === "RUNNING");
      const site = siteNamed(running.status.running_on.name);
      await meddle(site, app, { ours: "changed", theirs: "stays" });
      await waitFor("the change is reverted", async () => {
        const object: Json = await look(site, { kind: "ConfigMap", name: app });
        return object?.data.ours === "wanted";
      });
      const object: Json = await look(site, { kind: "ConfigMap", name: app });
      expect(object.data).toEqual({ ours: "wanted", theirs: "stays" });
      const served = (await servedKind(site, "ConfigMap"))!;
      await site.kube.delete(
        { served, namespace: "default", name: app },
        { propagation: "Background" },
      );
      await waitFor("the object is restored", async () => {
        const again: Json = await look(site, { kind: "ConfigMap", name: app });
        return again?.data.ours === "wanted" && again.metadata.uid !== object.metadata.uid;
      });
      await remove(app);
    });

    it("applies definitions before their objects, whatever the order in the manifest", async () => {
      const app = fresh();
      const group = `${app}.example.org`;
      await create(app, {
        manifest: widgets(group),
        constraints: { cluster: { labels: ["location is DE"] } },
      });
      await until(app, "runs", runsOn("berlin"));
      const cluster = await waitFor("the cluster reports the new kind", async () => {
        const body = await rest().ok("GET", `${clusters}/berlin`);
        return body.status.served_kinds.includes(`widgets.${group}`) ? body : undefined;
      });
      expect(cluster.status.state).toBe("ONLINE");
      const other = fresh();
      const constraints = { cluster: { custom_resources: [`widgets.${group}`] } };
      await setPrices(world, { berlin: 0.9, oslo: 0.1 });
      await create(other, { manifest: [configMap(other, {})], constraints });
      await until(other, "follows the custom resource", runsOn("berlin"));
      await remove(other);
      await remove(app);
    });

    it("never takes an object that belongs to another application", async () => {
      const first = fresh();
      const second = fresh();
      const constraints = { cluster: { labels: ["location is DE"] } };
      await create(first, { manifest: [configMap("contested", { of: "first" })], constraints });
      await until(first, "runs", runsOn("berlin"));
      await create(second, { manifest: [configMap("contested", { of: "second" })], constraints });
      const refused = await until(second, "is refused", ({ status }) => status.state === "FAILED");
      expect(refused.status.reason.code).toBe("OWNED_BY_OTHER");
      await remove(second);
      const object: Json = await look(siteNamed("berlin"), {
        kind: "ConfigMap",
        name: "contested",
      });
      expect(object.data.of).toBe("first");
      await remove(first);
    });

    it("moves away from a lost cluster, and cleans up there when it is back", async () => {
      const app = fresh();
      await setPrices(world, { berlin: 0.1, oslo: 0.9 });
      await create(app, { manifest: echo(app) });
      await until(app, "runs on berlin", runsOn("berlin"));
      const berlin = siteNamed("berlin");
      await berlin.lose();
      try {
        await waitFor("berlin is OFFLINE", async () => {
          return (await rest().ok("GET", `${clusters}/berlin`)).status.state === "OFFLINE";
        });
        await until(app, "runs on oslo", ({ status }) => {
          return status.state === "RUNNING" && status.running_on.name === "oslo";
        });
      } finally {
        await berlin.comeBack();
      }
      await waitFor("berlin is ONLINE", async () => {
        return (await rest().ok("GET", `${clusters}/berlin`)).status.state === "ONLINE";
      });
      await setPrices(world, { berlin: 0.9, oslo: 0.1 });
      await until(app, "runs on oslo alone", runsOn("oslo"));
      expect(await look(berlin, { kind: "Deployment", name: app })).toBeUndefined();
      await remove(app);
    });

    it("goes on where it was after a restart at every step", async () => {
      const app = fresh();
      const restart = (): Promise<void> => world.octoplane.restart();
      await setPrices(world, { berlin: 0.1, oslo: 0.9 });
      await create(app, { manifest: echo(app) });
      await restart();
      await until(app, "runs on berlin", runsOn("berlin"));
      await restart();
      await setPrices(world, { berlin: 0.9, oslo: 0.1 });
      await restart();
      await until(app, "runs on oslo", runsOn("oslo"));
      await rest().change(`${applications}/${app}`, (body) => {
        body.spec.manifest = echo(app, { replicas: 2 });
      });
      await restart();
      await until(app, "has two Pods", ({ status }) => status.container_health.running_pods === 2);
      await rest().ok("DELETE", `${applications}/${app}`);
      await restart();
      await waitFor(`${app} is gone`, async () => {
        return (await rest().call("GET", `${applications}/${app}`)).status === 404;
      });
      for (const site of world.sites) {
        expect(await look(site, { kind: "Deployment", name: app })).toBeUndefined();
      }
    });

    it("deletes what is on a cluster before the cluster itself", async () => {
      const app = fresh();
      const oslo = siteNamed("oslo");
      await register(world, oslo, "temporary", {});
      const constraints = { cluster: { labels: ["name is temporary"] } };
      await create(app, { manifest: echo(app), constraints });
      await until(app, "runs", runsOn("temporary"));
      await rest().ok("DELETE", `${clusters}/temporary`);
      await waitFor("the cluster is gone", async () => {
        return (await rest().call("GET", `${clusters}/temporary`)).status === 404;
      });
      expect((await rest().call("GET", `${applications}/${app}`)).status).toBe(404);
      expect(await look(oslo, { kind: "Deployment", name: app })).toBeUndefined();
    });
  });

  async function prepare(world: World): Promise<void> {
    const { rest } = world.octoplane;
    await rest.ok("POST", "/core/globalmetricsproviders", {
      metadata: { name: "prices" },
      spec: { type: "static", static: { metrics: { berlin: 0.5, oslo: 0.5 } } },
    });
    for (const [site, location] of [
      [world.sites[0], "DE"],
      [world.sites[1], "NO"],
    ] as const) {
      await rest.ok("POST", "/core/globalmetrics", {
        metadata: { name: `price_${site.name}` },
        spec: {
          allowed_values: [],
          min: 0,
          max: 1,
          direction: "lower",
          provider: { name: "prices", metric: site.name },
        },
      });
      const metrics = [{ name: `price_${site.name}`, weight: 1 }];
      await register(world, site, site.name, { location, metrics });
    }
  }

  async function register(
    world: World,
    site: Site,
    as: string,
    options: { readonly location?: string; readonly metrics?: Json },
  ): Promise<void> {
    const { rest } = world.octoplane;
    const labels = {
      name: as,
      ...(options.location === undefined ? {} : { location: options.location }),
    };
    await rest.ok("POST", clusters, {
      metadata: { name: as, labels },
      spec: { kubeconfig: site.kubeconfig, metrics: options.metrics ?? [] },
    });
    await waitFor(`${as} is ONLINE`, async () => {
      return (await rest.ok("GET", `${clusters}/${as}`)).status.state === "ONLINE";
    });
  }

  async function setPrices(world: World, metrics: Readonly<Record<string, number>>): Promise<void> {
    const path = "/core/globalmetricsproviders/prices";
    const body = await world.octoplane.rest.ok("GET", path);
    if (JSON.stringify(body.spec.static.metrics) === JSON.stringify(metrics)) return;
    body.spec.static.metrics = metrics;
    await world.octoplane.rest.ok("PUT", path, body);
  }
}

/** Some credential of the kubeconfig that must show nowhere. */
function secretOf(site: Site): string {
  const users = site.kubeconfig["users"] as readonly {
    readonly user: { readonly token: string };
  }[];
  return users[0]!.user.token;
}

function nodePort(service: KubeObject | undefined): unknown {
  return (service as Json)?.spec.ports[0].nodePort;
}

/** Counts ready Pods over all sites, again and again, and remembers the fewest. */
function watchAvailability(sites: Sites["sites"], name: string): { stop(): Promise<number> } {
  let fewest = Infinity;
  let isOver = false;
  const count = async (): Promise<void> => {
    // From the first look of a round to its last, an object may move; both sites are looked at in both orders.
    for (const order of [sites, sites.toReversed()]) {
      let ready = 0;
      for (const site of order) {
        const deployment: Json = await look(site, { kind: "Deployment", name });
        if (deployment && !deployment.metadata.deletionTimestamp) {
          ready += deployment.status?.readyReplicas ?? 0;
        }
      }
      seen.push(ready);
    }
    fewest = Math.min(fewest, Math.max(...seen.slice(-2)));
  };
  const seen: number[] = [];
  const running = (async () => {
    while (!isOver) await count();
  })();
  return {
    async stop() {
      isOver = true;
      await running;
      return fewest;
    },
  };
}

/** What another field manager does: a plain update of a ConfigMap's data. */
async function meddle(
  site: Site,
  name: string,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  const [cluster] = site.kubeconfig["clusters"] as readonly {
    readonly cluster: { readonly server: string; readonly "certificate-authority-data"?: string };
  }[];
  const { server } = cluster!.cluster;
  const ca = cluster!.cluster["certificate-authority-data"];
  const { Agent, request } = await import("undici");
  const dispatcher = new Agent({
    connect: ca === undefined ? {} : { ca: Buffer.from(ca, "base64") },
  });
  const answer = await request(
    `${server}/api/v1/namespaces/default/configmaps/${name}?fieldManager=somebody`,
    {
      method: "PATCH",
      dispatcher,
      headers: {
        authorization: `Bearer ${secretOf(site)}`,
        "content-type": "application/merge-patch+json",
      },
      body: JSON.stringify({ data }),
    },
  );
  await answer.body.dump();
  await dispatcher.close();
  expect(answer.statusCode).toBe(200);
}
