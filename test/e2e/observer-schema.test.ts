import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { count, meddle, openField, peek, type Field } from "./field.ts";
import { echo } from "./manifests.ts";

/** Which fields of an object are ours, by an observer schema (docs/hooks.md). */

let field: Field;
beforeAll(async () => {
  field = await openField();
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

const bounds = (least: number, greatest: number) => ({
  observer_schema_list_min_length: least,
  observer_schema_list_max_length: greatest,
});

/** As Krake's sample has it: the replicas, which the manifest does not set, are watched, and the image is not. */
function schemaOf(name: string, greatest = 1): Json {
  const ports = [{ containerPort: null }, bounds(1, 1)];
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: null },
    spec: {
      replicas: null,
      selector: { matchLabels: { app: null } },
      template: {
        metadata: { labels: { app: null } },
        spec: { containers: [{ name: null, ports }, bounds(1, greatest)] },
      },
    },
  };
}

async function create(name: string, cluster: SimCluster, greatest?: number): Promise<void> {
  const [web, service] = echo(name);
  delete web.spec.replicas;
  const observer_schema = [schemaOf(name, greatest)];
  await field.createOn(cluster, name, { manifest: [web, service], observer_schema });
  await field.untilRuns(name, cluster);
}

const path = (name: string): string => `/apis/apps/v1/namespaces/default/deployments/${name}`;
const imageOn = (cluster: SimCluster, name: string): string =>
  peek(cluster, "Deployment", name).spec.template.spec.containers[0].image;
const containersOn = (cluster: SimCluster, name: string): string[] =>
  peek(cluster, "Deployment", name).spec.template.spec.containers.map((one: Json) => one.name);

/** Somebody else's containers are put beside ours, or into one of the same name. */
async function mixIn(cluster: SimCluster, name: string, container: Json): Promise<void> {
  const patch = { spec: { template: { spec: { containers: [container] } } } };
  await meddle(cluster, path(name), patch, { type: "strategic" });
}

/** A change that is left alone: something else is changed and put right behind it. */
async function untilLookedAt(cluster: SimCluster, name: string): Promise<void> {
  await meddle(cluster, path(name), { spec: { replicas: 4 } });
  await waitFor("what is watched is put right", () => {
    return peek(cluster, "Deployment", name).spec.replicas === 1;
  });
}

describe.concurrent("an object with a schema", () => {
  it("has what is watched put right, and the rest left to whoever changes it", async () => {
    const cluster = await field.cluster();
    await create("partly", cluster);
    expect(imageOn(cluster, "partly")).toBe("registry.example/echo:1");
    await mixIn(cluster, "partly", { name: "echo", image: "registry.example/echo:other" });
    await untilLookedAt(cluster, "partly");
    expect(imageOn(cluster, "partly")).toBe("registry.example/echo:other");
    await field.untilRuns("partly", cluster);
    expect(imageOn(cluster, "partly")).toBe("registry.example/echo:other");
    // Written anew, it is applied anew.
    await field.change("partly", (spec) => {
      spec.manifest[0].spec.template.spec.containers[0].image = "registry.example/echo:2";
    });
    await field.untilRuns("partly", cluster);
    expect(imageOn(cluster, "partly")).toBe("registry.example/echo:2");
    await field.remove("partly");
  });

  it("tells Krake's clients what is watched, as it was applied and as it was seen", async () => {
    const cluster = await field.cluster();
    await create("told", cluster);
    const { status } = await field.read("told");
    const [applied] = status.last_applied_manifest;
    expect(applied).toMatchObject({ kind: "Deployment", metadata: { name: "told" } });
    expect(applied.spec.replicas).toBe(1);
    expect(applied.spec.template.spec.containers).toEqual([
      { name: "echo", ports: [{ containerPort: 8080 }] },
    ]);
    expect(status.last_observed_manifest[0].spec.replicas).toBe(1);
    expect(status.mangled_observer_schema.map(({ kind }: Json) => kind)).toEqual([
      "Deployment",
      "Service",
    ]);
    await field.change("told", (spec) => void (spec.observer_schema = []));
    await field.untilRuns("told", cluster);
    expect((await field.read("told")).status.last_applied_manifest).toEqual([]);
    await field.remove("told");
  });

  it("has a list that became too long cut, and one that may be of any length left alone", async () => {
    const cluster = await field.cluster();
    const side = { name: "side", image: "registry.example/side:1" };
    await create("short", cluster, 1);
    await create("long", cluster, 0);
    for (const name of ["short", "long"]) await mixIn(cluster, name, side);
    await waitFor("it is cut", () => containersOn(cluster, "short").join() === "echo");
    await untilLookedAt(cluster, "long");
    expect(containersOn(cluster, "long").toSorted()).toEqual(["echo", "side"]);
    await Promise.all([field.remove("short"), field.remove("long")]);
  });

  it("has the variables of its hooks put right, whatever its schema says, and is at rest then", async () => {
    const cluster = await field.cluster();
    await create("hooked", cluster);
    await field.change("hooked", (spec) => void (spec.hooks = ["complete"]));
    await field.untilRuns("hooked", cluster);
    const variables = (): string[] =>
      peek(cluster, "Deployment", "hooked").spec.template.spec.containers[0].env.map(
        ({ name, valueFrom }: Json) => `${name} ${valueFrom?.secretKeyRef?.key}`,
      );
    const expected = [
      "KRAKE_COMPLETE_TOKEN krake_complete_token",
      "KRAKE_COMPLETE_URL krake_complete_url",
    ];
    expect(variables()).toEqual(expected);
    const env = [{ name: "KRAKE_COMPLETE_URL", value: "http://elsewhere", valueFrom: null }];
    await mixIn(cluster, "hooked", { name: "echo", env });
    await waitFor("it is put right", () => variables().join() === expected.join());
    await field.untilRuns("hooked", cluster);
    // While its Pods are made anew its status changes, and with it the object that is looked at.
    await waitFor("nothing more is asked of the cluster", async () => {
      const traffic = count(cluster);
      await waitFor("some more probes", () => traffic.probes() >= 3);
      traffic.stop();
      return traffic.writes().length + traffic.reads().length === 0;
    });
    await field.remove("hooked");
  });

  it("whose schema goes is wholly ours again", async () => {
    const cluster = await field.cluster();
    await create("whole", cluster);
    await field.change("whole", (spec) => void (spec.observer_schema = []));
    await field.untilRuns("whole", cluster);
    const held = peek(cluster, "Deployment", "whole").metadata.managedFields.find(
      ({ manager }: Json) => manager === "octoplane-manifest",
    );
    expect(held?.fieldsV1 ?? {}).toEqual({});
    await mixIn(cluster, "whole", { name: "echo", image: "registry.example/echo:other" });
    await waitFor("the image is put right", () => {
      return imageOn(cluster, "whole") === "registry.example/echo:1";
    });
    await field.remove("whole");
  });
});
