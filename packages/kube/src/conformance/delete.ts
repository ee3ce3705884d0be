import { describe, expect, it } from "vitest";
import type { KubeObject } from "../kube.ts";
import { configMap, kindNamed, refOf } from "./objects.ts";
import type { Site } from "./site.ts";

const background = { propagation: "Background" } as const;

function job(name: string): KubeObject {
  const container = { name: "main", image: "registry.k8s.io/pause:3.10" };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: {
      suspend: true,
      template: { spec: { restartPolicy: "Never", containers: [container] } },
    },
  };
}

export function describeDelete(site: () => Site): void {
  describe("deleting", () => {
    it("removes the object, and says when there was none", async () => {
      const { kube, kinds, freshNamespace } = site();
      const object = configMap({ name: "m", data: {} });
      const ref = refOf(kindNamed(kinds, "ConfigMap"), await freshNamespace(), object);
      expect(await kube.get(ref)).toBeUndefined();
      expect(await kube.delete(ref, background)).toBe(false);
      await kube.apply(ref, object, { force: false });
      expect(await kube.delete(ref, background)).toBe(true);
      expect(await kube.get(ref)).toBeUndefined();
    });

    it("with a uid leaves another object of the same name alone", async () => {
      const { kube, kinds, freshNamespace } = site();
      const object = configMap({ name: "m", data: {} });
      const ref = refOf(kindNamed(kinds, "ConfigMap"), await freshNamespace(), object);
      const first = await kube.apply(ref, object, { force: false });
      const uid = first.object.metadata.uid ?? "";
      expect(await kube.delete(ref, { ...background, uid })).toBe(true);
      await kube.apply(ref, object, { force: false });
      expect(await kube.delete(ref, { ...background, uid })).toBe(false);
      expect(await kube.get(ref)).toBeDefined();
    });

    it("a Job in the background leaves no finalizer that keeps it", async () => {
      const { kube, kinds, freshNamespace } = site();
      const ref = refOf(kindNamed(kinds, "Job", "batch"), await freshNamespace(), job("j"));
      await kube.apply(ref, job("j"), { force: false });
      expect(await kube.delete(ref, background)).toBe(true);
      expect((await kube.get(ref))?.metadata.finalizers).toBeUndefined();
    });

    it("an object with a finalizer only marks it, until the finalizer is dropped", async () => {
      const { kube, kinds, freshNamespace } = site();
      const name = "m";
      const held = configMap({ name, data: {}, finalizers: ["example.org/hold"] });
      const ref = refOf(kindNamed(kinds, "ConfigMap"), await freshNamespace(), held);
      await kube.apply(ref, held, { force: false });
      expect(await kube.delete(ref, background)).toBe(true);
      const marked = await kube.get(ref);
      expect(marked?.metadata.deletionTimestamp).toMatch(/^\d{4}-\d\d-\d\dT/);
      await kube.apply(ref, configMap({ name, data: {} }), { force: false });
      expect(await kube.get(ref)).toBeUndefined();
    });

    it("a namespace can be asked for twice", async () => {
      const { kube, kinds, freshNamespace } = site();
      const ref = { served: kindNamed(kinds, "Namespace"), name: await freshNamespace() };
      const uid = (await kube.get(ref))?.metadata.uid ?? "";
      expect(await kube.delete(ref, { ...background, uid })).toBe(true);
      // Until it is empty it answers with a conflict, and once it is gone there is nothing to
      // delete.
      expect(await kube.delete(ref, { ...background, uid })).toBeTypeOf("boolean");
    });
  });
}
