import { expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import { configMap } from "../manifests.ts";
import { input, type Stage } from "./stage.ts";

/** ODD-6, 7, 9, 17, 18, 29: what cannot be changed, and what runs once. */
export function changeCases(stage: () => Stage): void {
  it("makes a Job anew when its template changes, and lets nothing of the old one run on", async () => {
    const app = await stage().deploy({ manifest: input("immutable/job-v1.yaml") });
    await stage().untilIs(app, "COMPLETED");
    const before = await stage().see("Job", "j", app);
    await stage().change(app, (spec) => void (spec.manifest = input("immutable/job-v2.yaml")));
    await stage().untilIs(app, "COMPLETED");
    const after = await stage().see("Job", "j", app);
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(after.spec.template.spec.containers[0].image).toBe("busybox:1.36");
    await stage().remove(app);
  });

  it("names the field of a Job that must not be made anew", async () => {
    const app = stage().fresh("odd");
    const delivery = { namespace: app, create_namespaces: true, replace: "never" };
    await stage().deploy({ name: app, manifest: input("immutable/job-v1.yaml"), delivery });
    await stage().untilIs(app, "COMPLETED");
    await stage().change(app, (spec) => void (spec.manifest = input("immutable/job-v2.yaml")));
    const message = await stage().untilReason(app, "IMMUTABLE_FIELD");
    expect(message).toContain(`Job j in namespace ${app}: spec.template cannot be changed`);
    await stage().remove(app);
  });

  it.each([
    ["Deployment", "d", "deployment-selector", "spec.selector"],
    ["Service", "s", "service-clusterip", "spec.clusterIPs[0]"],
  ])(
    "names the field of a %s that cannot be changed, and makes it anew when it may",
    async (kind, name, file, field) => {
      const manifest = [...input(`immutable/${file}-v1.yaml`), configMap("beside", { v: "1" })];
      const app = await stage().deploy({ manifest });
      await stage().untilIs(app, "RUNNING");
      const before = await stage().see(kind, name, app);
      await stage().change(app, (spec) => {
        spec.manifest = [...input(`immutable/${file}-v2.yaml`), configMap("beside", { v: "2" })];
      });
      const message = await stage().untilReason(app, "IMMUTABLE_FIELD");
      expect(message).toContain(`${kind} ${name} in namespace ${app}: ${field}`);
      expect((await stage().see("ConfigMap", "beside", app)).data.v).toBe("2");
      expect((await stage().see(kind, name, app)).metadata.uid).toBe(before.metadata.uid);
      await stage().change(app, (spec) => void (spec.delivery.replace = "any"));
      await stage().untilIs(app, "RUNNING");
      expect((await stage().see(kind, name, app)).metadata.uid).not.toBe(before.metadata.uid);
      await stage().remove(app);
    },
  );

  it("replaces a StatefulSet under its Pods", async () => {
    const app = await stage().deploy({ manifest: input("immutable/statefulset-vct-v1.yaml") });
    await stage().untilIs(app, "RUNNING");
    const pods = async (): Promise<unknown[]> =>
      await Promise.all(
        ["st-0", "st-1"].map(async (name) => (await stage().see("Pod", name, app)).metadata.uid),
      );
    const before = await pods();
    const old = await stage().see("StatefulSet", "st", app);
    await stage().change(app, (spec) => {
      spec.manifest = input("immutable/statefulset-vct-v2.yaml");
      spec.delivery.replace = "any";
    });
    await stage().untilIs(app, "RUNNING");
    const made = await stage().see("StatefulSet", "st", app);
    expect(made.metadata.uid).not.toBe(old.metadata.uid);
    expect(made.spec.volumeClaimTemplates[0].spec.resources.requests.storage).toBe("2Gi");
    expect(await pods()).toEqual(before);
    await stage().remove(app);
  });

  it("takes an object's own word on being made anew over that of the application", async () => {
    const [job] = input("immutable/job-v1.yaml");
    const [next] = input("immutable/job-v2.yaml");
    for (const one of [job, next]) one.metadata.annotations = { "octoplane.io/replace": "never" };
    const app = await stage().deploy({ manifest: [job] });
    await stage().untilIs(app, "COMPLETED");
    await stage().change(app, (spec) => void (spec.manifest = [next]));
    await stage().untilReason(app, "IMMUTABLE_FIELD");
    await stage().change(app, (spec) => {
      spec.manifest[0].metadata.annotations["octoplane.io/replace"] = "true";
    });
    await stage().untilIs(app, "COMPLETED");
    await stage().remove(app);
  });

  it("never deletes a claim because a field of it cannot be changed", async () => {
    const claim = (mode: string): Json => ({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data" },
      spec: { accessModes: [mode], resources: { requests: { storage: "1Gi" } } },
    });
    const app = await stage().deploy({ manifest: [claim("ReadWriteOnce")] });
    await stage().untilIs(app, "RUNNING");
    const before = await stage().see("PersistentVolumeClaim", "data", app);
    await stage().change(app, (spec) => {
      spec.manifest = [claim("ReadWriteMany")];
      spec.delivery.replace = "any";
    });
    const message = await stage().untilReason(app, "IMMUTABLE_FIELD");
    expect(message).toContain('its annotation octoplane.io/replace: "true"');
    const after = await stage().see("PersistentVolumeClaim", "data", app);
    expect(after.metadata.uid).toBe(before.metadata.uid);
    await stage().remove(app);
  });

  it("keeps what is no longer wanted while something else is refused, which may be in its place", async () => {
    const wrong = configMap("Wrong_Name", {});
    const app = await stage().deploy({ manifest: [configMap("old", {})] });
    await stage().untilIs(app, "RUNNING");
    await stage().change(app, (spec) => void (spec.manifest = [wrong]));
    await stage().untilReason(app, "KUBERNETES_ERROR");
    expect(await stage().see("ConfigMap", "old", app)).toBeDefined();
    await stage().change(app, (spec) => void (spec.manifest = [configMap("new", {})]));
    await stage().untilIs(app, "RUNNING");
    expect(await stage().see("ConfigMap", "old", app)).toBeUndefined();
    expect(await stage().see("ConfigMap", "new", app)).toBeDefined();
    await stage().remove(app);
  });

  it("does not run a Job again that has removed itself", async () => {
    const [job] = input("self-removing/job-ttl.yaml");
    job.spec.ttlSecondsAfterFinished = 1;
    const app = await stage().deploy({ manifest: [job] });
    const made = await stage().untilSeen("the Job", { kind: "Job", name: "once", namespace: app });
    await stage().untilIs(app, "COMPLETED");
    for (let gone = false; !gone;) gone = (await stage().see("Job", "once", app)) === undefined;
    await stage().meddle(
      `/api/v1/namespaces/${app}`,
      { metadata: { labels: { look: "again" } } },
      "PATCH",
    );
    await stage().untilIs(app, "COMPLETED");
    expect(made.metadata.uid).toBeDefined();
    expect(await stage().see("Job", "once", app)).toBeUndefined();
    await stage().remove(app);
  });

  it("makes a Job that leaves its name to others once for each way it is written", async () => {
    const app = await stage().deploy({ manifest: input("generate-name/in.yaml") });
    await stage().untilIs(app, "COMPLETED");
    const first = Object.keys(await stage().versions("Job", app));
    expect(first).toEqual([expect.stringMatching(/^migrate-\w{5}$/)]);
    await stage().change(app, (spec) => void spec.manifest.push(configMap("more", {})));
    await stage().untilIs(app, "COMPLETED");
    expect(Object.keys(await stage().versions("Job", app))).toEqual(first);
    await stage().change(app, (spec) => {
      spec.manifest[0].spec.template.spec.containers[0].image = "busybox:2";
    });
    await stage().untilIs(app, "COMPLETED");
    const second = Object.keys(await stage().versions("Job", app));
    expect(second).toHaveLength(1);
    expect(second).not.toEqual(first);
    await stage().remove(app);
  });

  it("names the port that is taken, and by whom; ports that were given stay over changes", async () => {
    const first = await stage().deploy({ manifest: input("fixed-nodeport/a.yaml") });
    await stage().untilIs(first, "RUNNING");
    const second = await stage().deploy({
      manifest: [...input("fixed-nodeport/b.yaml"), configMap("fine", {})],
    });
    const message = await stage().untilReason(second, "NODE_PORT_TAKEN");
    expect(message).toBe(
      `Service b in namespace ${second}: node port 32000 is taken on this cluster by Service ${first}/a`,
    );
    expect(await stage().see("ConfigMap", "fine", second)).toBeDefined();
    const ports = input("multi-port-service/in.yaml");
    const third = await stage().deploy({ manifest: ports });
    await stage().untilIs(third, "RUNNING");
    const numbers = async (): Promise<number[]> =>
      (await stage().see("Service", "mq", third)).spec.ports.map((port: Json) => port.nodePort);
    const given = await numbers();
    await stage().change(third, (spec) => {
      spec.manifest[0].spec.ports.push({ name: "more", port: 9 });
    });
    await stage().untilIs(third, "RUNNING");
    expect((await numbers()).slice(0, 4)).toEqual(given);
    for (const app of [first, second, third]) await stage().remove(app);
  });
}
