import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { openRokField, type RokField, type RokOptions } from "./rok-field.ts";
import type { RokRun } from "./rok-run.ts";

/** The command line against the whole system in this process, with simulated clusters. */

const echo = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: echo, namespace: default }
spec:
  replicas: 2
  selector: { matchLabels: { app: echo } }
  template:
    metadata: { labels: { app: echo } }
    spec:
      containers:
        - name: echo
          image: echo:1
          env: [{ name: GREETING, value: GREETING_HERE }]
---
apiVersion: v1
kind: Service
metadata: { name: echo, namespace: default }
spec:
  type: NodePort
  selector: { app: echo }
  ports: [{ port: 8080 }]
`;

let field: RokField;

beforeAll(async () => {
  field = await openRokField(["edge-1", "edge-2"], { files: { "echo.yaml": echo } });
});

afterAll(async () => await field?.[Symbol.asyncDispose]());

/** One command line, as a person in the folder of the data directory would type it. */
const rok = (line: string | readonly string[], options: RokOptions = {}): Promise<RokRun> =>
  field.rok(line, options);

/** The same where nothing may go wrong; gives what was printed. */
const good = async (line: string | readonly string[], options: RokOptions = {}): Promise<string> =>
  (await field.good(line, options)).out;

async function json<T>(line: string): Promise<T> {
  return JSON.parse(await good(`${line} -o json`)) as T;
}

/** The value of a field in the detail view. */
function fieldOf(text: string, name: string): string | undefined {
  return new RegExp(`^${name} {2,}(.+)$`, "m").exec(text)?.[1];
}

describe("without any cluster", () => {
  test("the server and the token are found by themselves", async () => {
    const out = await good("whoami");
    expect(fieldOf(out, "user")).toBe("system:admin");
    expect(fieldOf(out, "namespace")).toBe("system:admin");
    expect(await good("version")).toMatch(/^rok {5}\d+\.\d+\.\d+\nserver {2}\d+\.\d+\.\d+\n$/);
  });

  test("an empty list is its titles, in Krake's order", async () => {
    expect(await good("kubernetes cluster list")).toBe(
      "name  namespace  labels  created  modified  deleted  state\n",
    );
    expect(await json("kube app list --all")).toEqual([]);
  });

  test("an application that fits nowhere says so", async () => {
    const out = await good("kube app create nowhere -f - --wait pending", { input: echo });
    expect(fieldOf(out, "name")).toBe("nowhere");
    const waited = await rok("kube app update nowhere -l a=b --wait --timeout 2s");
    expect(waited.status).toBe(exitStatus.timeout);
    expect(waited.err).toContain("nowhere: DEGRADED (No matching Kubernetes cluster found)");
    const page = await good("kube app explain nowhere");
    expect(page).toContain("cannot be placed");
    expect(page).toContain("there is no cluster in its namespace");
    await good("kube app delete nowhere --wait --timeout 20s");
    expect((await rok("kube app get nowhere")).status).toBe(exitStatus.notFound);
  });
});

describe("metrics and their providers", () => {
  test("are created, changed in one thing, listed and deleted", async () => {
    await good("core gmp create fixed --type static -m load 0.5 -m heat 30");
    await good("core gm create load --gmp-name fixed --min 0 --max 1");
    await good("core mp create prom --type prometheus --url http://127.0.0.1:9/");
    await good("core metric create disk --mp-name prom --metric-name disk_free --min -5 --max 5");
    const updated = await good("core metric update disk --allowed-values -1 2 --direction lower");
    expect(fieldOf(updated, "allowed_values")).toBe("-1, 2");
    const metric = await json<{ spec: object }>("core metric get disk");
    expect(metric.spec).toEqual({
      allowed_values: [-1, 2],
      min: -5,
      max: 5,
      direction: "lower",
      provider: { name: "prom", metric: "disk_free" },
    });
    await good("core globalmetricsprovider update fixed --metric load 0.9");
    const provider = await json<{ spec: object }>("core gmp get fixed");
    expect(provider.spec).toEqual({ type: "static", static: { metrics: { load: 0.9, heat: 30 } } });
    expect(await good("core metricsprovider list")).toMatch(/^prom +system:admin .*prometheus$/m);
    await good("core metric delete disk");
    expect(await json("core metric list")).toEqual([]);
  });

  test("the token of a provider is not the token of rok, and is never shown", async () => {
    const influx = "--type influx --url http://127.0.0.1:9 --org o --bucket b --token hidden";
    expect(await good(`core mp create influx ${influx} -o yaml`)).toContain("token: REDACTED");
  });
});

describe("clusters and applications", () => {
  test("a cluster is registered by its kubeconfig and comes online", async () => {
    const line = "kube cluster register -k edge-1.yaml -l location=DE --global-metric load 1.5";
    const { status, out, err } = await rok(`${line} --wait --timeout 20s`);
    expect(status, err).toBe(exitStatus.ok);
    expect(err).toContain("edge-1: ONLINE\n");
    expect(fieldOf(out, "name")).toBe("edge-1");
    expect(fieldOf(out, "metrics")).toBe("load: 1.5");
    const other = "kube cluster register second --kubeconfig edge-2.yaml --backoff_limit 4";
    await good(`${other} -l location=SK --wait=online --timeout 20s`);
    const twice = await rok("kube cluster register -k edge-1.yaml");
    expect(twice.status).toBe(exitStatus.refused);
    expect(twice.err).toMatch(/^rok: .*edge-1.*\n$/);
  });

  test("a cluster keeps what an update does not name", async () => {
    const before = await json<{ spec: object }>("kube cluster get second");
    await good("kube cluster update second -R networks.example.org --metric disk 2");
    const after = await json<{ spec: object; metadata: object }>("kube cluster get second");
    expect(after.metadata).toMatchObject({ labels: { location: "SK" } });
    expect(after.spec).toEqual({
      ...before.spec,
      custom_resources: ["networks.example.org"],
      metrics: [{ name: "disk", weight: 2, namespaced: true }],
    });
    await good("kube cluster update second --remove-existing-metrics");
  });

  test("an application is created from a file, runs, and its place is explained", async () => {
    const line = ["kube", "app", "create", "echo", "-f", "echo.yaml", "-L", "location is DE"];
    const flags = ["-i", "GREETING_HERE=hello", "--wait", "--timeout", "30s"];
    const out = await good([...line, ...flags]);
    expect(fieldOf(out, "state")).toBe("RUNNING");
    expect(fieldOf(out, "running_on")).toBe("system:admin/edge-1");
    expect(fieldOf(out, "services")).toMatch(/^echo: .+:\d+$/);
    const place = { apiVersion: "apps/v1", kind: "Deployment", name: "echo", namespace: "default" };
    expect(JSON.stringify(field.sim.cluster("edge-1").object(place))).toContain('"value":"hello"');
    const page = await good("kube app explain echo");
    expect(page).toMatch(/^echo is RUNNING: on system:admin\/edge-1 since \d{4}-/);
    expect(page).toContain("1 of 2 clusters fit");
    expect(page).toMatch(/^system:admin\/second +no +"location is DE" does not hold/m);
    const told = await json<{ recorded: { chosen: object } }>("kube app explain echo");
    expect(told.recorded.chosen).toEqual({ namespace: "system:admin", name: "edge-1" });
  });

  test("an update changes what was named and nothing else, and moves the application", async () => {
    const create = ["kube", "app", "update", "echo", "--backoff-limit", "3", "-l", "team=x"];
    await good(create);
    const before = await json<{ spec: Record<string, unknown> }>("kube app get echo");
    expect(before.spec).toMatchObject({ backoff: 1, backoff_delay: 1, backoff_limit: 3 });
    const move = ["kube", "app", "update", "echo", "-L", "location is SK"];
    const wait = ["--remove-existing-label-constraints", "--wait", "running", "--timeout", "30s"];
    const { status, out, err } = await rok([...move, ...wait]);
    expect(status, err).toBe(exitStatus.ok);
    expect(fieldOf(out, "running_on")).toBe("system:admin/second");
    const after = await json<{ spec: Record<string, unknown>; metadata: object }>(
      "kube app get echo",
    );
    const { constraints, ...rest } = after.spec;
    const { constraints: _old, ...restBefore } = before.spec;
    expect(rest).toEqual(restBefore);
    expect(constraints).toMatchObject({ cluster: { labels: ["location is SK"] } });
    expect(after.metadata).toMatchObject({ labels: { team: "x" } });
  });

  test("an application is deleted, and gone from its cluster", async () => {
    const { status, err } = await rok("kube app delete --wait echo --timeout 30s");
    expect(status, err).toBe(exitStatus.ok);
    expect(err).toMatch(/echo: gone\n$/);
    expect(await json("kube app list")).toEqual([]);
    const place = { apiVersion: "apps/v1", kind: "Deployment", name: "echo", namespace: "default" };
    expect(field.sim.cluster("edge-2").object(place)).toBeUndefined();
    await good("kube cluster delete second --wait --timeout 20s");
    expect(await good("kube cluster list")).not.toContain("second");
  });
});

describe("roles and tokens", () => {
  test("a user with a token may do what the roles say, in a namespace of their own", async () => {
    const rule =
      "rules: [{api: kubernetes, resources: [clusters], namespaces: [bob], verbs: [list]}]";
    await good("core role create -f -", { input: `metadata: {name: lister}\n${rule}` });
    const binding = "kind: RoleBinding\nmetadata: {name: bob}\nusers: [bob]\nroles: [lister]";
    await good("core rolebinding create -f -", { input: binding });
    expect(await good("core role list")).toMatch(/^lister /m);
    const token = (await good("token create bob --expires-in 1h")).trim();
    const world = { variables: { OCTOPLANE_TOKEN: token } };
    expect(fieldOf(await good("whoami", world), "roles")).toBe("lister");
    expect(await good("kube cluster list -o json", world)).toBe("[]\n");
    const refused = await rok("kube app list", world);
    expect(refused.status).toBe(exitStatus.notAllowed);
    expect(refused.err).toMatch(/^rok: .*bob.*\n$/);
    await good("core rolebinding delete bob");
  });
});

describe("what goes wrong", () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ["kube app lst", exitStatus.usage, /unknown command 'lst'\n\(Did you mean list\?\)/],
    ["kube app list --al", exitStatus.usage, /unknown option '--al'/],
    ["kube app create x", exitStatus.usage, /^rok: expected manifests or a template/],
    ["kube app update x", exitStatus.usage, /^rok: nothing to change/],
    [
      "kube app create x -f echo.yaml --wait online",
      exitStatus.usage,
      /^rok: --wait: expected one/,
    ],
    ["kube app create x -f echo.yaml -l =y", exitStatus.usage, /Expected key=value/],
    ["kube app list -o xml", exitStatus.usage, /Allowed choices are table, json, yaml/],
    ["kube cluster register --metric load", exitStatus.usage, /--metric: expected a name and/],
    ["core mp create x --type kafka", exitStatus.usage, /needs --url, --table/],
    ["kube app create x -f none.yaml", exitStatus.refused, /^rok: none\.yaml cannot be read/],
    ["kube cluster register -k edge-1.yaml -c no", exitStatus.refused, /no context "no"/],
    ["core gm create x --gmp-name y --min 3 --max 1", exitStatus.refused, /^rok: spec\.min: /],
    ["kube cluster get no", exitStatus.notFound, /^rok: Cluster no in namespace system:admin/],
    [
      "whoami --token wrong",
      exitStatus.notAllowed,
      /the token is not valid \(token from --token\)/,
    ],
    ["whoami --config no.yaml", exitStatus.refused, /no\.yaml cannot be read/],
    ["whoami --data-dir no", exitStatus.unreachable, /no server runs on .*npm start/],
    ["whoami --server http://127.0.0.1:9", exitStatus.unreachable, /no server answers at http/],
  ];
  for (const [line, status, message] of cases) {
    test(`rok ${line}`, async () => {
      const result = await rok(line);
      expect(result.err).toMatch(message);
      expect(result.status).toBe(status);
      expect(result.out).toBe("");
    });
  }

  test("a constraint that does not parse is shown with a caret below the place", async () => {
    const line = ["kube", "app", "create", "x", "-f", "echo.yaml", "-L", "location sis DE"];
    const { status, err } = await rok(line);
    expect(status).toBe(exitStatus.refused);
    expect(err.split("\n").slice(1)).toEqual(["  location sis DE", "           ^", ""]);
    expect(err).toMatch(
      /^rok: spec\.constraints\.cluster\.labels\[0\]: Invalid label constraint: /,
    );
  });

  test("an object that is refused is named with its file and line", async () => {
    const input = `${echo}---\nkind: Pod\n`;
    const { err } = await rok("kube app create x -f -", { input });
    expect(err).toMatch(/^rok: standard input:\d+: spec\.manifest\[2\]: expected apiVersion/);
  });
});

test("rok runs as a program of its own, and ends with its exit status", async () => {
  const program = fileURLToPath(new URL("../../apps/rok/bin/rok.mjs", import.meta.url));
  const runChild = (args: readonly string[], input = ""): Promise<RokRun> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, ...args], {
        cwd: field.folder,
        env: { PATH: process.env["PATH"] ?? "", HOME: field.folder },
      });
      let out = "";
      let err = "";
      child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
      child.on("error", reject);
      child.on("close", (code) => resolve({ status: code ?? -1, out, err }));
      child.stdin.end(input);
    });
  expect(await runChild(["whoami", "-o", "json"])).toMatchObject({
    status: exitStatus.ok,
    out: expect.stringContaining('"user": "system:admin"') as string,
    err: "",
  });
  const created = await runChild(["kube", "app", "create", "piped", "-f", "-"], echo);
  expect(fieldOf(created.out, "name")).toBe("piped");
  expect(await runChild(["kube", "app", "get", "nobody"])).toEqual({
    status: exitStatus.notFound,
    out: "",
    err: "rok: Application nobody in namespace system:admin does not exist\n",
  });
  const removed = await runChild(["kube", "app", "delete", "piped", "--wait", "--timeout", "20s"]);
  expect(removed.err).toMatch(/piped: gone\n$/);
  expect(removed.status).toBe(exitStatus.ok);
});
