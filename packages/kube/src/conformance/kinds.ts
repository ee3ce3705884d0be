import { describe, expect, it } from "vitest";
import type { KubeObject, ServedKind } from "../kube.ts";
import { configMap, kindNamed, patient, refOf, refusal, uniqueName } from "./objects.ts";
import type { Site } from "./site.ts";

/** A namespaced kind with one known field; every run has a group of its own. */
function definition(group: string): KubeObject {
  const schema = {
    type: "object",
    properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `gadgets.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind: "Gadget", plural: "gadgets", singular: "gadget", listKind: "GadgetList" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}

function isEstablished(object: KubeObject | undefined): boolean {
  const status = object?.["status"] as
    | { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
    | undefined;
  return (
    status?.conditions?.some(
      ({ type, status: value }) => type === "Established" && value === "True",
    ) ?? false
  );
}

async function growByDefinition(site: Site): Promise<void> {
  const { kube, kinds, freshNamespace } = site;
  const group = `${uniqueName("g")}.example.org`;
  const crd = definition(group);
  const ref = {
    served: kindNamed(kinds, "CustomResourceDefinition", "apiextensions.k8s.io"),
    name: crd.metadata.name ?? "",
  };
  await kube.apply(ref, crd, { force: false });
  await expect.poll(async () => isEstablished(await kube.get(ref)), patient).toBe(true);
  const find = async (): Promise<ServedKind | undefined> =>
    (await kube.discover({ refresh: true })).kinds.find((served) => served.group === group);
  await expect.poll(find, patient).toMatchObject({ kind: "Gadget", namespaced: true });
  const served = (await find()) as ServedKind;

  const namespace = await freshNamespace();
  const gadget = {
    apiVersion: `${group}/v1`,
    kind: "Gadget",
    metadata: { name: "g" },
    spec: { size: 3, colour: "red" },
  };
  // The path of a new kind may lag behind its discovery.
  const apply = async (): Promise<readonly string[]> =>
    (await kube.apply(refOf(served, namespace, gadget), gadget, { force: true })).warnings;
  await expect
    .poll(() => apply().catch(() => []), patient)
    .toEqual([expect.stringContaining('unknown field "spec.colour"')]);
  const kept = await kube.get(refOf(served, namespace, gadget));
  expect(kept).toMatchObject({ kind: "Gadget", spec: { size: 3 } });
  expect(kept?.["spec"]).not.toHaveProperty("colour");
  const wrong = { ...gadget, spec: { size: "big" } };
  const error = await refusal(kube.apply(refOf(served, namespace, wrong), wrong, { force: true }));
  expect(error).toMatchObject({ reason: "Invalid", retry: false });
  expect(error.causes.map(({ field }) => field)).toEqual(["spec.size"]);
}

export function describeKinds(site: () => Site): void {
  describe("what it serves", () => {
    it("has the built-in kinds with their scope, and no sub-resources", () => {
      const { kinds } = site();
      const expected: readonly (readonly [string, string, boolean])[] = [
        ["", "Namespace", false],
        ["", "ConfigMap", true],
        ["", "Service", true],
        ["apps", "Deployment", true],
        ["batch", "Job", true],
        ["rbac.authorization.k8s.io", "ClusterRole", false],
        ["apiextensions.k8s.io", "CustomResourceDefinition", false],
      ];
      for (const [group, kind, namespaced] of expected) {
        const served = kindNamed(kinds, kind, group);
        expect(served).toMatchObject({ version: "v1", namespaced });
        expect(served.verbs).toEqual(expect.arrayContaining(["get", "list", "watch", "patch"]));
      }
      expect(kinds.filter(({ plural }) => plural.includes("/"))).toEqual([]);
    });

    it("grows by a definition, once that is established", { timeout: 90_000 }, () =>
      growByDefinition(site()),
    );

    it("does not include what nobody defined: its path is unknown, not its objects", async () => {
      const { kube, kinds } = site();
      const served: ServedKind = {
        ...kindNamed(kinds, "ConfigMap"),
        group: "nobody.example.org",
        kind: "Nothing",
        plural: "nothings",
      };
      const ref = { served, namespace: "default", name: "n" };
      const object = configMap({ name: "n", data: {} });
      const works = [
        () => kube.get(ref),
        () => kube.list(served),
        () => kube.apply(ref, object, { force: true }),
      ];
      for (const work of works) {
        expect(await refusal(work())).toMatchObject({ status: 404, reason: "KindNotServed" });
      }
    });
  });
}
