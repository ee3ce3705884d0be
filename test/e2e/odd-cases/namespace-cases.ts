import { expect, it } from "vitest";
import { configMap } from "../manifests.ts";
import { inNamespace, input, type Stage } from "./stage.ts";

/** ODD-1, ODD-15: namespaces. */
export function namespaceCases(stage: () => Stage): void {
  it("makes the namespace first, marks it as ours, and removes it last", async () => {
    const app = await stage().deploy({ manifest: [configMap("settings", { a: "1" })] });
    await stage().untilIs(app, "RUNNING");
    const namespace = await stage().see("Namespace", app);
    expect(Object.keys(namespace.metadata.labels)).toContain("octoplane.io/application");
    expect(await stage().see("ConfigMap", "settings", app)).toBeDefined();
    await stage().remove(app);
    expect(await stage().see("Namespace", app)).toBeUndefined();
  });

  it("overrides the namespace that objects name when it is told to", async () => {
    const app = stage().fresh("odd");
    const delivery = { namespace: app, override_namespace: true, create_namespaces: true };
    const manifest = [inNamespace(configMap("settings", {}), "elsewhere"), configMap("other", {})];
    await stage().deploy({ name: app, manifest, delivery });
    await stage().untilIs(app, "RUNNING");
    expect(await stage().see("ConfigMap", "settings", app)).toBeDefined();
    expect(await stage().see("ConfigMap", "other", app)).toBeDefined();
    expect(await stage().see("Namespace", "elsewhere")).toBeUndefined();
    await stage().remove(app);
  });

  it("says --create-namespace when a namespace is missing, and applies what lies elsewhere", async () => {
    const manifest = [
      inNamespace(configMap("homeless", {}), "nowhere"),
      inNamespace(configMap("housed", {}), "default"),
    ];
    const app = await stage().deploy({ manifest, delivery: {} });
    const message = await stage().untilReason(app, "NAMESPACE_MISSING");
    expect(message).toContain("ConfigMap homeless in namespace nowhere");
    expect(message).toContain("--create-namespace");
    expect(await stage().see("ConfigMap", "housed", "default")).toBeDefined();
    await stage().change(app, (spec) => void (spec.delivery = { create_namespaces: true }));
    await stage().untilIs(app, "RUNNING");
    await stage().remove(app);
    expect(await stage().see("Namespace", "nowhere")).toBeUndefined();
    expect(await stage().see("ConfigMap", "housed", "default")).toBeUndefined();
  });

  it("keeps a namespace in which another application lives, and one that somebody else made", async () => {
    const house = stage().fresh("house");
    const first = await stage().deploy({
      manifest: [configMap("first", {})],
      delivery: { namespace: house, create_namespaces: true },
    });
    await stage().untilIs(first, "RUNNING");
    const second = await stage().deploy({
      manifest: [
        configMap("second", {}),
        { apiVersion: "v1", kind: "Namespace", metadata: { name: house } },
      ],
      delivery: { namespace: house, create_namespaces: true },
    });
    await stage().untilIs(second, "RUNNING");
    await stage().remove(first);
    expect((await stage().see("Namespace", house)).metadata.deletionTimestamp).toBeUndefined();
    expect(await stage().see("ConfigMap", "second", house)).toBeDefined();
    expect(await stage().see("ConfigMap", "first", house)).toBeUndefined();
    await stage().remove(second);
    expect(await stage().see("Namespace", house)).toBeDefined();
  });

  it("waits for a namespace that is on its way out, and then makes it anew", async () => {
    const name = stage().fresh("leaving");
    await stage().meddle("/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
    });
    const held = configMap("held", {});
    held.metadata.finalizers = ["example.org/hold"];
    await stage().meddle(`/api/v1/namespaces/${name}/configmaps`, held);
    const old = await stage().meddle(`/api/v1/namespaces/${name}`, {}, "DELETE");
    const app = await stage().deploy({ manifest: [configMap("mine", {})], name });
    await stage().until(app, "waits", ({ reason }) => /on its way out/.test(reason?.message ?? ""));
    const path = `/api/v1/namespaces/${name}/configmaps/held`;
    await stage().meddle(path, { metadata: { finalizers: null } }, "PATCH");
    await stage().untilIs(app, "RUNNING");
    const namespace = await stage().see("Namespace", name);
    expect(namespace.metadata.uid).not.toBe(old.metadata.uid);
    expect(await stage().see("ConfigMap", "mine", name)).toBeDefined();
    await stage().remove(app);
  });

  it("takes with the namespace what others have made in it, and waits until all of it has gone", async () => {
    const app = await stage().deploy({ manifest: [configMap("ours", {})] });
    await stage().untilIs(app, "RUNNING");
    const child = configMap("child", {});
    child.metadata.finalizers = ["example.org/hold"];
    await stage().meddle(`/api/v1/namespaces/${app}/configmaps`, child);
    await stage().beginRemoval(app);
    await stage().untilSeen(
      "the namespace is on its way out",
      { kind: "Namespace", name: app },
      ({ metadata }) => metadata.deletionTimestamp !== undefined,
    );
    expect((await stage().read(app)).status.state).toBe("DELETING");
    const path = `/api/v1/namespaces/${app}/configmaps/child`;
    await stage().meddle(path, { metadata: { finalizers: null } }, "PATCH");
    await stage().untilGone(app);
    expect(await stage().see("Namespace", app)).toBeUndefined();
  });

  it("runs Keystone: its namespace, its claim, its workers, and Jobs that wait to be run", async () => {
    const files = ["00-namespace", "10-redis", "20-celery-worker", "30-fenicsx", "31-lammps"];
    const rest = ["32-openfoam", "40-networkpolicy"];
    const manifest = [...files, ...rest]
      .toReversed()
      .flatMap((file) => input(`keystone/${file}.yaml`));
    const app = await stage().deploy({ manifest, delivery: {} });
    await stage().until(app, "stands", ({ conditions }) =>
      conditions.some(
        (one: { type: string; status: string }) => one.type === "Applied" && one.status === "True",
      ),
    );
    await stage().untilIs(app, "RUNNING");
    await stage().remove(app);
    expect(await stage().see("Namespace", "keystone")).toBeUndefined();
  });
}
