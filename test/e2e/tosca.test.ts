import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import { readDocument } from "@octoplane/shared/manifest-yaml";
import { writeZip } from "@octoplane/tosca/testing/write-zip";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { applications, openField, peek, workers, type Field } from "./field.ts";
import { runRok, serverVariables } from "./rok-run.ts";

/** TOSCA templates and CSAR archives, from handing them in to what stands on a cluster. */

let field: Field;
let cluster: SimCluster;
let server: Server;
let folder: string;
/** What the server of files answers, by path; `undefined` is never answered. */
const files = new Map<string, string | Buffer | undefined>();
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url?.split("?")[0] ?? "";
    asked.push(path);
    if (path === "/hop.yaml") response.writeHead(302, { location: "http://10.0.0.1/x" }).end();
    else if (!files.has(path)) response.writeHead(404).end();
    else if (files.get(path) !== undefined) response.end(files.get(path));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const fetch = { allow: ["127.0.0.1"], public: true };
  field = await openField({ app_controller: { fetch } });
  cluster = await field.cluster();
  folder = await mkdtemp(join(tmpdir(), "octoplane-"));
});

afterAll(async () => {
  await field[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

const url = (path: string): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

/** Like the sample of Krake: a Deployment and its Service, of two inputs. */
const echo = (name: string, replicas = 1): string => `
tosca_definitions_version: tosca_simple_yaml_1_0
imports:
  - ec3_custom_types: https://raw.githubusercontent.com/grycap/ec3/tosca/tosca/custom_types.yaml
topology_template:
  inputs:
    replicas: {type: integer, default: ${replicas}}
    port: {type: integer, default: 8080}
  node_templates:
    service:
      type: tosca.nodes.indigo.KubernetesObject
      requirements: [{dependency: deployment}]
      properties:
        spec:
          concat:
            - |-
              apiVersion: v1
              kind: Service
              metadata:
                name: ${name}
              spec:
                type: NodePort
                selector: {app: ${name}}
                ports:
                - port:
            - get_input: port
    deployment:
      type: tosca.nodes.indigo.KubernetesObject
      properties:
        image: {concat: [echoserver, ":", "1.10"]}
        spec:
          concat:
            - |-
              apiVersion: apps/v1
              kind: Deployment
              metadata:
                name: ${name}
              spec:
                replicas:
            - get_input: replicas
            - |2-

                selector: {matchLabels: {app: ${name}}}
                template:
                  metadata: {labels: {app: ${name}}}
                  spec:
                    containers:
                    - name: echo
                      image:
            - get_property: [SELF, image]
`;

const templateOf = (text: string): Json => readDocument(text) as Json;

async function create(name: string, source: Json): Promise<string> {
  return await field.createOn(cluster, name, { manifest: [], ...source });
}

const conditionOf = (app: Json, type: string): Json =>
  app.status.conditions.find((one: Json) => one.type === type);

/** The states that an application went through, by its events. */
async function translations(app: string): Promise<readonly string[]> {
  const { items } = await field.rest.ok("GET", `${applications}/${app}/events`);
  return items
    .filter((event: Json) => event.source === "Translated")
    .map((event: Json) => event.reason);
}

/** Runs what it is now: a translation makes a generation of its own, so that the one of a moment ago is not waited for. */
async function untilRuns(app: string): Promise<void> {
  let last: Json;
  const runs = async (): Promise<boolean> => {
    last = await field.read(app);
    const { metadata, status } = last;
    return status.state === "RUNNING" && status.observed_generation === metadata.generation;
  };
  await waitFor(`${app} runs`, runs, { deadlineMs: 15_000, seen: () => last?.status });
}

async function untilFailed(app: string): Promise<Json> {
  return await field.until(app, "has failed", ({ state }) => state === "FAILED");
}

describe("a template", () => {
  it("becomes a manifest, once, which is applied like any other", async () => {
    const app = await create(field.fresh("echo"), { tosca: templateOf(echo("by-tosca")) });
    await untilRuns(app);
    const { metadata, spec, status } = await field.read(app);
    expect(spec.manifest.map((object: Json) => object.kind)).toEqual(["Deployment", "Service"]);
    expect(spec.tosca).toEqual(templateOf(echo("by-tosca")));
    expect(peek(cluster, "Deployment", "by-tosca").spec.template.spec.containers[0].image).toBe(
      "echoserver:1.10",
    );
    expect(peek(cluster, "Service", "by-tosca").spec.ports[0].port).toBe(8080);
    // One generation for the template, and one for its manifest; one decision, and that with the manifest.
    expect([metadata.generation, status.decisions, status.translations.length]).toEqual([2, 1, 1]);
    expect(conditionOf({ status }, "Translated")).toMatchObject({
      status: "True",
      reason: "Translated",
    });
    expect((await translations(app)).toSorted()).toEqual(["Translated", "Translating"]);
    await field.remove(app);
    expect(peek(cluster, "Deployment", "by-tosca")).toBeUndefined();
  });

  it("that changes is translated again, also with the old manifest sent back", async () => {
    const app = await create(field.fresh("echo"), { tosca: templateOf(echo("changing")) });
    await untilRuns(app);
    await field.change(app, (spec) => (spec.tosca = templateOf(echo("changing", 2))));
    await field.until(app, "is translated", ({ translations: made }) => made?.length === 2);
    await untilRuns(app);
    expect(peek(cluster, "Deployment", "changing").spec.replicas).toBe(2);
    // As the command line does it: with the manifest taken away.
    await field.change(app, (spec) => {
      spec.tosca = templateOf(echo("changing", 3));
      spec.manifest = [];
    });
    await field.until(app, "is translated", ({ translations: made }) => made?.length === 3);
    await untilRuns(app);
    expect(peek(cluster, "Deployment", "changing").spec.replicas).toBe(3);
    const { generation } = (await field.read(app)).metadata;
    await field.change(app, (spec) => (spec.backoff = 2));
    await untilRuns(app);
    expect((await field.read(app)).metadata.generation).toBe(generation + 1);
    await field.remove(app);
  });

  it("whose manifest somebody changed by hand is left behind, until the manifest is emptied", async () => {
    const app = await create(field.fresh("echo"), { tosca: templateOf(echo("by-hand")) });
    await untilRuns(app);
    await field.change(app, (spec) => (spec.manifest[0].spec.replicas = 4));
    await untilRuns(app);
    await field.change(app, (spec) => (spec.tosca = templateOf(echo("by-hand", 2))));
    await untilRuns(app);
    expect(peek(cluster, "Deployment", "by-hand").spec.replicas).toBe(4);
    const kept = conditionOf(await field.read(app), "Translated");
    expect(kept).toMatchObject({ status: "True", reason: "ManifestKept" });
    await field.change(app, (spec) => (spec.manifest = []));
    await field.until(app, "follows its template", ({ conditions }) =>
      conditions.some((one: Json) => one.reason === "Translated"),
    );
    await untilRuns(app);
    expect(peek(cluster, "Deployment", "by-hand").spec.replicas).toBe(2);
    await field.remove(app);
  });

  it("that is wrong takes nothing away, and says what is wrong until it is right", async () => {
    const app = await create(field.fresh("echo"), { tosca: templateOf(echo("wrong")) });
    await untilRuns(app);
    const broken = templateOf(echo("wrong", 2));
    broken.topology_template.inputs.port.default = "many";
    await field.change(app, (spec) => Object.assign(spec, { manifest: [], tosca: broken }));
    const { reason } = await field.until(app, "is told of", ({ state }) => state === "DEGRADED");
    expect(reason).toEqual({
      code: "INVALID_TOSCA_MANIFEST",
      message: "topology_template.inputs.port: expected an integer, found many",
    });
    expect(peek(cluster, "Deployment", "wrong").spec.replicas).toBe(1);
    await field.change(app, (spec) => (spec.tosca = templateOf(echo("wrong", 2))));
    await untilRuns(app);
    expect(peek(cluster, "Deployment", "wrong").spec.replicas).toBe(2);
    await field.remove(app);
  });

  it.each<[string, (template: Json) => void, string]>([
    [
      "without our nodes",
      (template) => {
        template.topology_template.node_templates = { vm: { type: "tosca.nodes.Compute" } };
      },
      "node_templates.vm.type: expected tosca.nodes.indigo.KubernetesObject",
    ],
    [
      "with a circle",
      ({ topology_template: { node_templates: nodes } }) => {
        nodes.deployment.requirements = [{ dependency: "service" }];
      },
      "the nodes require each other in a circle",
    ],
    [
      "with two mistakes",
      ({ topology_template: { node_templates: nodes } }) => {
        nodes.service.properties.spec = { frob: 1 };
        nodes.deployment.properties.spec = "{";
      },
      "deployment.properties.spec: the text of this node:1:",
    ],
  ])("%s fails, and names all that is wrong", async (_what, spoil, message) => {
    const tosca = templateOf(echo("spoiled"));
    spoil(tosca);
    const app = await create(field.fresh("echo"), { tosca });
    const { reason, decisions } = await untilFailed(app);
    expect(reason.code).toBe("INVALID_TOSCA_MANIFEST");
    expect(reason.message).toContain(message);
    // Nobody decides where something belongs of which nobody knows what it is.
    expect(decisions).toBe(0);
    await field.remove(app);
  });
});

const archive = (name: string): Buffer =>
  writeZip([
    { name: "TOSCA-Metadata/TOSCA.meta", text: "Entry-Definitions: defs/main.yaml\n" },
    { name: "defs/main.yaml", text: echo(name) },
  ]);

describe("a URL", () => {
  it("of a template or an archive is fetched by the controller", async () => {
    files.set("/echo.yaml", echo("by-url"));
    files.set("/echo.csar", archive("by-csar"));
    const sources = [
      ["by-url", { tosca: url("/echo.yaml") }],
      ["by-csar", { csar: url("/echo.csar") }],
    ] as const;
    for (const [name, source] of sources) {
      const app = await create(field.fresh("echo"), source);
      await untilRuns(app);
      expect(peek(cluster, "Deployment", name).spec.replicas).toBe(1);
      await field.remove(app);
    }
    expect(asked.filter((path) => path.startsWith("/echo."))).toHaveLength(2);
  });

  it("whose server comes back is asked again, and what it says meanwhile is told", async () => {
    const app = await create(field.fresh("echo"), { tosca: `${url("/late.yaml")}?k=s3cret.yaml` });
    const { reason } = await untilFailed(app);
    expect(reason).toEqual({
      code: "INVALID_TOSCA_MANIFEST",
      message: `${url("/late.yaml")} answered 404`,
    });
    files.set("/late.yaml", echo("late"));
    await untilRuns(app);
    await field.remove(app);
  });

  it("to a private address is not asked for, nor one that redirects there", async () => {
    const hidden = ["http://10.0.0.1/a.yaml", "http://[fd00::1]/a.yaml", url("/hop.yaml")];
    for (const tosca of hidden) {
      const app = await create(field.fresh("echo"), { tosca });
      const { reason } = await untilFailed(app);
      expect(reason.message).toMatch(/^http:\S+: \S+ is no public address, and not among those/);
      await field.remove(app);
    }
  });

  it("of a server that hangs keeps nobody else waiting", async () => {
    files.set("/hangs.yaml", undefined);
    const hanging = await Promise.all(
      Array.from({ length: workers + 4 }, () =>
        create(field.fresh("hangs"), { tosca: url("/hangs.yaml") }),
      ),
    );
    const first = hanging[0] ?? "";
    await field.until(first, "is being translated", ({ state }) => state === "TRANSLATING");
    const app = await create(field.fresh("echo"), { tosca: templateOf(echo("in-time")) });
    await untilRuns(app);
    expect((await field.read(first)).status.state).toBe("TRANSLATING");
    // Nor does it keep the application itself: a new template, or the end, need not wait for it.
    await field.change(first, (spec) => (spec.tosca = templateOf(echo("instead"))));
    await untilRuns(first);
    for (const name of [...hanging, app]) await field.remove(name);
  });

  it.each<[string, Buffer, string]>([
    [
      "a way up",
      writeZip([{ name: "../a.yaml" }, { name: "b.yaml", text: echo("x") }]),
      '"../a.yaml" leads out of the archive',
    ],
    [
      "a link",
      writeZip([{ name: "a.yaml", text: "/etc/passwd", mode: 0o120777 }]),
      '"a.yaml" is a link',
    ],
    [
      "a bomb",
      writeZip([{ name: "a.yaml", text: " ".repeat(4 * 1024 * 1024) }]),
      "times as large as it is",
    ],
    ["no archive", Buffer.from("<html>"), "not found"],
  ])("of an archive with %s fails by name", async (_what, bytes, message) => {
    files.set("/bad.zip", bytes);
    const app = await create(field.fresh("echo"), { csar: url("/bad.zip") });
    const { reason } = await untilFailed(app);
    expect(reason.code).toBe("INVALID_TOSCA_MANIFEST");
    expect(reason.message).toMatch(/^bad\.zip: /);
    expect(reason.message).toContain(message);
    await field.remove(app);
  });
});

describe("rok", () => {
  const rok = async (...words: readonly string[]) => {
    const { address, adminToken } = field.octoplane;
    return await runRok(words, {
      folder,
      variables: serverVariables({ address, token: adminToken }),
    });
  };

  it("hands in an archive from this machine, and a new one in its place", async () => {
    await writeFile(join(folder, "echo.csar"), archive("by-rok"));
    const name = field.fresh("rok");
    const place = ["-L", `name is ${cluster.name}`];
    const made = await rok("kube", "app", "create", name, "-f", "echo.csar", ...place, "--wait");
    expect([made.status, made.err]).toEqual([0, expect.not.stringContaining("rok:")]);
    expect(peek(cluster, "Deployment", "by-rok").spec.replicas).toBe(1);
    const changed = await rok("kube", "app", "update", name, "--input", "replicas=2");
    expect(changed.status).toBe(0);
    await field.until(name, "is translated", ({ translations: all }) => all?.length === 2);
    await untilRuns(name);
    expect(peek(cluster, "Deployment", "by-rok").spec.replicas).toBe(2);
    await field.remove(name);
  });

  it("refuses an archive that leads elsewhere, before anything is written", async () => {
    await writeFile(join(folder, "evil.zip"), writeZip([{ name: "../x.yaml", text: "a: 1" }]));
    const made = await rok("kube", "app", "create", "evil", "-f", "evil.zip");
    expect(made.status).not.toBe(0);
    expect(made.err).toContain('evil.zip: the name "../x.yaml" leads out of the archive');
    expect((await field.rest.call("GET", `${applications}/evil`)).status).toBe(404);
  });
});
