import { describe, expect, it } from "vitest";
import type { ApplyOptions, ApplyResult, KubeObject } from "../kube.ts";
import { configMap, deployment, kindNamed, refOf, refusal } from "./objects.ts";
import type { Site } from "./site.ts";

/** Applies objects of one kind in a namespace of its own. */
async function bench(
  { kube, kinds, freshNamespace }: Site,
  kind: string,
  group = "",
): Promise<{
  readonly namespace: string;
  apply(object: KubeObject, options?: Partial<ApplyOptions>): Promise<ApplyResult>;
  get(object: KubeObject): Promise<KubeObject | undefined>;
}> {
  const served = kindNamed(kinds, kind, group);
  const namespace = await freshNamespace();
  return {
    namespace,
    apply: (object, options) =>
      kube.apply(refOf(served, namespace, object), object, { force: false, ...options }),
    get: (object) => kube.get(refOf(served, namespace, object)),
  };
}

export function describeApply(site: () => Site): void {
  describeFields(site);
  describeRefusals(site);
  describeCreate(site);
}

interface DeploymentShape extends KubeObject {
  metadata: KubeObject["metadata"];
  readonly spec: { readonly template: { readonly spec: object } };
}

const labelled = { "f:metadata": { "f:labels": {} } };

/** The fields of an object by who owns them, without those of its controllers. */
function fieldsOf({ metadata }: KubeObject): Readonly<Record<string, unknown>> {
  const entries = (metadata["managedFields"] ?? []) as readonly {
    readonly manager: string;
    readonly fieldsV1: unknown;
    readonly subresource?: string;
  }[];
  const own = entries.filter(({ subresource }) => subresource === undefined);
  return Object.fromEntries(own.map(({ manager, fieldsV1 }) => [manager, fieldsV1]));
}

