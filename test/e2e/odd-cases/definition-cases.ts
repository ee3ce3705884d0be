import { expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import { configMap, echo, widgets } from "../manifests.ts";
import { inNamespace, input, type Stage } from "./stage.ts";

function definition(
  group: string,
  options: { readonly scope?: string; readonly fields?: Json } = {},
): Json {
  const {
    scope = "Namespaced",
    fields = { replicas: { type: "integer" }, enabled: { type: "boolean" } },
  } = options;
  const spec = { type: "object", properties: fields };
  const openAPIV3Schema = { type: "object", properties: { spec } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `networks.${group}` },
    spec: {
      group,
      scope,
      names: { kind: "Network", plural: "networks", singular: "network" },
      versions: ["v1", "v1alpha1"].map((name) => ({
        name,
        served: true,
        storage: name === "v1",
        schema: { openAPIV3Schema },
      })),
    },
  };
}

/** ODD-2, 3, 4, 25, 26: scopes, definitions and their objects. */
export function definitionCases(stage: () => Stage): void {
  it("applies a definition before its objects, and keeps it when the application goes", async () => {
    const app = await stage().deploy({ manifest: input("cr-before-crd/in.yaml"), delivery: {} });
    await stage().untilIs(app, "RUNNING");
    const widget = await stage().see("Widget", "w1", "widgets");
    expect(widget.spec).toEqual({ size: 3, mode: "fast" });
    await stage().remove(app);
    expect(await stage().see("CustomResourceDefinition", "widgets.example.org")).toBeDefined();
    expect(await stage().see("Namespace", "widgets")).toBeUndefined();
  });

  it("removes a definition only when that is wanted, and not while others have objects of its kind", async () => {
    const group = `${stage().fresh("crd")}.example.org`;
    const [widget, crd] = widgets(group);
    const delivery = { delete_definitions: true };
    const first = await stage().deploy({ manifest: [widget, crd], delivery });
    await stage().untilIs(first, "RUNNING");
    const second = await stage().deploy({
      manifest: [{ ...widget, metadata: { name: "second" } }],
      delivery: {},
    });
    await stage().untilIs(second, "RUNNING");
    await stage().beginRemoval(first);
    const message = await stage().untilReason(first, "DEFINITION_IN_USE");
    expect(message).toContain(`widgets.${group}`);
    expect(message).toContain(`system:admin/${second}`);
    expect(await stage().get(`/apis/${group}/v1/namespaces/default/widgets/second`)).toBeDefined();
    await stage().remove(second);
    await stage().untilGone(first);
    expect(await stage().see("CustomResourceDefinition", `widgets.${group}`)).toBeUndefined();
  });

  it("drops a namespace that was written onto an object of the whole cluster", async () => {
    const group = `${stage().fresh("wide")}.example.org`;
    const [network] = input("namespace-conflict/cluster-scoped-with-namespace.yaml");
    network.metadata.name = "n";
    const manifest = [
      { ...network, apiVersion: `${group}/v1alpha1` },
      definition(group, { scope: "Cluster" }),
    ];
    const app = await stage().deploy({ manifest, delivery: { delete_definitions: true } });
    await stage().untilIs(app, "RUNNING");
    const { copies } = (await stage().read(app)).status;
    const item = copies[0].objects.find(({ kind }: Json) => kind === "Network");
    expect([item.namespace, item.name]).toEqual([null, "n"]);
    await stage().remove(app);
  });

  it("tells objects of one name in several namespaces, groups and kinds apart", async () => {
    const groups = [
      definition("simulator.io"),
      definition("keramik.3box.io", { scope: "Cluster" }),
    ];
    const manifest = [...input("same-name-other-scope/in.yaml"), ...groups];
    const delivery = { create_namespaces: true, delete_definitions: true };
    const app = await stage().deploy({ manifest, delivery });
    await stage().untilIs(app, "RUNNING");
    for (const namespace of ["a", "b"]) {
      expect(await stage().see("Deployment", "web", namespace)).toBeDefined();
    }
    const { copies } = (await stage().read(app)).status;
    const named = copies[0].objects.filter(({ name }: Json) => name === "web");
    expect(named).toHaveLength(5);
    await stage().remove(app);
    expect(await stage().see("Namespace", "a")).toBeUndefined();
    expect(await stage().see("Namespace", "b")).toBeUndefined();
  });

  it("names what a cluster does not serve, with what it serves instead, and applies the rest", async () => {
    const old = {
      apiVersion: "apps/v1beta1",
      kind: "Deployment",
      metadata: { name: "old" },
      spec: {},
    };
    const unknown = { apiVersion: "nobody.example.org/v1", kind: "Thing", metadata: { name: "t" } };
    const app = await stage().deploy({ manifest: [old, unknown, configMap("fine", {})] });
    const message = await stage().untilReason(app, "UNSUPPORTED_RESOURCE");
    expect(message).toContain("no longer serves Deployment of apps/v1beta1; it serves apps/v1");
    expect(message).toContain("Thing t: the cluster does not serve Thing of nobody.example.org/v1");
    expect((await stage().see("ConfigMap", "fine", app)).metadata.name).toBe("fine");
    await stage().remove(app);
  });

  it("names a version that a definition of the manifest does not serve, with what it serves", async () => {
    const group = `${stage().fresh("renamed")}.example.org`;
    const network = { apiVersion: `${group}/v2`, kind: "Network", metadata: { name: "old" } };
    const delivery = { delete_definitions: true };
    const app = await stage().deploy({ manifest: [network, definition(group)], delivery });
    const status = await stage().until(app, "says what is served", ({ reason }) =>
      reason?.message.includes(
        `Network old: the cluster no longer serves Network of ${group}/v2; it serves ${group}/v1`,
      ),
    );
    expect(status.state).toBe("FAILED");
    await stage().change(app, (spec) => void (spec.manifest[0].apiVersion = `${group}/v1alpha1`));
    await stage().untilIs(app, "RUNNING");
    await stage().remove(app);
  });

  it("names what a cluster finds wrong with an object, and applies the rest", async () => {
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "wrong" },
      spec: { ports: [{ port: 99_999 }] },
    };
    const app = await stage().deploy({ manifest: [service, configMap("fine", {})] });
    const message = await stage().untilReason(app, "KUBERNETES_ERROR");
    expect(message).toContain("Service wrong");
    expect(message).toContain("spec.ports[0].port");
    expect(await stage().see("ConfigMap", "fine", app)).toBeDefined();
    await stage().change(app, (spec) => void (spec.manifest[0].spec.ports[0].port = 99));
    await stage().untilIs(app, "RUNNING");
    await stage().remove(app);
  });

  it("tells which fields a definition does not know, and does not miss them afterwards", async () => {
    const group = `${stage().fresh("pruned")}.example.org`;
    const network = {
      apiVersion: `${group}/v1`,
      kind: "Network",
      metadata: { name: "small", namespace: "default" },
      spec: { replicas: 2, runner_image: "runner:dev" },
    };
    const manifest = [network, definition(group), configMap("watched", {})];
    const delivery = { delete_definitions: true };
    const app = await stage().deploy({ manifest, delivery });
    const { conditions } = await stage().untilIs(app, "RUNNING");
    const applied = conditions.find(({ type }: Json) => type === "Applied");
    expect(applied).toMatchObject({ status: "True" });
    expect(applied.message).toBe('Network small: unknown field "spec.runner_image"');
    const path = `/apis/${group}/v1/namespaces/default/networks/small`;
    const before = await stage().get(path);
    expect(before.spec).toEqual({ replicas: 2 });
    await stage().change(app, (spec) => void (spec.manifest[2].data.x = "1"));
    await stage().untilIs(app, "RUNNING");
    expect((await stage().get(path)).metadata.resourceVersion).toBe(
      before.metadata.resourceVersion,
    );
    await stage().remove(app);
  });

  it("tries again while a webhook cannot be asked, and lets what comes behind go its way", async () => {
    const name = stage().fresh("guard");
    const path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    await stage().meddle(path, {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name },
      webhooks: [
        {
          name: `${name}.example.org`,
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          failurePolicy: "Fail",
          objectSelector: { matchLabels: { guarded: name } },
          clientConfig: { service: { name: "nobody", namespace: "default" } },
          rules: [
            { apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"], operations: ["*"] },
          ],
        },
      ],
    });
    const guarded = configMap("guarded", {});
    guarded.metadata.labels = { guarded: name };
    const app = await stage().deploy({ manifest: [guarded, ...echo("behind")] });
    const status = await stage().until(app, "tells of the webhook", ({ reason }) =>
      reason?.message.includes(`failed calling webhook "${name}.example.org"`),
    );
    expect(status.state).toBe("CREATING");
    await stage().untilSeen("what comes behind", {
      kind: "Deployment",
      name: "behind",
      namespace: app,
    });
    await stage().meddle(`${path}/${name}`, {}, "DELETE");
    await stage().untilIs(app, "RUNNING");
    expect(await stage().see("ConfigMap", "guarded", app)).toBeDefined();
    await stage().remove(app);
  });

  it("does not run again what has removed itself and says so", async () => {
    const group = `${stage().fresh("ttl")}.example.org`;
    const network = {
      apiVersion: `${group}/v1`,
      kind: "Network",
      metadata: { name: "short", annotations: { "octoplane.io/recreate": "never" } },
      spec: { replicas: 1 },
    };
    const delivery = { delete_definitions: true };
    const manifest = [inNamespace(network, "default"), definition(group)];
    const app = await stage().deploy({ manifest, delivery });
    await stage().untilIs(app, "RUNNING");
    await stage().meddle(`/apis/${group}/v1/namespaces/default/networks/short`, {}, "DELETE");
    const status = await stage().untilIs(app, "COMPLETED");
    expect(status.reason).toMatchObject({
      code: "Expired",
      message: "Network short in namespace default has removed itself",
    });
    const path = `/apis/${group}/v1/namespaces/default/networks/short`;
    expect(await stage().get(path)).toBeUndefined();
    await stage().remove(app);
  });
}
