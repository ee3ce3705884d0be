import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { deployment, manifestText } from "./manifests.ts";
import { openRokField, type RokField } from "./rok-field.ts";

/** Day two at the command line: what people do with an application that runs, and what comes of it on its cluster. */

const work = {
  spec: {
    restartPolicy: "Never",
    containers: [{ name: "work", image: "registry.example/work:1" }],
  },
};
const objects = [
  deployment("web", {
    replicas: 2,
    containers: [{ name: "app", image: "registry.example/web:1" }],
  }),
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { type: "NodePort", selector: { app: "web" }, ports: [{ port: 80 }] },
  },
  { apiVersion: "batch/v1", kind: "Job", metadata: { name: "load" }, spec: { template: work } },
  {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "night" },
    spec: { schedule: "0 3 * * *", jobTemplate: { spec: { template: work } } },
  },
];

const filesObjects = [
  deployment("files", { containers: [{ name: "app", image: "registry.example/web:1" }] }),
  {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "files" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  },
];

let field: RokField;
beforeAll(async () => {
  field = await openRokField(["berlin", "oslo"], {
    files: { "shop.json": manifestText(objects), "files.json": manifestText(filesObjects) },
  });
  for (const name of ["berlin", "oslo"]) await good(`kube cluster register -k ${name}.yaml`);
  await good("kube app create shop -f shop.json --wait --timeout 30s");
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

async function good(line: string): Promise<string> {
  return (await field.good(line)).out;
}

const groups: Readonly<Record<string, string>> = { Service: "v1", Deployment: "apps/v1" };

function on(cluster: string, kind: string, name: string): Json {
  const apiVersion = groups[kind] ?? "batch/v1";
  return field.sim.cluster(cluster).object({ apiVersion, kind, namespace: "default", name });
}

async function where(): Promise<string> {
  return JSON.parse(await good("kube app get shop -o json")).status.running_on.name;
}

test("what is scaled stays so when the file is handed in again, until it is reset", async () => {
  const cluster = await where();
  const replicas = (): number => on(cluster, "Deployment", "web").spec.replicas;
  await good("kube app scale shop web=5 --wait --timeout 30s");
  expect(replicas()).toBe(5);
  await good("kube app update shop -f shop.json -l tier=front --wait --timeout 30s");
  expect(replicas()).toBe(5);
  expect(await good("kube app get shop")).toMatch(/Deployment\/web\D+5 replicas/);
  await good("kube app scale shop --reset web --wait --timeout 30s");
  expect(replicas()).toBe(2);
});

test("a restart and another image make Pods anew, and keep the port", async () => {
  const cluster = await where();
  const port = (): number => on(cluster, "Service", "web").spec.ports[0].nodePort;
  const before = port();
  await good("kube app restart shop --wait --timeout 30s");
  const { template } = on(cluster, "Deployment", "web").spec;
  expect(template.metadata.annotations).toHaveProperty(["kubectl.kubernetes.io/restartedAt"]);
  await good("kube app set-image shop web app=registry.example/web:2 --wait --timeout 30s");
  expect(on(cluster, "Deployment", "web").spec.template.spec.containers[0].image).toBe(
    "registry.example/web:2",
  );
  expect(port()).toBe(before);
});

test("a Job runs once more for each time that it is asked, and not by itself", async () => {
  const cluster = await where();
  const uid = (): string => on(cluster, "Job", "load")?.metadata.uid;
  const first = uid();
  await good("kube app rerun shop load --wait --timeout 30s");
  const second = await waitFor("another Job", () => uid() !== first && uid());
  await good("kube app set-image shop web --reset app --wait --timeout 30s");
  expect(uid()).toBe(second);
});

test("what is stopped runs nothing and keeps its port, and starts as it was", async () => {
  const cluster = await where();
  const port = (): number => on(cluster, "Service", "web").spec.ports[0].nodePort;
  const before = port();
  await good("kube app suspend shop night --wait --timeout 30s");
  await good("kube app stop shop --wait reconciling --timeout 30s");
  await waitFor("nothing to run", () => on(cluster, "Deployment", "web").spec.replicas === 0);
  await good("kube app resume shop night");
  expect(on(cluster, "CronJob", "night").spec.suspend).toBe(true);
  await good("kube app start shop --wait --timeout 30s");
  expect(on(cluster, "Deployment", "web").spec.replicas).toBe(2);
  expect(on(cluster, "CronJob", "night").spec.suspend).toBe(false);
  expect(port()).toBe(before);
});

test("what is removed leaves nothing on the cluster, and comes back", async () => {
  const cluster = await where();
  await good("kube app stop shop --remove");
  await waitFor("an empty cluster", () => on(cluster, "Service", "web") === undefined);
  expect(JSON.parse(await good("kube app get shop -o json")).spec.manifest).toHaveLength(4);
  await good("kube app start shop --wait --timeout 30s");
  expect(on(await where(), "Service", "web")).toBeDefined();
});

test("a Job of it is run by itself, and runs are compared, exported and cleared away", async () => {
  const first = "kube app run shop load --name one --env SEED=1 --note paper --logs --timeout 30s";
  const told = await good(`${first} -- --fast --n 5`);
  expect(told).toMatch(/state +COMPLETED/);
  expect(told).toMatch(/exit +0/);
  await good("kube app run shop CronJob/night --name two --env SEED=2 --wait --timeout 30s");
  expect(await good("kube run list")).toMatch(/one .*COMPLETED|COMPLETED.* one/s);
  const compared = await good("kube run compare one two");
  expect(compared).toMatch(/\* env SEED +1 +2/);
  expect(compared).toMatch(/ {2}state +COMPLETED +COMPLETED/);
  const [titles, ...rows] = (await good("kube run export")).trim().split("\r\n");
  expect(titles).toMatch(/^name,application,workload,env SEED,/);
  expect(rows.map((row) => row.split(",")[0])).toEqual(["one", "two"]);
  const lines = (await good("kube run export --format json --application shop")).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).args)).toEqual(["--fast --n 5", ""]);
  await good("kube app prune-jobs shop --keep 1");
  await waitFor("the older run to go", async () => !(await good("kube run list")).includes("one"));
  expect(await good("kube run list")).toContain("two");
  await good("kube run delete two");
  const late = await field.rok("kube app run shop nothing --name three --wait --timeout 30s");
  expect(late.status).toBe(1);
  expect(late.out + late.err).toContain("found no nothing");
});

