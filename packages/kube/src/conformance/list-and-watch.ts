import { limits } from "@octoplane/shared/limits";
import { describe, expect, it } from "vitest";
import type { KubeEvent, KubeObject } from "../kube.ts";
import { configMap, kindNamed, pod, refOf, refusal, uniqueName } from "./objects.ts";
import type { Site } from "./site.ts";

/** The next events that are no bookmarks, as `TYPE name`. */
async function nextChanges(
  events: AsyncIterator<KubeEvent>,
  count: number,
): Promise<readonly string[]> {
  const seen: string[] = [];
  while (seen.length < count) {
    const next = await events.next();
    if (next.done) throw new Error(`the watch ended after ${seen.join(", ") || "nothing"}`);
    const event = next.value;
    if (event.type !== "BOOKMARK") seen.push(`${event.type} ${event.object.metadata.name}`);
  }
  return seen;
}

function namesOf(objects: readonly KubeObject[]): readonly string[] {
  return objects.map(({ metadata }) => metadata.name ?? "").toSorted();
}

function describeList(site: () => Site): void {
  describe("a list", () => {
    it("finds by label, in one namespace or in all", async () => {
      const { kube, kinds, freshNamespace } = site();
      const served = kindNamed(kinds, "ConfigMap");
      const group = uniqueName("group");
      const [first, second] = [await freshNamespace(), await freshNamespace()];
      for (const [namespace, name, labels] of [
        [first, "a", { group, tier: "front" }],
        [first, "b", { group }],
        [second, "c", { group }],
        [second, "d", {}],
      ] as const) {
        const object = configMap({ name, data: {}, labels });
        await kube.apply(refOf(served, namespace, object), object, { force: false });
      }
      const names = async (options: object): Promise<readonly string[]> =>
        namesOf((await kube.list(served, options)).items);
      expect(await names({ labelSelector: `group=${group}` })).toEqual(["a", "b", "c"]);
      expect(await names({ namespace: first, labelSelector: "tier" })).toEqual(["a"]);
      expect(await names({ namespace: first, labelSelector: `group=${group},!tier` })).toEqual([
        "b",
      ]);
      const { items, resourceVersion } = await kube.list(served, { namespace: second });
      expect(items[0]).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
      expect(resourceVersion).not.toBe("");
    });

    it("of Pods leaves out those that are over, by the field of their phase", async () => {
      const { kube, kinds, freshNamespace } = site();
      const served = kindNamed(kinds, "Pod");
      const namespace = await freshNamespace();
      // A controller makes this account for every namespace, some time later; without it no Pod is let in.
      const account = kindNamed(kinds, "ServiceAccount");
      const metadata = { name: "default" };
      const own = { apiVersion: "v1", kind: "ServiceAccount", metadata };
      await kube.apply(refOf(account, namespace, own), own, { force: true });
      const object = pod("one");
      await kube.apply(refOf(served, namespace, object), object, { force: false });
      const names = async (fieldSelector: string): Promise<readonly string[]> => {
        const found: KubeObject[] = [];
        for await (const page of kube.pages(served, { namespace, fieldSelector })) {
          found.push(...page);
        }
        return namesOf(found);
      };
      expect(await names("status.phase!=Succeeded,status.phase!=Failed")).toEqual(["one"]);
      expect(await names("status.phase=Failed")).toEqual([]);
      const { items } = await kube.list(served, { namespace, fieldSelector: "metadata.name=no" });
      expect(items).toEqual([]);
    });

    it("longer than a page is whole, every object once", { timeout: 90_000 }, async () => {
      const { kube, kinds, freshNamespace } = site();
      const served = kindNamed(kinds, "ConfigMap");
      const namespace = await freshNamespace();
      const many = Array.from({ length: limits.kubePageMax + 20 }, (_, index) => `m${index}`);
      const labels = { many: "yes" };
      await Promise.all(
        many.map((name) => {
          const object = configMap({ name, data: {}, labels });
          return kube.apply(refOf(served, namespace, object), object, { force: false });
        }),
      );
      const { items } = await kube.list(served, { namespace, labelSelector: "many=yes" });
      expect(namesOf(items)).toEqual(many.toSorted());
    });
  });
}

function describeWatch(site: () => Site): void {
  describe("a watch", () => {
    it("gives every change after a list, in order, what came before it began too", async () => {
      const { kube, kinds, freshNamespace } = site();
      const served = kindNamed(kinds, "ConfigMap");
      const options = { namespace: await freshNamespace(), labelSelector: "seen=yes" };
      const put = async (name: string, value: string, seen = "yes"): Promise<void> => {
        const object = configMap({ name, data: { value }, labels: { seen } });
        await kube.apply(refOf(served, options.namespace, object), object, { force: false });
      };
      await put("old", "1");
      const { resourceVersion } = await kube.list(served, options);
      await put("a", "1");
      const controller = new AbortController();
      const watch = kube.watch(served, { ...options, resourceVersion }, controller.signal);
      const events = watch[Symbol.asyncIterator]();
      expect(await nextChanges(events, 1)).toEqual(["ADDED a"]);
      await put("a", "2");
      await put("hidden", "1", "no");
      await put("b", "1");
      // An object that no longer matches is gone for this watch.
      await put("old", "1", "no");
      const ref = { served, namespace: options.namespace, name: "a" };
      await kube.delete(ref, { propagation: "Background" });
      expect(await nextChanges(events, 4)).toEqual([
        "MODIFIED a",
        "ADDED b",
        "DELETED old",
        "DELETED a",
      ]);
      const last = events.next();
      controller.abort();
      expect((await last).done).toBe(true);
    });

    it("loses nothing in a burst of many writers", { timeout: 90_000 }, async () => {
      const { kube, kinds, freshNamespace } = site();
      const served = kindNamed(kinds, "ConfigMap");
      const namespace = await freshNamespace();
      const options = { namespace, labelSelector: "burst=yes" };
      const { resourceVersion } = await kube.list(served, options);
      const controller = new AbortController();
      const watch = kube.watch(served, { ...options, resourceVersion }, controller.signal);
      const received = nextChanges(watch[Symbol.asyncIterator](), 300);
      const names = Array.from({ length: 300 }, (_, index) => `m${index}`);
      const put = (name: string): Promise<unknown> => {
        const object = configMap({ name, data: {}, labels: { burst: "yes" } });
        return kube.apply(refOf(served, namespace, object), object, { force: false });
      };
      await Promise.all(names.map(put));
      expect((await received).toSorted()).toEqual(names.map((name) => `ADDED ${name}`).toSorted());
      controller.abort();
    });

    it("from a version that is too old fails with 410", async ({ skip }) => {
      const { kube, kinds, forgetHistory, freshNamespace } = site();
      if (!forgetHistory) return skip("the cluster cannot be told to forget");
      const served = kindNamed(kinds, "ConfigMap");
      const namespace = await freshNamespace();
      const { resourceVersion } = await kube.list(served, { namespace });
      for (const name of ["a", "b"]) {
        const object = configMap({ name, data: {} });
        await kube.apply(refOf(served, namespace, object), object, { force: false });
      }
      await forgetHistory();
      const options = { namespace, resourceVersion };
      const watch = kube.watch(served, options, new AbortController().signal);
      const error = await refusal(nextChanges(watch[Symbol.asyncIterator](), 1));
      expect(error).toMatchObject({ status: 410, retry: true });
    });
  });
}

export function describeListAndWatch(site: () => Site): void {
  describeList(site);
  describeWatch(site);
}
