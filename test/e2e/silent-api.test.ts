import { afterAll, beforeAll, expect, it } from "vitest";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import type { Json } from "../rest.ts";
import { meddle, openField, type Field } from "./field.ts";
import { widgets } from "./manifests.ts";
import { waitFor } from "../wait-for.ts";

/** Kinds that a cluster serves and cannot tell of for a while, and kinds that it serves no longer. */

let field: Field;
beforeAll(async () => {
  // Nobody asks what a cluster serves but those who have to know.
  field = await openField({
    cluster_controller: { probe_interval: 0.25, discovery_interval: 3600 },
  });
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

const widgetOf = (cluster: SimCluster, group: string): Json =>
  cluster.object({
    apiVersion: `${group}/v1`,
    kind: "Widget",
    namespace: "default",
    name: "first",
  });

/** An application with a definition and an object of it, as it runs. */
async function run(group: string): Promise<{ readonly cluster: SimCluster; readonly app: string }> {
  const cluster = await field.cluster();
  const app = await field.create(widgets(group), cluster);
  await field.untilRuns(app, cluster);
  expect(widgetOf(cluster, group)).toBeDefined();
  return { cluster, app };
}

/** Makes the controller ask the cluster anew what it serves. */
async function discoverAnew(cluster: SimCluster): Promise<void> {
  const unknown = { apiVersion: "nobody.example.org/v1", kind: "Nothing", metadata: { name: "n" } };
  const app = await field.create([unknown], cluster);
  const { reason } = await field.until(app, "is refused", ({ state }) => state === "FAILED");
  expect(reason.message).toContain("does not serve Nothing");
  await field.remove(app);
}

it("objects of an API that does not answer are not taken for gone", async () => {
  const group = "silent.example.org";
  const { cluster, app } = await run(group);
  cluster.faults.silentGroups.add(group);
  await discoverAnew(cluster);
  await field.rest.ok("DELETE", `/kubernetes/namespaces/system:admin/applications/${app}`);
  const { reason } = await field.until(
    app,
    "says what it waits for",
    (status) => status.reason !== null,
  );
  expect(reason.message).toBe(`Widget first: the cluster's server of ${group} does not answer`);
  expect(widgetOf(cluster, group)).toBeDefined();
  cluster.faults.silentGroups.clear();
  await field.untilGone(app);
  expect(widgetOf(cluster, group)).toBeUndefined();
});

it("an application whose API does not answer yet waits for it, and has not failed", async () => {
  const group = "late.example.org";
  const { cluster, app } = await run(group);
  cluster.faults.silentGroups.add(group);
  await discoverAnew(cluster);
  const [widget] = widgets(group);
  const second = await field.create([{ ...widget, metadata: { name: "second" } }], cluster);
  const { state } = await field.until(
    second,
    "says what it waits for",
    (status) => status.reason !== null,
  );
  expect(state).toBe("CREATING");
  cluster.faults.silentGroups.clear();
  await field.untilRuns(second, cluster);
  await field.remove(second);
  await field.remove(app);
});

it("objects whose definition somebody took away are gone with it: nothing waits for them", async () => {
  const group = "withdrawn.example.org";
  const { cluster, app } = await run(group);
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`;
  const [widget] = widgets(group);
  const user = await field.create([{ ...widget, metadata: { name: "second" } }], cluster);
  await field.untilRuns(user, cluster);
  await field.change(app, (spec) => {
    spec.manifest = [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "instead" } }];
  });
  await field.untilRuns(app, cluster);
  await meddle(cluster, path, {}, { method: "DELETE" });
  await waitFor("the kind is served no longer", async () => {
    const url = `${cluster.server}/apis/${group}/v1`;
    return (
      (await fetch(url, { headers: { authorization: `Bearer ${cluster.token}` } })).status === 404
    );
  });
  await field.remove(user);
  await field.remove(app);
});
