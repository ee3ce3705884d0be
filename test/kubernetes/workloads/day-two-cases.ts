import { afterAll, beforeAll, expect, it } from "vitest";
import { configMap, echo, job } from "../../e2e/manifests.ts";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import { paths, withImage, type RealField } from "./real-field.ts";

export function dayTwoCases(field: () => RealField): void {
  const image = "registry.example/echo:2";
  const manifest = [...echo("shop", { replicas: 2 }), job("load", {})];
  let app: string;
  let port: number;

  const web = async (): Promise<Json> => await field().at(paths.deployment("shop"));
  const settled = async (): Promise<Json> => {
    const status = await field().untilRunning(app);
    const service = await field().at(paths.service("shop"));
    expect(service.spec.ports[0].nodePort).toBe(port);
    return status;
  };

  beforeAll(async () => {
    app = await field().deploy(manifest);
    await field().untilRunning(app);
    port = (await field().at(paths.service("shop"))).spec.ports[0].nodePort;
  });
  afterAll(async () => await field().remove(app));

  it("nothing would change, and what would is told without being done", async () => {
    const differences = async (body: Json): Promise<Json[]> =>
      (await field().post(app, "differences", body)).items;
    expect(await differences({})).toEqual([]);
    const before = (await web()).metadata.resourceVersion;
    const changed = structuredClone(manifest);
    withImage(changed[0], image);
    changed[1].spec.ports[0].port = 70_000;
    withImage(changed[2], image);
    changed.push(configMap("more", {}));
    const told = await differences({ manifest: changed });
    expect(told).toEqual([
      {
        cluster: field().name,
        object: "Deployment/shop in default (apps)",
        change: "changed",
        fields: [
          {
            path: "spec.template.spec.containers[echo].image",
            before: "registry.example/echo:1",
            after: image,
          },
        ],
      },
      expect.objectContaining({
        object: "Service/shop in default",
        change: "refused",
        message: expect.stringContaining("70000"),
      }),
      expect.objectContaining({ object: "Job/load in default (batch)", change: "replaced" }),
      expect.objectContaining({ object: "ConfigMap/more in default", change: "added" }),
    ]);
    expect((await web()).metadata.resourceVersion).toBe(before);
    expect(await field().at("/api/v1/namespaces/default/configmaps/more")).toBeUndefined();
  });

  it("its objects, Pods and tree are told", async () => {
    const objects = await field().list(app, "objects");
    expect(objects.map(({ kind, health }) => [kind, health])).toEqual(
      expect.arrayContaining([
        ["Deployment", "healthy"],
        ["Service", "healthy"],
        ["Job", "completed"],
      ]),
    );
    const pods = await field().list(app, "pods");
    const ready = pods.filter((pod) => pod.ready === "1/1");
    expect(ready.map(({ owner, node }) => [owner, node])).toEqual([
      ["Deployment/shop", "kwok-0"],
      ["Deployment/shop", "kwok-0"],
    ]);
    expect(pods.find(({ owner }) => owner === "Job/load")).toMatchObject({ phase: "Succeeded" });
    const tree = await field().list(app, "tree");
    const top = tree.find(({ kind }) => kind === "Deployment");
    expect(top).toMatchObject({ made_by: "application", state: "2/2 ready" });
    expect(top.children[0]).toMatchObject({ kind: "ReplicaSet", made_by: "controller" });
    expect(top.children[0].children.map(({ kind }: Json) => kind)).toEqual(["Pod", "Pod"]);
  });

  it("it is scaled, and stays so", async () => {
    await field().post(app, "scale", { workloads: [{ name: "shop", replicas: 3 }] });
    expect((await settled()).container_health).toMatchObject({ running_pods: 3 });
    expect((await web()).spec.replicas).toBe(3);
    await field().post(app, "scale", { workloads: [{ name: "shop", replicas: null }] });
    await settled();
    expect((await web()).spec.replicas).toBe(2);
  });

  it("it is restarted: other Pods, the same port", async () => {
    const names = async (): Promise<string[]> => {
      const pods = await field().list(app, "pods");
      return pods.filter(({ owner }) => owner === "Deployment/shop").map(({ name }) => name);
    };
    const before = await names();
    await field().post(app, "restart");
    await settled();
    await waitFor("none of the old Pods", async () => {
      const left = await names();
      return left.length === 2 && !left.some((name) => before.includes(name));
    });
  });

  it("another image is delivered, and the way back", async () => {
    const workloads = [{ name: "shop", images: { echo: image } }];
    const delivered = async (): Promise<string> =>
      (await web()).spec.template.spec.containers[0].image;
    await field().post(app, "set-image", { workloads });
    await settled();
    expect(await delivered()).toBe(image);
    await field().post(app, "undo");
    await settled();
    expect(await delivered()).toBe("registry.example/echo:1");
  });

  it("its Job runs once more, also when its template cannot be changed", async () => {
    const uid = async (): Promise<string> => (await field().at(paths.job("load")))?.metadata.uid;
    const first = await uid();
    await field().post(app, "rerun", { workloads: [{ name: "load" }] });
    await settled();
    const second = await uid();
    expect(second).not.toBe(first);
    await field().post(app, "set-image", {
      workloads: [{ name: "load", images: { work: image } }],
    });
    await settled();
    expect(await uid()).not.toBe(second);
    const status = await field().until(app, "has run it", ({ container_health: pods }) => {
      return pods.completed_pods === 1;
    });
    expect(status.state).toBe("RUNNING");
  });

  it("it is stopped and started, and so is all of it", async () => {
    await field().post(app, "stop");
    await waitFor("no Pods", async () => (await web()).status.replicas === undefined);
    expect((await web()).spec.replicas).toBe(0);
    await field().post(app, "start");
    await settled();
    expect((await web()).status.readyReplicas).toBe(2);
    await field().post(app, "stop", { remove: true });
    await waitFor("nothing", async () => (await field().at(paths.service("shop"))) === undefined);
    await waitFor("no Deployment", async () => (await web()) === undefined);
    await field().post(app, "start");
    await field().untilRunning(app);
  });
}