test("it goes where it is told to go and stays there", async () => {
  const from = await where();
  const to = from === "berlin" ? "oslo" : "berlin";
  await good(`kube app migrate shop --to ${to} --wait --timeout 30s`);
  expect(await where()).toBe(to);
  expect(on(to, "Deployment", "web")).toBeDefined();
  await good("kube app migrate shop --anywhere --wait --timeout 30s");
});

test("what holds data on a node goes only when that may be left behind", async () => {
  await good("kube app create files -f files.json --wait --timeout 30s");
  const placeOf = "kube app get files -o jsonpath={.status.running_on.name}";
  const from = (await good(placeOf)).trim();
  const to = from === "berlin" ? "oslo" : "berlin";
  const refused = await field.rok(`kube app migrate files --to ${to} --wait --timeout 30s`);
  expect(refused.status).toBe(4);
  expect(refused.err).toContain(`it stays on ${from} with its data (PersistentVolumeClaim files`);
  expect(JSON.parse(await good("get app files -o json")).spec.placement).toBeUndefined();
  await good(`kube app migrate files --to ${to} --accept-data-loss --wait --timeout 30s`);
  expect((await good(placeOf)).trim()).toBe(to);
  await good("kube app delete files --wait --timeout 30s");
});

test.each([
  ["scale shop web", 2, "such as web=5"],
  ["scale shop", 2, "expected a workload and its replicas"],
  ["scale shop wep=3", 4, "did you mean web?"],
  ["set-image shop web sidecar=x:1", 4, "expected a container of it (app), found sidecar"],
  ["rerun shop web", 4, "expected a Job, found no web"],
  ["migrate shop", 2, "expected one of --to and --anywhere"],
  ["restart nobody", 3, "nobody"],
])("rok kube app %s is refused", async (line, status, message) => {
  const result = await field.rok(`kube app ${line}`);
  expect(result).toMatchObject({ out: "" });
  expect(result.err).toContain(message);
  expect(result.status).toBe(status);
});
