import { expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import { configMap, echo } from "../../e2e/manifests.ts";
import type { KrakeClient } from "./krake-client.ts";

const yaml = (objects: readonly unknown[]): string =>
  objects.map((object) => JSON.stringify(object)).join("\n---\n");

const tosca = {
  tosca_definitions_version: "tosca_simple_yaml_1_0",
  topology_template: { outputs: { kubeconfig: { value: "later" } } },
};

/** `rok kubernetes cluster`: registered from a kubeconfig or described by TOSCA. */
export function clusterSuite(client: () => KrakeClient): void {
  const cluster = (verb: string, ...args: readonly string[]) =>
    client().json("kubernetes", "cluster", verb, ...args);

  it("registers clusters, which become ONLINE", async () => {
    const berlin = await cluster(
      "register",
      "-k",
      client().path("berlin.kubeconfig"),
      "-l",
      "location=DE",
      "-l",
      "tier=gold",
      "--backoff",
      "2",
      "--backoff_delay",
      "3",
      "--backoff_limit",
      "4",
    );
    expect(berlin.metadata).toMatchObject({ name: "berlin", namespace: "system:admin" });
    expect(berlin.spec).toMatchObject({ backoff: 2, backoff_delay: 3, backoff_limit: 4 });
    await cluster("register", "-k", client().path("oslo.kubeconfig"), "-R", "foos.example.org");
    for (const name of ["berlin", "oslo"]) {
      await waitFor(`${name} is ONLINE`, async () => {
        const { status } = await cluster("get", name);
        return status.state === "ONLINE" && status.nodes.length > 0;
      });
    }
  });

  it("shows them as a table, with the nodes", async () => {
    const { status, out } = await client().rok("kubernetes", "cluster", "get", "berlin");
    expect(status).toBe(0);
    expect(out).toMatch(/\| name +\| berlin /);
    expect(out).toMatch(/\| state +\| ONLINE /);
    expect(out).toMatch(/\| nodes +\| ([1-9]\d*)\/\1 /);
    expect(out).toMatch(/\| nodes_pid_pressure +\| 0\/[1-9]/);
    const list = await client().rok("kubernetes", "cluster", "list");
    expect(list.out).toContain("berlin");
    expect(list.out).toContain("oslo");
    const all = await cluster("list", "--all");
    expect(all.map(({ metadata }: Json) => metadata.name)).toEqual(["berlin", "oslo"]);
  });

  it("updates them, and the kubeconfig that it was not shown is kept", async () => {
    const changed = await cluster(
      "update",
      "berlin",
      "-l",
      "tier=silver",
      "-R",
      "bars.example.org",
      "--global-metric",
      "load",
      "0.5",
      "-L",
      "location is DE",
    );
    expect(changed.metadata.labels).toEqual({ location: "DE", tier: "silver" });
    expect(changed.spec.metrics).toEqual([{ name: "load", weight: 0.5, namespaced: false }]);
    expect(changed.spec.constraints.cloud.labels).toEqual(["location is DE"]);
    const back = await cluster(
      "update",
      "berlin",
      "-l",
      "location=DE",
      "--remove-existing-labels",
      "--remove-existing-metrics",
      "--remove-existing-cloud-label-constraints",
    );
    expect(back.metadata.labels).toEqual({ location: "DE" });
    expect(back.spec.metrics).toEqual([]);
    const again = ["berlin", "-k", client().path("berlin.kubeconfig"), "-l", "x=y"];
    expect((await cluster("update", ...again)).metadata.labels).toEqual({ location: "DE", x: "y" });
    expect((await cluster("get", "berlin")).status.state).toBe("ONLINE");
  });

  it("creates and deletes clusters of a TOSCA template, which wait for somebody to make them", async () => {
    const file = client().put("cluster.tosca.yaml", tosca);
    const made = await cluster(
      "create",
      "later",
      "-f",
      file,
      "--inherit-metrics",
      "--inherit-labels",
      "-M",
      "load > 5",
      "-L",
      "location is DE",
      "-l",
      "a=b",
    );
    expect(made.status.state).toBe("PENDING");
    expect(made.spec).toMatchObject({ inherit_metrics: true, tosca });
    expect(made.metadata.inherit_labels).toBe(true);
    expect((await cluster("get", "later")).metadata.labels).toEqual({ a: "b" });
    const deleted = await cluster("delete", "later");
    expect(deleted.metadata.deleted).not.toBeNull();
    await cluster("create", "later-too", "-f", file);
    await cluster("delete", "later-too", "--force");
    const gone = await client().rok("kubernetes", "cluster", "get", "later-too");
    expect(gone.status).toBe(1);
  });
}

/** `rok kubernetes application`, on the clusters that are registered by now. */
export function applicationSuite(client: () => KrakeClient): void {
  const app = (verb: string, ...args: readonly string[]) =>
    client().json("kubernetes", "application", verb, ...args);

  it("creates an application and waits until it runs where its constraints say", async () => {
    const file = client().put("echo.yaml", yaml(echo("echo")));
    const created = await app(
      "create",
      "echo",
      "-f",
      file,
      "--wait",
      "-L",
      "location is DE",
      "-l",
      "x=y",
      "--backoff",
      "2",
    );
    expect(created.status.state).toBe("RUNNING");
    expect(created.status.running_on).toMatchObject({ kind: "Cluster", name: "berlin" });
    expect(created.spec).toMatchObject({ backoff: 2, constraints: { migration: true } });
    const { out } = await client().rok("kube", "app", "get", "echo");
    expect(out).toMatch(/\| state +\| RUNNING /);
    expect(out).toMatch(/1 active \/ 0 failed \/ 0 succeeded \/ 1 desired/);
    expect(out).toMatch(/\| services +\| echo: \S+:\d+/);
    expect(out).toMatch(/\| label constraints +\| \['location is DE'\]/);
  });

  it("updates it, and constraints move it", async () => {
    const file = client().put("echo.yaml", yaml([...echo("echo"), configMap("extra", { a: "b" })]));
    // Its `--wait` waits here at an update too, which no server of Krake does: until the new manifest stands.
    const updated = await app("update", "echo", "-f", file, "--wait");
    expect(updated.spec.manifest).toHaveLength(echo("echo").length + 1);
    expect(updated.status).toMatchObject({ state: "RUNNING", observed_generation: 2 });
    // Of all its defects the one that users meet: an update sets the back-off to its defaults.
    expect(updated.spec.backoff).toBe(1);
    const moved = ["-R", "foos.example.org", "--remove-existing-label-constraints"];
    const asked = await app("update", "echo", ...moved, "--remove-existing-labels", "-l", "n=m");
    expect(asked.metadata.labels).toEqual({ n: "m" });
    await waitFor("echo runs on oslo", async () => {
      const { status } = await app("get", "echo");
      return status.state === "RUNNING" && status.running_on.name === "oslo";
    });
  });

  it("lists applications in every form", async () => {
    const table = await client().rok("kubernetes", "application", "list");
    expect(table.out).toMatch(/\| echo /);
    const text = await client().rok("kubernetes", "application", "list", "-o", "yaml");
    expect(text.out).toMatch(/^- api: kubernetes$/m);
    expect(text.out).toMatch(/^ {4}name: echo$/m);
    const listed = await app("list", "-a");
    expect(listed.map(({ metadata }: Json) => metadata.name)).toEqual(["echo"]);
    expect(await app("list", "-n", "elsewhere")).toEqual([]);
  });

  it("takes hooks, constraints and an observer schema", async () => {
    const file = client().put("hooked.yaml", yaml([configMap("hooked", { a: "b" })]));
    const schema = client().put(
      "observe.yaml",
      yaml([{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "hooked" }, data: null }]),
    );
    const created = await app(
      "create",
      "hooked",
      "-f",
      file,
      "-O",
      schema,
      "--hook-complete",
      "--disable-migration",
      "-M",
      "load > 5",
      "--hook-shutdown",
      "30",
    );
    expect(created.spec).toMatchObject({
      hooks: ["complete", "shutdown"],
      shutdown_grace_time: 30,
      constraints: { migration: false, cluster: { metrics: ["load > 5"] } },
    });
    // An update with hooks sends lists in a list, which no server of Krake takes either.
    const update = ["update", "hooked", "--hook-shutdown", "20"];
    const { status, err } = await client().rok("kubernetes", "application", ...update);
    expect(status).toBe(1);
    expect(JSON.parse(err)).toMatchObject({ status: 422, errors: [{ field: "spec.hooks[0]" }] });
    await app("delete", "hooked", "--force");
  });

  it("refuses to retry what has no failed shutdown", async () => {
    const { status, err } = await client().rok("kubernetes", "application", "retry", "echo");
    expect(status).toBe(1);
    expect(JSON.parse(err)).toMatchObject({ status: 400, title: "UPDATE_ERROR" });
  });

  it("deletes an application and waits until it is gone", async () => {
    const deleted = await app("delete", "echo", "--wait");
    expect(deleted.metadata.deleted).not.toBeNull();
    const { status, err } = await client().rok("kubernetes", "application", "get", "echo");
    expect(status).toBe(1);
    expect(JSON.parse(err)).toMatchObject({ status: 404, title: "NOT_FOUND_ERROR" });
    expect(await app("list")).toEqual([]);
  });

  it("creates applications of TOSCA and CSAR, which are kept until somebody translates them", async () => {
    const template = { ...tosca, topology_template: { node_templates: {} } };
    const file = client().put("app.tosca.yaml", template);
    expect((await app("create", "tosca", "-f", file)).spec.tosca).toEqual(template);
    const url = "http://127.0.0.1:1/archive.csar";
    expect((await app("create", "csar", "-u", url)).spec.csar).toBe(url);
    for (const name of ["tosca", "csar"]) await app("delete", name, "--wait");
  });
}
