import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { deployment, manifestText } from "./manifests.ts";
import { openRokField, type RokField } from "./rok-field.ts";

/** What really stands on clusters, at the command line: objects, differences, clusters themselves, images. */

const web = (image: string): Json =>
  deployment("web", { replicas: 2, containers: [{ name: "app", image }] });
const secret = (password: string): Json => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "login" },
  stringData: { password },
});
const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: { type: "NodePort", selector: { app: "web" }, ports: [{ port: 80 }] },
};
const load = (image: string): Json => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "load" },
  spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "work", image }] } } },
});
const config = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "new" }, data: { a: "b" } };

const before = [web("web:1"), service, secret("hunter2"), load("load:1")];
const after = [web("web:2"), secret("correct horse"), load("load:2"), config];

let field: RokField;
beforeAll(async () => {
  field = await openRokField(["berlin", "oslo"], {
    files: {
      "before.json": manifestText(before),
      "after.json": manifestText(after),
      "odd.json": manifestText([
        ...before,
        { apiVersion: "x.org/v1", kind: "Odd", metadata: { name: "o" } },
      ]),
    },
    settings: {
      app_controller: { start_grace: 0.4 },
      cluster_controller: { probe_interval: 0.25, probe_retry: 0.1, probe_failures: 2 },
    },
  });
  await field.good("kube cluster register -k berlin.yaml --wait --timeout 30s");
  await field.good("kube app create shop -f before.json --wait --timeout 30s");
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

const versions = (cluster: string): Json[] =>
  field.sim
    .cluster(cluster)
    .objects()
    .filter(({ kind }) => ["Deployment", "Service", "Secret", "Job", "ConfigMap"].includes(kind))
    .map(({ kind, metadata }) => [kind, metadata.name, metadata.generation, metadata.uid]);

describe("differences", () => {
  it("are none where everything stands as it was wanted", async () => {
    const { out } = await field.good("kube app diff shop");
    expect(out).toBe("nothing is different\n");
  });

  it("are told object by object and field by field, with secrets hidden, and nothing is written", async () => {
    const stood = versions("berlin");
    const { out, status } = await field.rok("kube app diff shop -f after.json");
    expect(out.split("\n")).toEqual([
      "on berlin",
      "  Deployment/web in default (apps) changed",
      "    spec.template.spec.containers[app].image: web:1 -> web:2",
      "  Secret/login in default changed",
      "    data.password: (hidden) -> (hidden)",
      expect.stringMatching(/^ {2}Job\/load in default \(batch\) replaced: spec\.template/),
      "  ConfigMap/new in default added",
      "  Service/web in default removed",
      "",
    ]);
    expect(status).toBe(1);
    expect(versions("berlin")).toEqual(stood);
  });

  it("are what an update as a dry run prints, and the application stays as it is", async () => {
    const { out, status } = await field.rok("kube app update shop -f after.json --dry-run=server");
    expect(out).toContain("  ConfigMap/new in default added\n");
    expect(status).toBe(1);
    const app = JSON.parse((await field.good("kube app get shop -o json")).out);
    expect(app.metadata.generation).toBe(1);
    const refused = await field.rok("kube app update shop --pin no/such --dry-run=server");
    expect(refused.status).toBe(4);
  });

  it("name what the cluster would refuse, with its words", async () => {
    const { out } = await field.rok("kube app diff shop -f odd.json -o json");
    expect(JSON.parse(out)).toEqual([
      {
        cluster: "berlin",
        object: "Odd/o",
        change: "refused",
        fields: [],
        message: "the cluster does not serve Odd of x.org/v1",
      },
    ]);
  });

  it("are asked of clusters that it belongs on, and no others", async () => {
    const { err, status } = await field.rok("kube app diff shop --cluster oslo");
    expect(err).toContain("application shop does not belong on cluster oslo");
    expect(status).toBe(3);
  });
});

it("objects are listed with how they are doing", async () => {
  const { out } = await field.good("kube app objects shop -o json");
  const items = await waitFor("the Job's end", async () => {
    const found: Json[] = JSON.parse((await field.good("kube app objects shop -o json")).out);
    return found.some(({ health }) => health === "completed") && found;
  });
  expect(JSON.parse(out)).toHaveLength(4);
  expect(items.map(({ kind, health }) => `${kind} ${health}`)).toEqual([
    "Deployment healthy",
    "Service healthy",
    "Secret healthy",
    "Job completed",
  ]);
  expect((await field.good("kube app objects shop")).out).toMatch(
    /Deployment\.apps\/web +default +berlin +healthy +2\/2/,
  );
});

describe("a cluster", () => {
  it("is described: its nodes, what is requested of them, its applications, its events", async () => {
    const { out } = await field.good("kube cluster describe berlin");
    expect(out).toMatch(/^name +berlin$/m);
    expect(out).toMatch(/^ +Reachable +True +Answers/m);
    expect(out).toMatch(
      /^ +berlin-node-0 +Ready +control-plane +v1\.36\.3 +linux\/amd64 +0\/32 +0Mi\/256Gi +2\/110/m,
    );
    expect(out).toMatch(/^applications\n {2}shop$/m);
    expect(out).toMatch(/^events$/m);
    const { cluster, nodes } = JSON.parse(
      (await field.good("kube cluster describe berlin -o json")).out,
    );
    expect(cluster.metadata.name).toBe("berlin");
    expect(nodes[0]).toMatchObject({
      ready: true,
      allocatable: { cpu: "32" },
      requested: { pods: 2 },
    });
  });

  it("that does not answer is described with what was seen of it last", async () => {
    const dark = await phoenix("dark");
    dark.faults.offline = true;
    const { out } = await field.good("kube cluster describe dark");
    expect(out).toMatch(/^nodes: cluster dark: .*; seen last: dark-1-node-0$/m);
    await field.good("kube cluster delete dark --force");
  });

  it("with applications is not deleted by mistake", async () => {
    const refused = await field.rok("kube cluster delete berlin");
    expect(refused.status).toBe(4);
    expect(refused.err).toContain(
      "with berlin would go: application/shop; --cascade deletes them too",
    );
    const stands = JSON.parse((await field.good("kube cluster get berlin -o json")).out);
    expect(stands.metadata.deleted).toBeNull();
  });

  it("is deleted with what runs there when that is meant, and without a word when it is empty", async () => {
    const gone = await phoenix("gone");
    await field.good("kube app create brief -f before.json --pin gone --wait --timeout 30s");
    expect(objectsOn(gone, "Deployment")).toHaveLength(1);
    await field.good("kube cluster delete gone --cascade --wait --timeout 30s");
    expect(objectsOn(gone, "Deployment")).toEqual([]);
    expect((await field.rok("kube app get brief")).status).toBe(3);
    await phoenix("empty");
    await field.good("kube cluster delete empty --wait --timeout 30s");
  });

  it("that was built anew gets everything once more, and what runs once runs again", async () => {
    const old = await phoenix("nest");
    await writeFile(join(field.folder, "nest.json"), manifestText([...before, once, hook]));
    await field.good("kube app create bird -f nest.json --pin nest --wait --timeout 30s");
    const [was] = objectsOn(old, "Deployment");
    await waitFor("the Job has removed itself", () => madeJobs(old).size === 2);
    const anew = field.sim.addCluster({ name: "nest-2" });
    await writeFile(join(field.folder, "nest-2.yaml"), anew.kubeconfigYaml);
    const [made, deleted] = [new Set<string>(), new Set<string>()];
    anew.traffic.listen(({ method, path }) => {
      if (method === "DELETE") deleted.add(path);
      if (method === "PATCH" && path.includes("/jobs/")) made.add(path.split("/").at(-1)!);
    });
    await field.good("kube cluster update nest -k nest-2.yaml");
    await waitFor("everything stands again", () => {
      const names = ["Deployment", "Service", "Secret"].flatMap((kind) => objectsOn(anew, kind));
      return names.length >= 3 && made.size === 3;
    });
    await field.good("kube app rollout status bird --timeout 30s");
    expect([...made].toSorted()).toEqual(["first", "load", "once"]);
    expect(objectsOn(anew, "Deployment")).toHaveLength(1);
    expect(objectsOn(anew, "ReplicaSet")).toHaveLength(1);
    expect([...deleted]).toEqual([]);
    expect(objectsOn(old, "Deployment")).toEqual([was]);
    const { status } = JSON.parse((await field.good("kube app get bird -o json")).out);
    const uids = status.copies[0].objects.map(({ uid }: Json) => uid);
    expect(uids).toContain(objectsOn(anew, "Deployment")[0]!.metadata.uid);
    await field.good("kube app delete bird --wait --timeout 30s");
  });

  it("that was away for a while has nothing twice, and what was changed meanwhile", async () => {
    const away = await phoenix("away");
    await field.good("kube app create calm -f before.json --pin away --wait --timeout 30s");
    const kinds = ["Deployment", "Service", "Secret", "Job"];
    const stood = kinds
      .flatMap((kind) => objectsOn(away, kind))
      .map(({ metadata }) => metadata.uid);
    away.faults.offline = true;
    await untilCluster("away", "OFFLINE");
    const unseen: Json[] = JSON.parse((await field.good("kube app objects calm -o json")).out);
    expect(unseen.map(({ kind, health }) => `${kind} ${health}`)).toContain("Deployment unknown");
    await field.good("kube app set-image calm web app=web:3");
    away.faults.offline = false;
    await untilCluster("away", "ONLINE");
    await waitFor("the new image", () =>
      JSON.stringify(objectsOn(away, "Deployment")[0]).includes('"web:3"'),
    );
    await field.good("kube app rollout status calm --timeout 30s");
    const stand = kinds
      .flatMap((kind) => objectsOn(away, kind))
      .map(({ metadata }) => metadata.uid);
    expect(stand).toEqual(stood);
    await field.good("kube app delete calm --wait --timeout 30s");
  });
});

const once: Json = {
  ...load("once:1"),
  metadata: { name: "once" },
};
once.spec = { ...once.spec, ttlSecondsAfterFinished: 0 };
const hook: Json = {
  ...load("hook:1"),
  metadata: { name: "first", annotations: { "helm.sh/hook": "pre-install" } },
};

/** One more cluster, on which there is only what is pinned to it. */
async function phoenix(name: string): Promise<SimCluster> {
  const cluster = field.sim.addCluster({ name: `${name}-1` });
  await writeFile(join(field.folder, `${name}.yaml`), cluster.kubeconfigYaml);
  await field.good(`kube cluster register ${name} -k ${name}.yaml --wait --timeout 30s`);
  return cluster;
}

function objectsOn(cluster: SimCluster, kind: string): Json[] {
  return cluster
    .objects()
    .filter((object) => object.kind === kind && object.metadata.namespace === "default")
    .filter(({ metadata }) => metadata.name !== "kubernetes");
}

function madeJobs(cluster: SimCluster): ReadonlySet<string> {
  return new Set(objectsOn(cluster, "Job").map(({ metadata }) => metadata.name));
}

async function untilCluster(name: string, state: string): Promise<void> {
  await waitFor(`${name} is ${state}`, async () => {
    const { out } = await field.good(`kube cluster get ${name} -o json`);
    return JSON.parse(out).status.state === state;
  });
}

it("images are listed as each cluster would pull them, with what its nodes have", async () => {
  await phoenix("mirror");
  const overrides = { image_registry: "mirror.test/hub", pull_policy: "Never" };
  await writeFile(join(field.folder, "overrides.yaml"), JSON.stringify(overrides));
  await field.good(
    "kube app create copy -f before.json --pin mirror --overrides overrides.yaml --wait --timeout 30s",
  );
  const images = async (): Promise<string[][]> => {
    const { out } = await field.good("kube app images copy --no-headers");
    return out
      .trim()
      .split("\n")
      .map((line) => line.split(/ {2,}/));
  };
  expect(await images()).toEqual([
    ["mirror.test/hub/library/web:1", "mirror", "unknown", "Never", "Deployment/web"],
    ["mirror.test/hub/library/load:1", "mirror", "unknown", "Never", "Job/load"],
  ]);
  await tellImages(field.sim.cluster("mirror-1"), ["mirror.test/hub/library/web:1"]);
  expect((await images()).map(([, , present]) => present)).toEqual(["all", "none"]);
  await field.good("kube app create nowhere -f before.json --pin none-such");
  const { out } = await field.good("kube app images nowhere -o json");
  expect(JSON.parse(out)[0]).toMatchObject({ cluster: null, image: "web:1", present: "unknown" });
});

/** What a kubelet writes into its node's status. */
async function tellImages(cluster: SimCluster, names: readonly string[]): Promise<void> {
  const path = `/api/v1/nodes/${cluster.nodeNames()[0]}/status`;
  const answer = await fetch(`${cluster.server}${path}`, {
    method: "PATCH",
    headers: {
      authorization: `Bearer ${cluster.token}`,
      "content-type": "application/merge-patch+json",
    },
    body: JSON.stringify({ status: { images: [{ names, sizeBytes: 1 }] } }),
  });
  expect(answer.status).toBe(200);
}
