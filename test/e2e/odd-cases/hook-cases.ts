import { expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import { configMap, echo, job } from "../manifests.ts";
import type { Stage } from "./stage.ts";

function hook(object: Json, moments: string, more: Json = {}): Json {
  const annotations = { "helm.sh/hook": moments };
  for (const [name, value] of Object.entries(more))
    annotations[`helm.sh/${name}` as keyof typeof annotations] = value as string;
  return { ...object, metadata: { ...object.metadata, annotations } };
}

const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "init" } };

/** ODD-10: hooks of Helm. */
export function hookCases(stage: () => Stage): void {
  it("runs hooks before the others by weight, removes what is done only at the end, and never runs tests", async () => {
    const succeeded = { "hook-delete-policy": "hook-succeeded" };
    const manifest = [
      ...echo("web"),
      hook(job("second", {}), "pre-install,pre-upgrade", { "hook-weight": "0", ...succeeded }),
      hook(account, "pre-install", { "hook-weight": "-5", ...succeeded }),
      hook(job("first", {}), "pre-install", { "hook-weight": "-3" }),
      hook(job("after", {}), "post-install", { "hook-weight": "1" }),
      hook(job("tested", {}), "test"),
    ];
    const app = await stage().deploy({ manifest });
    await stage().untilIs(app, "RUNNING");
    const jobs = await stage().versions("Job", app);
    expect(Object.keys(jobs).toSorted()).toEqual(["after", "first"]);
    expect(await stage().see("ServiceAccount", "init", app)).toBeUndefined();
    const first = await stage().see("Job", "first", app);
    const web = await stage().see("Deployment", "web", app);
    const after = await stage().see("Job", "after", app);
    const times = [
      first.status.completionTime,
      web.metadata.creationTimestamp,
      after.metadata.creationTimestamp,
    ];
    expect(times).toEqual(times.toSorted((a, b) => Date.parse(a) - Date.parse(b)));
    // Hooks are not repaired.
    await stage().meddle(`/apis/batch/v1/namespaces/${app}/jobs/first`, {}, "DELETE");
    await stage().change(app, (spec) => void (spec.constraints.cluster.labels = []));
    await stage().untilIs(app, "RUNNING");
    expect(await stage().see("Job", "first", app)).toBeUndefined();
    await stage().remove(app);
  });

  it("runs the hooks of an upgrade when the manifest changes, and only then", async () => {
    const upgrade = hook(job("up", {}), "pre-upgrade", {
      "hook-delete-policy": "before-hook-creation",
    });
    const app = await stage().deploy({ manifest: [configMap("a", { v: "1" }), upgrade] });
    await stage().untilIs(app, "RUNNING");
    expect(await stage().see("Job", "up", app)).toBeUndefined();
    await stage().change(app, (spec) => void (spec.manifest[0].data.v = "2"));
    await stage().untilIs(app, "RUNNING");
    const first = await stage().see("Job", "up", app);
    expect(first.status.succeeded).toBe(1);
    await stage().change(app, (spec) => void (spec.manifest[0].data.v = "3"));
    await stage().untilIs(app, "RUNNING");
    expect((await stage().see("Job", "up", app)).metadata.uid).not.toBe(first.metadata.uid);
    await stage().remove(app);
    expect(await stage().see("Job", "up", app)).toBeUndefined();
  });

  it("runs the hooks of an upgrade that brings them along", async () => {
    const app = await stage().deploy({ manifest: [configMap("a", {})] });
    await stage().untilIs(app, "RUNNING");
    await stage().change(app, (spec) => {
      spec.manifest.push(hook(job("up", {}), "pre-upgrade"), hook(job("in", {}), "pre-install"));
    });
    await stage().untilIs(app, "RUNNING");
    expect(Object.keys(await stage().versions("Job", app))).toEqual(["up"]);
    await stage().change(app, (spec) => void spec.manifest.splice(1));
    await stage().untilIs(app, "RUNNING");
    expect(await stage().see("Job", "up", app)).toBeUndefined();
    await stage().remove(app);
  });

  it("does not wait for Pods to be ready before the hooks that they may be waiting for", async () => {
    const [web] = echo("web");
    web.spec.template.spec.containers[0].envFrom = [{ secretRef: { name: "made-later" } }];
    const app = await stage().deploy({ manifest: [web, hook(job("after", {}), "post-install")] });
    await stage().untilSeen(
      "the hook has run",
      { kind: "Job", name: "after", namespace: app },
      ({ status }) => status?.succeeded === 1,
    );
    await stage().remove(app);
  });

  it("stops at a hook that fails, with its reason, and goes on when the manifest is put right", async () => {
    const bad = hook(job("init", { activeDeadlineSeconds: 1, parallelism: 1 }), "pre-install");
    bad.spec.template.spec.nodeSelector = { nowhere: "to-be-found" };
    const app = await stage().deploy({ manifest: [configMap("main", {}), bad] });
    const message = await stage().untilReason(app, "HOOK_FAILED");
    expect(message).toContain(`pre-install hook Job init in namespace ${app} has failed`);
    expect(message).toContain("deadline");
    expect(await stage().see("ConfigMap", "main", app)).toBeUndefined();
    await stage().change(app, (spec) => {
      delete spec.manifest[1].spec.activeDeadlineSeconds;
      delete spec.manifest[1].spec.template.spec.nodeSelector;
    });
    await stage().untilIs(app, "RUNNING");
    expect(await stage().see("ConfigMap", "main", app)).toBeDefined();
    await stage().remove(app);
  });

  it("runs the hooks of a deletion while everything stands, and behind it, and leaves nothing", async () => {
    const manifest = [
      configMap("main", {}),
      hook(job("before", { ttlSecondsAfterFinished: 600 }), "pre-delete"),
      hook(job("behind", {}), "post-delete", { "hook-delete-policy": "hook-succeeded" }),
    ];
    const app = await stage().deploy({ manifest });
    await stage().untilIs(app, "RUNNING");
    expect(Object.keys(await stage().versions("Job", app))).toEqual([]);
    await stage().beginRemoval(app);
    const before = await stage().untilSeen("the first hook", {
      kind: "Job",
      name: "before",
      namespace: app,
    });
    expect(before.metadata.uid).toBeDefined();
    await stage().untilGone(app);
    expect(await stage().see("Namespace", app)).toBeUndefined();
  });
}
