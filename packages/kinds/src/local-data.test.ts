import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { localDataOf } from "./local-data.ts";

const named = (kind: string, spec: object): object => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "db" },
  spec,
});
const pod = (volume: object, mount: object = {}): object => ({
  volumes: [{ name: "v", ...volume }],
  containers: [{ name: "main", volumeMounts: [{ name: "v", ...mount }] }],
});
const hostPath = { hostPath: { path: "/data" } };
const claim = (...accessModes: string[]): object => ({ accessModes });
const found = (item: object): string | undefined =>
  localDataOf([{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" } }, { ...item }]);

describe("data on nodes", () => {
  it.each([
    ["a Pod with a directory", named("Pod", pod(hostPath)), "Pod db has the directory /data"],
    ["a Deployment", named("Deployment", { template: { spec: pod(hostPath) } }), "/data"],
    [
      "a CronJob",
      named("CronJob", { jobTemplate: { spec: { template: { spec: pod(hostPath) } } } }),
      "CronJob db has the directory /data of a node",
    ],
    ["a local volume", named("PersistentVolume", { local: { path: "/d" } }), "a local volume"],
    ["a volume of a directory", named("PersistentVolume", hostPath), "/data"],
    ["a claim", named("PersistentVolumeClaim", claim("ReadWriteOnce")), "one node at a time"],
    ["a claim of a Pod", named("PersistentVolumeClaim", claim("ReadWriteOncePod")), "one node"],
    [
      "claims of a StatefulSet",
      named("StatefulSet", { volumeClaimTemplates: [{ spec: claim("ReadWriteOnce") }] }),
      "StatefulSet db has a volume of one node at a time",
    ],
  ])("are in %s", (_what, item, text) => {
    expect(found(item)).toContain(text);
  });

  it.each([
    ["a DaemonSet", named("DaemonSet", { template: { spec: pod(hostPath) } })],
    ["a directory that is only read", named("Pod", pod(hostPath, { readOnly: true }))],
    ["a socket", named("Pod", pod({ hostPath: { path: "/x.sock", type: "Socket" } }))],
    ["the kernel's files", named("Pod", pod({ hostPath: { path: "/sys/fs/cgroup" } }))],
    ["the time zone", named("Pod", pod({ hostPath: { path: "/etc/localtime" } }))],
    ["a directory that ends with the Pod", named("Pod", pod({ emptyDir: {} }))],
    ["a shared claim", named("PersistentVolumeClaim", claim("ReadWriteMany"))],
    [
      "a claim that can be shared",
      named("PersistentVolumeClaim", claim("ReadWriteOnce", "ReadOnlyMany")),
    ],
    ["a volume elsewhere", named("PersistentVolume", { nfs: { server: "s", path: "/" } })],
  ])("are not in %s", (_what, item) => {
    expect(found(item)).toBeUndefined();
  });

  it("are looked for in objects of any shape without a crash", () => {
    const kinds = fc.constantFrom("Pod", "Deployment", "StatefulSet", "PersistentVolumeClaim");
    fc.assert(
      fc.property(kinds, fc.jsonValue(), (kind, spec) => {
        const text = localDataOf([{ kind, spec }]);
        expect(text === undefined || typeof text === "string").toBe(true);
      }),
    );
  });
});