function describeFields(site: () => Site): void {
  describe("applying", () => {
    it("creates, and the same again changes nothing, not even the version", async () => {
      const { apply, get, namespace } = await bench(site(), "ConfigMap");
      // No controller writes to a ConfigMap, so that its version moves by us alone.
      const object = configMap({ name: "m", data: { a: "1" }, labels: { b: "c" } });
      const first = await apply(object);
      expect(first.created).toBe(true);
      expect(first.object).toMatchObject({
        ...object,
        metadata: { ...object.metadata, namespace },
      });
      expect(first.object.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      const again = await apply(object);
      expect(again.created).toBe(false);
      expect(again.object.metadata.resourceVersion).toBe(first.object.metadata.resourceVersion);
      expect((await get(object))?.metadata.uid).toBe(first.object.metadata.uid);
    });

    it("takes away a field that we no longer name", async () => {
      const { apply, get } = await bench(site(), "ConfigMap");
      const both = configMap({ name: "m", data: { a: "1", b: "2" }, labels: { ours: "yes" } });
      await apply(both);
      await apply(configMap({ name: "m", data: { a: "1" } }));
      const kept = await get(both);
      expect(kept?.["data"]).toEqual({ a: "1" });
      expect(kept?.metadata.labels ?? {}).toEqual({});
    });

    it("raises the generation with the spec, and only with it", async () => {
      const { apply } = await bench(site(), "Deployment", "apps");
      const first = deployment("a");
      expect((await apply(first)).object.metadata.generation).toBe(1);
      expect((await apply(first)).object.metadata.generation).toBe(1);
      const labelled = { ...first, metadata: { ...first.metadata, labels: { a: "b" } } };
      expect((await apply(labelled)).object.metadata.generation).toBe(1);
      const scaled = { ...labelled, spec: { ...(first["spec"] as object), replicas: 2 } };
      expect((await apply(scaled)).object.metadata.generation).toBe(2);
    });

    it("over a field of somebody else is a conflict that names it, unless forced", async () => {
      const { kube, kinds, freshNamespace } = site();
      const served = kindNamed(kinds, "ConfigMap");
      const namespace = await freshNamespace();
      const ours = configMap({ name: "m", data: { a: "ours" } });
      const theirs = configMap({ name: "m", data: { a: "theirs", b: "theirs" } });
      const ref = refOf(served, namespace, ours);
      await kube.create(served, { ...theirs, metadata: { ...theirs.metadata, namespace } });
      const error = await refusal(kube.apply(ref, ours, { force: false }));
      expect(error).toMatchObject({ status: 409, reason: "Conflict", retry: true });
      expect(error.causes.map(({ field }) => field)).toEqual([".data.a"]);
      const { object } = await kube.apply(ref, ours, { force: true });
      expect(object["data"]).toEqual({ a: "ours", b: "theirs" });
    });

    it("an empty map is declared, and belongs to whoever fills it", async () => {
      const { apply } = await bench(site(), "ConfigMap");
      const ours = configMap({ name: "m", data: {}, labels: {} });
      const declared = (await apply(ours)).object;
      expect(fieldsOf(declared)).toEqual({ octoplane: { "f:data": {}, ...labelled } });
      const theirs = configMap({ name: "m", data: { a: "1" } });
      const error = await refusal(apply(theirs, { manager: "them" }));
      expect(error.causes.map(({ field }) => field)).toEqual([".data"]);
      const filled = (await apply(theirs, { manager: "them", force: true })).object;
      const theirFields = { "f:data": { "f:a": {} } };
      // What is empty is not in the object, and yet ours.
      expect(fieldsOf(filled)).toEqual({ octoplane: labelled, them: theirFields });
      const both = (await apply(ours)).object;
      expect(both["data"]).toEqual({ a: "1" });
      expect(fieldsOf(both)).toEqual({
        octoplane: { "f:data": {}, ...labelled },
        them: theirFields,
      });
    });

    it("an empty list is declared only where the list is one value", async () => {
      const { apply } = await bench(site(), "Deployment", "apps");
      const object = structuredClone(deployment("a")) as DeploymentShape;
      Object.assign(object.spec.template.spec, { tolerations: [], volumes: [] });
      const fields = JSON.stringify(fieldsOf((await apply(object)).object)["octoplane"]);
      expect(fields).toContain('"f:tolerations":{}');
      expect(fields).not.toContain("f:volumes");
    });

    it("what is created is owned with the maps and lists that hold it", async () => {
      const { kube, kinds, freshNamespace } = site();
      const namespace = await freshNamespace();
      const object = structuredClone(deployment("a")) as DeploymentShape;
      object.metadata = { ...object.metadata, namespace, labels: { a: "b" } };
      const volumes = [{ name: "v", emptyDir: {} }];
      Object.assign(object.spec.template.spec, { volumes });
      const made = await kube.create(kindNamed(kinds, "Deployment", "apps"), object);
      expect(fieldsOf(made)["octoplane"]).toMatchObject({
        "f:metadata": { "f:labels": { ".": {}, "f:a": {} } },
        "f:spec": {
          "f:template": {
            "f:metadata": { "f:labels": { ".": {} } },
            "f:spec": {
              "f:containers": { 'k:{"name":"main"}': { ".": {}, "f:image": {} } },
              "f:volumes": { ".": {}, 'k:{"name":"v"}': { ".": {}, "f:emptyDir": {} } },
            },
          },
        },
      });
    });

    it("as a dry run answers with the result and keeps nothing", async () => {
      const { apply, get } = await bench(site(), "Deployment", "apps");
      const { object } = await apply(deployment("a"), { dryRun: true });
      expect(object["spec"]).toMatchObject({ strategy: { type: "RollingUpdate" } });
      expect(await get(object)).toBeUndefined();
    });

    it("keeps what the cluster chose: a node port stays when the rest changes", async () => {
      const { apply } = await bench(site(), "Service");
      const service = (port: number): KubeObject => ({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "s" },
        spec: { type: "NodePort", selector: { app: "a" }, ports: [{ port: 80, targetPort: port }] },
      });
      const portOf = ({ object }: ApplyResult): number | undefined =>
        (object["spec"] as { ports: { nodePort?: number }[] }).ports[0]?.nodePort;
      const first = portOf(await apply(service(8080)));
      expect(first).toBeGreaterThanOrEqual(30_000);
      expect(portOf(await apply(service(9090)))).toBe(first);
    });
  });
}

