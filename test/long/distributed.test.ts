import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DistributedConfigSchema, type DistributedConfig } from "@octoplane/distributed/config";
import { start } from "@octoplane/distributed/start";
import { readAs } from "@octoplane/kinds/read-input";
import { hasEtcd, startEtcd, type EtcdServer } from "../conformance/etcd-server.ts";
import { Rest, type Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { configMap } from "../e2e/manifests.ts";
import { look, openSimulatedSites, type Sites } from "../e2e/site.ts";

const base = "/kubernetes/namespaces/system:admin";

describe.runIf(hasEtcd())("separate processes over etcd", () => {
  let etcd: EtcdServer;
  let sites: Sites;
  let dataDir: string;
  let running: Awaited<ReturnType<typeof start>>;
  let rest: Rest;
  const told: string[] = [];

  beforeAll(async () => {
    etcd = await startEtcd({ fsync: false });
    sites = await openSimulatedSites();
    dataDir = await mkdtemp(join(tmpdir(), "octoplane-distributed-"));
    const config = readAs<DistributedConfig>(DistributedConfigSchema, {
      store: etcd.url,
      listen: "127.0.0.1:0",
      data_dir: dataDir,
      log_level: "silent",
    });
    running = await start(config, (line) => told.push(line));
    const token = (await readFile(join(dataDir, "admin.token"), "utf8")).trim();
    rest = new Rest(
      // A new API process takes a new port here; what it told last is where it is.
      () =>
        told
          .findLast((line) => line.startsWith("api ") && line.includes("http"))!
          .split(/\s+/)
          .at(-1)!,
      () => token,
    );
    const [site] = sites.sites;
    await rest.ok("POST", `${base}/clusters`, {
      metadata: { name: site.name },
      spec: { kubeconfig: site.kubeconfig },
    });
  });
  afterAll(async () => {
    await running?.[Symbol.asyncDispose]();
    await sites?.[Symbol.asyncDispose]();
    await etcd?.[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  const isRunning = async (app: string, generation = 1): Promise<boolean> => {
    const { status, body } = await rest.call("GET", `${base}/applications/${app}`);
    return (
      status === 200 &&
      body.status.state === "RUNNING" &&
      body.status.observed_generation === generation
    );
  };
  const create = (app: string): Promise<Json> =>
    rest.ok("POST", `${base}/applications`, {
      metadata: { name: app },
      spec: { manifest: [configMap(app, { step: "one" })] },
    });

  it("tells each process by name, id and address, and does the main job", async () => {
    for (const name of ["api", "scheduler", "gc", "cluster-controller", "app-controller"]) {
      expect(told.find((line) => line.startsWith(`${name} `))).toMatch(
        /pid \d+ +http:\/\/127\.0\.0\.1:\d+$/,
      );
    }
    await create("first");
    await waitFor("it runs", () => isRunning("first"));
  });

  it("goes on when any process is killed at any moment", async () => {
    for (const name of ["api", "scheduler", "gc", "cluster-controller", "app-controller"]) {
      const app = `killed-${name}`;
      const line = told.findLast((text) => text.startsWith(`${name} `) && text.includes("pid"))!;
      const starts = told.filter(
        (text) => text.startsWith(`${name} `) && text.includes("pid"),
      ).length;
      const creating = create(app).catch(() => undefined);
      process.kill(Number(/pid (\d+)/.exec(line)![1]), "SIGKILL");
      await creating;
      await waitFor(`${name} is back`, () => {
        return (
          told.filter((text) => text.startsWith(`${name} `) && text.includes("pid")).length > starts
        );
      });
      await waitFor("the application is there", async () => {
        const { status } = await rest
          .call("GET", `${base}/applications/${app}`)
          .catch(() => ({ status: 0 }));
        // What was not acknowledged may be lost with the API process, and is asked for again.
        if (status === 404) await create(app).catch(() => undefined);
        return status === 200;
      });
      await waitFor(`${app} runs`, () => isRunning(app).catch(() => false));
      await rest.ok("DELETE", `${base}/applications/${app}`);
      await waitFor(`${app} is gone`, async () => {
        return (await rest.call("GET", `${base}/applications/${app}`)).status === 404;
      });
      expect(await look(sites.sites[0], { kind: "ConfigMap", name: app })).toBeUndefined();
    }
  });

  it("comes back when etcd was away", async () => {
    await etcd.kill();
    const { status } = await rest.call("GET", `${base}/applications/first`);
    expect(status).toBe(503);
    await etcd.restart();
    await waitFor("reads work", async () => {
      return (await rest.call("GET", `${base}/applications/first`)).status === 200;
    });
    await rest.change(`${base}/applications/first`, (body) => {
      body.spec.manifest = [configMap("first", { step: "two" })];
    });
    await waitFor("the change is applied", () => isRunning("first", 2));
  });
});
