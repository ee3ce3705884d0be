import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import { findingOf, sampleOf } from "./samples.ts";
import type { OpenServer, ServerBench } from "./server-bench.ts";

const applications = "/kubernetes/namespaces/team/applications";
const clusters = "/kubernetes/namespaces/team/clusters";
const clouds = "/infrastructure/namespaces/team/clouds";
const globalClouds = "/infrastructure/globalclouds";
const providers = "/infrastructure/namespaces/team/infrastructureproviders";
const projects = "/openstack/namespaces/team/projects";
const magnumClusters = "/openstack/namespaces/team/magnumclusters";

/** What single kinds do beside what all of them do: bindings, hooks, fixed fields, credentials (contract section 1.4). */
export function contractSuite(open: OpenServer): void {
  let server: ServerBench;
  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const create = async (collection: string, kind: string, name: string): Promise<Json> =>
    await server.ok("POST", collection, { body: sampleOf(kind, name) });
  const statusOf = async (method: string, path: string, body?: unknown) => {
    const answer = await server.call(method, path, body === undefined ? {} : { body });
    return [answer.status, answer.body.title ?? answer.body.status?.state];
  };
  const problems = async (path: string, body: Json): Promise<[number, string[]]> => {
    const { status, body: problem } = await server.call("POST", path, { body });
    return [status, (problem.errors ?? []).map(({ field }: Json) => field)];
  };

  describe("a binding", () => {
    const cloudRef = { api: "infrastructure", kind: "Cloud", namespace: "team", name: "home" };

    it("puts a cluster on a cloud of its namespace or on a global one, and makes the cloud its owner", async () => {
      await create(clusters, "Cluster", "bound");
      await create(clouds, "Cloud", "home");
      await create(globalClouds, "GlobalCloud", "world");
      const bind = async (cloud: object) =>
        await server.call("PUT", `${clusters}/bound/binding`, { body: { cloud } });
      const { body: bound } = await bind({ ...cloudRef, namespace: null });
      expect(bound.status).toMatchObject({ scheduled_to: cloudRef, state: "PENDING" });
      expect(bound.status.scheduled).toMatch(/^20/);
      expect(bound.metadata.owners).toEqual([cloudRef]);
      const world = { api: "infrastructure", kind: "GlobalCloud", namespace: null, name: "world" };
      expect((await bind(world)).body.metadata.owners).toEqual([world]);
      expect((await bind({ ...cloudRef, name: "missing" })).status).toBe(404);
      expect((await bind({ ...cloudRef, namespace: "other" })).status).toBe(422);
      expect((await bind({ ...world, namespace: "team" })).status).toBe(422);
      expect((await bind({ ...cloudRef, kind: "Cluster" })).status).toBe(422);
      expect((await bind({ ...cloudRef, name: "a/b" })).status).toBe(422);
      expect(await statusOf("PUT", `${clusters}/missing/binding`, { cloud: world })).toEqual([
        404,
        "NOT_FOUND_ERROR",
      ]);
      const { body: last } = await bind(world);
      expect(await server.ok("GET", `${clusters}/bound`)).toEqual(last);
    });

    it("puts a Magnum cluster into a project, with the template, which no status write changes", async () => {
      await create(magnumClusters, "MagnumCluster", "bound");
      await create(projects, "Project", "home");
      const project = { api: "openstack", kind: "Project", namespace: "team", name: "home" };
      const path = `${magnumClusters}/bound`;
      const bound = await server.ok("PUT", `${path}/binding`, {
        body: { project, template: "t-1" },
      });
      expect(bound.status).toMatchObject({ project, template: "t-1", state: "PENDING" });
      expect(bound.metadata.owners).toEqual([project]);
      const other = { ...bound, status: { ...bound.status, template: "t-2" } };
      expect(await statusOf("PUT", `${path}/status`, other)).toEqual([400, "UPDATE_ERROR"]);
      const more = { ...bound, status: { ...bound.status, node_count: 2 } };
      expect((await server.ok("PUT", `${path}/status`, { body: more })).status.node_count).toBe(2);
      expect(await statusOf("PUT", `${path}/binding`, { project })).toEqual([422, undefined]);
    });
  });

  it("the number of masters of a Magnum cluster is fixed, the number of nodes is not", async () => {
    const made = await create(magnumClusters, "MagnumCluster", "fixed");
    const path = `${magnumClusters}/fixed`;
    for (const master_count of [1, null]) {
      const body = { ...made, spec: { ...made.spec, master_count } };
      const { status, body: problem } = await server.call("PUT", path, { body });
      expect([status, problem.title, problem.errors]).toEqual([
        400,
        "UPDATE_ERROR",
        [{ field: "spec.master_count", message: "cannot be changed" }],
      ]);
    }
    const body = { ...made, spec: { ...made.spec, node_count: 9 } };
    expect((await server.ok("PUT", path, { body })).spec.node_count).toBe(9);
  });

  describe("an application", () => {
    const withStatus = async (name: string, status: Json): Promise<string> => {
      await create(applications, "Application", name);
      const path = `${applications}/${name}`;
      await server.ok("PUT", `${path}/status`, { body: { status } });
      return path;
    };
    const failed = { conditions: [findingOf({ type: "Shutdown", status: "False" })] };

    it("that was given no token cannot be completed or shut down by any", async () => {
      await create(applications, "Application", "tokenless");
      for (const hook of ["complete", "shutdown"]) {
        for (const token of ["", "null", "x"]) {
          const path = `${applications}/tokenless/${hook}`;
          expect((await server.call("PUT", path, { body: { token } })).status).toBe(401);
        }
        expect((await server.call("PUT", `${applications}/tokenless/${hook}`)).status).toBe(422);
      }
      const emptied = await withStatus("emptied", { complete_token: "", shutdown_token: "" });
      for (const hook of ["complete", "shutdown"]) {
        const answer = await server.call("PUT", `${emptied}/${hook}`, { body: { token: "" } });
        expect(answer.status).toBe(401);
      }
    });

    it("shows its tokens to nobody, in no answer and not in the store", async () => {
      const secret = { complete_token: "t0p-secret-1", shutdown_key: "t0p-secret-2" };
      const path = await withStatus("discreet", secret);
      const { status } = await server.ok("GET", path);
      expect(status).toMatchObject({ complete_token: "REDACTED", shutdown_token: null });
      const again = await server.ok("PUT", `${path}/status`, { body: { status } });
      expect(JSON.stringify(again)).not.toContain("t0p-secret");
      const { entries } = await server.bench.store.list("/registry/kubernetes/");
      for (const { value } of entries) {
        expect(Buffer.from(value).toString()).not.toContain("t0p-secret");
      }
      const body = { token: "t0p-secret-1" };
      expect((await server.call("PUT", `${path}/complete`, { body })).status).toBe(200);
    });

    it("that completes with its token is ready for action and being deleted by the garbage collector", async () => {
      const path = await withStatus("completes", { complete_token: "right", shutdown_token: "no" });
      for (const token of ["no", "righ", "right "]) {
        expect((await server.call("PUT", `${path}/complete`, { body: { token } })).status).toBe(
          401,
        );
      }
      expect((await server.ok("GET", path)).metadata.deleted).toBeNull();
      const body = { api: "kubernetes", kind: "Complete", token: "right" };
      const done = await server.ok("PUT", `${path}/complete`, { body });
      expect(done.status.state).toBe("READY_FOR_ACTION");
      expect(done.metadata.deleted).not.toBeNull();
      expect(done.metadata.finalizers).toContain("cascade_deletion");
      expect(await server.ok("GET", path)).toEqual(done);
    });

    it("answers a shutdown only when it was asked, and what failed can be tried again", async () => {
      const idle = await withStatus("idle", { shutdown_token: "t" });
      const before = await server.ok("GET", idle);
      expect(await server.ok("PUT", `${idle}/shutdown`, { body: { token: "t" } })).toEqual(before);
      expect(await statusOf("PUT", `${idle}/retry`)).toEqual([400, "UPDATE_ERROR"]);

      const grace = { shutdown_token: "t", shutdown_grace_period: "2024-01-01T00:00:00Z" };
      const path = await withStatus("asked", { ...grace, ...failed });
      expect((await server.ok("GET", path)).status).toMatchObject({
        state: "DEGRADED",
        reason: { code: "R", message: "m" },
      });
      const retried = await server.ok("PUT", `${path}/retry`);
      expect(retried.status).toMatchObject({
        state: "WAITING_FOR_CLEANING",
        shutdown_grace_period: null,
      });
      expect(await statusOf("PUT", `${path}/retry`)).toEqual([400, "UPDATE_ERROR"]);
      expect(await statusOf("PUT", `${path}/shutdown`, { token: "wrong" })).toEqual([
        401,
        undefined,
      ]);
      expect(await statusOf("PUT", `${path}/shutdown`, { token: "t" })).toEqual([
        200,
        "READY_FOR_ACTION",
      ]);
      const late = await withStatus("late", { shutdown_token: "t", ...failed });
      expect(await statusOf("PUT", `${late}/shutdown`, { token: "t" })).toEqual([
        200,
        "READY_FOR_ACTION",
      ]);
    });

    it("that is degraded for another reason has no shutdown to retry", async () => {
      const conditions = [findingOf({ type: "Scheduled", status: "False" })];
      const path = await withStatus("unplaced", { conditions });
      expect((await server.ok("GET", path)).status.state).toBe("DEGRADED");
      expect(await statusOf("PUT", `${path}/retry`)).toEqual([400, "UPDATE_ERROR"]);
    });
  });

  describe("a body", () => {
    const edited = (kind: string, edit: (body: Json) => void): Json => {
      const body = sampleOf(kind, "edited");
      edit(body);
      return body;
    };

    it.each<[string, (im: Json) => void, string[]]>([
      ["without any credential", (im) => (delete im.username, delete im.password), ["spec.im"]],
      ["with a name and no password", (im) => (im.password = null), ["spec.im"]],
      ["with a password and no name", (im) => (im.username = ""), ["spec.im"]],
      ["with no URL", (im) => (im.url = "nowhere"), ["spec.im.url"]],
      ["with credentials in its URL", (im) => (im.url = "http://a:b@c"), ["spec.im.url"]],
      ["with an unknown field", (im) => (im.key = "x"), ["spec.im.key"]],
    ])("of an infrastructure provider %s is refused", async (_what, edit, fields) => {
      const body = edited("InfrastructureProvider", ({ spec }) => edit(spec.im));
      expect(await problems(providers, body)).toEqual([422, fields]);
    });

    it("of an infrastructure provider may have a token alone", async () => {
      const im = { url: "http://127.0.0.1:1", token: "sample-88" };
      const body = { metadata: { name: "by-token" }, spec: { type: "im", im } };
      const made = await server.ok("POST", providers, { body });
      expect(made.spec.im).toEqual({ ...im, token: "REDACTED", username: null, password: null });
    });

    it("of a global cloud names nothing that is in a namespace; that of a cloud may", async () => {
      const namespaced = (kind: string): Json =>
        edited(kind, ({ spec }) => {
          spec.openstack.infrastructure_provider.namespaced = true;
          spec.openstack.metrics = [
            { name: "a", weight: 1 },
            { name: "b", weight: 1, namespaced: true },
          ];
        });
      expect(await problems(globalClouds, namespaced("GlobalCloud"))).toEqual([
        422,
        [
          "spec.openstack.infrastructure_provider.namespaced",
          "spec.openstack.metrics[1].namespaced",
        ],
      ]);
      expect(await problems(clouds, namespaced("Cloud"))).toEqual([200, []]);
    });

    it("of a cloud gets Krake's defaults", async () => {
      const made = await create(clouds, "Cloud", "defaults");
      expect(made.spec.openstack).toMatchObject({
        metrics: [],
        infrastructure_provider: { name: "im", namespaced: false },
        auth: {
          password: {
            version: "3",
            user: { domain_name: "Default", comment: null, password: "REDACTED" },
            project: { domain_id: "default", comment: null },
          },
        },
      });
      expect(made.status).toEqual({
        state: "ONLINE",
        reason: null,
        conditions: [],
        events: 0,
        metrics_reasons: {},
      });
    });

    it("of a project has the block that its type names, and no other", async () => {
      const body = edited("Project", ({ spec }) => (spec.auth.type = "password"));
      expect(await problems(projects, body)).toEqual([
        422,
        ["spec.auth.password", "spec.auth.application_credential"],
      ]);
    });

    it.each<[string, Json, string[]]>([
      ["of no version", { topology_template: {} }, ["tosca_definitions_version"]],
      [
        "without a topology",
        { tosca_definitions_version: "tosca_simple_yaml_1_0" },
        ["topology_template"],
      ],
      [
        "of nodes without types",
        {
          tosca_definitions_version: "tosca_simple_yaml_1_2",
          topology_template: { node_templates: { a: {}, b: { type: "t" }, c: 1 } },
        },
        ["topology_template.node_templates.c", "topology_template.node_templates.a.type"],
      ],
    ])("with a TOSCA template %s is refused", async (_what, tosca, fields) => {
      const paths = fields.map((field) => `spec.tosca.${field}`);
      const body = { metadata: { name: "t" }, spec: { tosca } };
      expect(await problems(applications, body)).toEqual([422, paths]);
    });

    it("with an observer schema that is none is refused, and never an error of the server", async () => {
      for (const more of [{ data: { key: 1 } }, { list: [] }, { metadata: { name: "other" } }]) {
        const body = edited("Application", ({ spec }) => {
          spec.observer_schema = [{ ...spec.manifest[0], ...more }];
        });
        const [status, fields] = await problems(applications, body);
        expect([status, fields.length]).toEqual([422, 1]);
        expect(fields[0]).toMatch(/^spec\.observer_schema\[0]/);
      }
    });

    it("with a TOSCA template is kept as it is; that of a cluster says where the kubeconfig comes from", async () => {
      const tosca = {
        tosca_definitions_version: "tosca_simple_yaml_1_0",
        imports: [{ types: "https://example.org/types.yaml" }],
        topology_template: {
          node_templates: { a: { type: "tosca.nodes.indigo.KubernetesObject" } },
        },
      };
      const body = { metadata: { name: "by-tosca" }, spec: { tosca } };
      expect((await server.ok("POST", applications, { body })).spec.tosca).toEqual(tosca);
      const missing = "spec.tosca.topology_template.outputs.kubeconfig";
      expect(await problems(clusters, body)).toEqual([422, [missing]]);
      Object.assign(tosca.topology_template, { outputs: { kubeconfig: { value: "x" } } });
      const made = await server.ok("POST", clusters, { body });
      expect([made.status.state, made.spec.tosca]).toEqual(["PENDING", tosca]);
    });
  });

  it("credentials of clouds, providers and projects are redacted, sealed, and go where they went", async () => {
    const made = [
      await create(clouds, "Cloud", "sealed"),
      await create(globalClouds, "GlobalCloud", "sealed"),
      await create(providers, "InfrastructureProvider", "sealed"),
      await create(projects, "Project", "sealed"),
    ];
    const { entries } = await server.bench.store.list("/");
    const records = entries.map(({ value }) => Buffer.from(value).toString()).join("\n");
    for (const text of [JSON.stringify(made), records, server.logged()]) {
      expect(text).not.toContain("sample-77");
    }
    const [cloud, , provider, project] = made as [Json, Json, Json, Json];
    const sent = async (path: string, body: Json, edit: (spec: Json) => void): Promise<number> => {
      const copy = structuredClone(body);
      edit(copy.spec);
      return (await server.call("PUT", `${path}/sealed`, { body: copy })).status;
    };
    const elsewhere = "http://127.0.0.1:2";
    expect(await sent(clouds, cloud, (spec) => (spec.openstack.url = elsewhere))).toBe(422);
    const other = { name: "other", namespaced: false };
    expect(
      await sent(clouds, cloud, (spec) => (spec.openstack.infrastructure_provider = other)),
    ).toBe(422);
    expect(await sent(providers, provider, (spec) => (spec.im.url = elsewhere))).toBe(422);
    expect(await sent(projects, project, (spec) => (spec.url = elsewhere))).toBe(422);
    expect(await sent(projects, project, (spec) => (spec.template = "another"))).toBe(200);
  });
}