function describeRefusals(site: () => Site): void {
  describe("an apply", () => {
    it("of an unknown field drops it with a warning", async ({ skip }) => {
      if (!site().knowsBuiltInFields) return skip("the cluster takes any field");
      const { apply } = await bench(site(), "Deployment", "apps");
      const plain = deployment("a");
      const odd = { ...plain, spec: { ...(plain["spec"] as object), colour: "red" } };
      const { object, warnings } = await apply(odd);
      expect(warnings.join()).toContain('unknown field "spec.colour"');
      expect(object["spec"]).not.toHaveProperty("colour");
    });

    it("of a field with a wrong value is refused for good, naming the field", async ({ skip }) => {
      if (!site().knowsBuiltInFields) return skip("the cluster takes any field");
      const { apply } = await bench(site(), "Deployment", "apps");
      const plain = deployment("a");
      const odd = { ...plain, spec: { ...(plain["spec"] as object), replicas: "three" } };
      const error = await refusal(apply(odd));
      expect(error).toMatchObject({ reason: "Invalid", retry: false });
      expect(error.causes.map(({ field }) => field)).toEqual(["spec.replicas"]);
    });

    it("of a changed selector is refused for good, naming the field", async () => {
      const { apply } = await bench(site(), "Deployment", "apps");
      await apply(deployment("a", "one"));
      const error = await refusal(apply(deployment("a", "two"), { force: true }));
      expect(error).toMatchObject({ status: 422, reason: "Invalid", retry: false });
      expect(error.causes).toContainEqual({
        field: "spec.selector",
        message: expect.stringContaining("field is immutable"),
      });
    });

    it("into a namespace that is not there is refused, as an object that is missing", async () => {
      const { kube, kinds } = site();
      const object = configMap({ name: "m", data: {} });
      const ref = refOf(kindNamed(kinds, "ConfigMap"), "nobody-made-this", object);
      const error = await refusal(kube.apply(ref, object, { force: true }));
      expect(error).toMatchObject({ status: 404, reason: "NotFound", retry: false });
      expect(error.message).toContain("nobody-made-this");
    });
  });
}

function describeCreate(site: () => Site): void {
  describe("creating", () => {
    it("with generateName gives every object a name of its own", async () => {
      const { kube, kinds, freshNamespace } = site();
      const namespace = await freshNamespace();
      const { metadata: _named, ...rest } = configMap({ name: "", data: { a: "1" } });
      const object = { ...rest, metadata: { generateName: "run-", namespace } } as KubeObject;
      const served = kindNamed(kinds, "ConfigMap");
      const made = [await kube.create(served, object), await kube.create(served, object)];
      const names = made.map(({ metadata }) => metadata.name ?? "");
      expect(new Set(names).size).toBe(2);
      for (const name of names) expect(name).toMatch(/^run-[a-z0-9]{5}$/);
    });

    it("a name that is taken is refused for good", async () => {
      const { kube, kinds, freshNamespace } = site();
      const object = configMap({ name: "m", data: {} });
      const served = kindNamed(kinds, "ConfigMap");
      const placed = { ...object, metadata: { name: "m", namespace: await freshNamespace() } };
      await kube.create(served, placed);
      const error = await refusal(kube.create(served, placed));
      expect(error).toMatchObject({ status: 409, reason: "AlreadyExists", retry: false });
    });
  });
}
