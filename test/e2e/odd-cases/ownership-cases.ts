import { expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import { configMap } from "../manifests.ts";
import { inNamespace, type Stage } from "./stage.ts";

const role = (name: string, verb: string): Json => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name },
  rules: [{ apiGroups: [""], resources: ["pods"], verbs: [verb] }],
});

/** ODD-5: one object that two want. */
export function ownershipCases(stage: () => Stage): void {
  it("leaves an object of the cluster to whom it belongs, names both, and applies the rest", async () => {
    const name = stage().fresh("shared");
    const first = await stage().deploy({ manifest: [role(name, "get")] });
    await stage().untilIs(first, "RUNNING");
    const second = await stage().deploy({ manifest: [role(name, "list"), configMap("own", {})] });
    const message = await stage().untilReason(second, "OWNED_BY_OTHER");
    expect(message).toContain(`ClusterRole ${name} belongs to application system:admin/${first}`);
    expect(await stage().see("ConfigMap", "own", second)).toBeDefined();
    await stage().remove(second);
    expect((await stage().see("ClusterRole", name)).rules[0].verbs).toEqual(["get"]);
    await stage().remove(first);
    expect(await stage().see("ClusterRole", name)).toBeUndefined();
  });

  it("takes an object over when it may; who had it reports, does not fight, and does not remove it", async () => {
    const name = stage().fresh("shared");
    const first = await stage().deploy({ manifest: [role(name, "get"), configMap("own", {})] });
    await stage().untilIs(first, "RUNNING");
    const second = stage().fresh("odd");
    const delivery = { namespace: second, create_namespaces: true, adopt: true };
    await stage().deploy({ name: second, manifest: [role(name, "list")], delivery });
    await stage().untilIs(second, "RUNNING");
    const message = await stage().untilReason(first, "OWNED_BY_OTHER");
    expect(message).toContain(`belongs to application system:admin/${second}`);
    // Also one that may adopt does not take back what it has lost, before somebody has changed it.
    const version = (await stage().see("ClusterRole", name)).metadata.resourceVersion;
    await stage().meddle(
      `/api/v1/namespaces/${first}/configmaps/own`,
      { data: { x: "1" } },
      "PATCH",
    );
    await stage().remove(first);
    const kept = await stage().see("ClusterRole", name);
    expect(kept.metadata.resourceVersion).toBe(version);
    expect(kept.rules[0].verbs).toEqual(["list"]);
    await stage().remove(second);
    expect(await stage().see("ClusterRole", name)).toBeUndefined();
  });

  it("leaves what somebody else made, names who, and takes it over when it may", async () => {
    const theirs = stage().fresh("theirs");
    const object = inNamespace(configMap(theirs, { a: "theirs", b: "theirs" }), "default");
    await stage().meddle("/api/v1/namespaces/default/configmaps", object);
    const wanted = inNamespace(configMap(theirs, { a: "ours" }), "default");
    const app = await stage().deploy({ manifest: [wanted], delivery: {} });
    const message = await stage().untilReason(app, "OWNED_BY_OTHER");
    expect(message).toContain(
      `ConfigMap ${theirs} in namespace default was made by somebody else (somebody)`,
    );
    expect((await stage().see("ConfigMap", theirs, "default")).data.a).toBe("theirs");
    await stage().change(app, (spec) => void (spec.delivery = { adopt: true }));
    await stage().untilIs(app, "RUNNING");
    expect((await stage().see("ConfigMap", theirs, "default")).data).toEqual({
      a: "ours",
      b: "theirs",
    });
    await stage().remove(app);
    expect(await stage().see("ConfigMap", theirs, "default")).toBeUndefined();
  });

  it("never lets two that both adopt take an object from each other again and again", async () => {
    const name = stage().fresh("shared");
    const apps: string[] = [];
    for (const verb of ["get", "list"]) {
      const app = stage().fresh("odd");
      const delivery = { namespace: app, create_namespaces: true, adopt: true };
      await stage().deploy({ name: app, manifest: [role(name, verb)], delivery });
      await stage().untilIs(app, "RUNNING");
      apps.push(app);
    }
    await stage().untilReason(apps[0]!, "OWNED_BY_OTHER");
    const settled = (await stage().see("ClusterRole", name)).metadata.resourceVersion;
    // Another look at the loser, which changes nothing of what it wants.
    await stage().meddle(
      `/apis/rbac.authorization.k8s.io/v1/clusterroles/${name}`,
      { metadata: { labels: { seen: "1" } } },
      "PATCH",
    );
    await stage().untilReason(apps[0]!, "OWNED_BY_OTHER");
    const after = await stage().see("ClusterRole", name);
    expect(after.rules[0].verbs).toEqual(["list"]);
    expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(settled));
    for (const app of apps) await stage().remove(app);
  });

  it("leaves what says keep, by our word or by Helm's", async () => {
    const ours = configMap("ours", {});
    ours.metadata.annotations = { "octoplane.io/keep": "true" };
    const helms = configMap("helms", {});
    helms.metadata.annotations = { "helm.sh/resource-policy": "keep" };
    const manifest = [ours, helms, configMap("gone", {})].map((one) => inNamespace(one, "default"));
    const app = await stage().deploy({ manifest, delivery: {} });
    await stage().untilIs(app, "RUNNING");
    await stage().remove(app);
    expect(await stage().see("ConfigMap", "ours", "default")).toBeDefined();
    expect(await stage().see("ConfigMap", "helms", "default")).toBeDefined();
    expect(await stage().see("ConfigMap", "gone", "default")).toBeUndefined();
    const again = await stage().deploy({ manifest, delivery: {} });
    await stage().untilIs(again, "RUNNING");
    await stage().remove(again);
  });
}
