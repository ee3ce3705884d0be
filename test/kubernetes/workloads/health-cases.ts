import { expect, it } from "vitest";
import { echo, job } from "../../e2e/manifests.ts";
import type { Json } from "../../rest.ts";
import { paths, withImage, type RealField } from "./real-field.ts";

export function healthCases(field: () => RealField): void {
  const cases: readonly (readonly [string, (spec: Json) => void, RegExp])[] = [
    [
      "ImagePullBackOff",
      (spec) => void (spec.containers[0].image = "registry.example/does-not-exist:1"),
      /0 of 1 Pods are ready; Pod \S+, container echo: Back-off pulling image "registry.example\/does-not-exist:1"/,
    ],
    [
      "CrashLoopBackOff",
      (spec) => void (spec.containers[0].image = "registry.example/crash-loop:1"),
      /Pod \S+, container echo: ended with exit code 1, after 5 restarts/,
    ],
    [
      "Unschedulable",
      (spec) => void (spec.nodeSelector = { "kubernetes.io/arch": "riscv64" }),
      /Pod \S+ has no node: 0\/1 nodes are available/,
    ],
    [
      "Unschedulable",
      (spec) => void (spec.volumes = [{ name: "v", persistentVolumeClaim: { claimName: "none" } }]),
      /Pod \S+ has no node: .*persistentvolumeclaim "none" not found/,
    ],
  ];

  it.concurrent.each(cases)(
    "%s is the application's reason (%#)",
    async (code, change, message) => {
      const app = await field().deploy([deployment(field().fresh("web"), change)]);
      const status = await field().until(app, `is DEGRADED: ${code}`, ({ state, reason }) => {
        return state === "DEGRADED" && reason.code === code;
      });
      expect(status.reason.message).toMatch(message);
      const [object] = await field().list(app, "objects");
      expect(object).toMatchObject({ kind: "Deployment", health: "progressing", reason: code });
      await field().remove(app);
    },
  );

  it.concurrent("a Deployment whose Pods a quota forbids says so", async () => {
    const namespace = field().fresh("tight");
    const quota = { metadata: { name: "none", namespace }, spec: { hard: { pods: "0" } } };
    const web = deployment("web", () => {});
    web.metadata.namespace = namespace;
    const app = await field().deploy([
      { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
      { apiVersion: "v1", kind: "ResourceQuota", ...quota },
      web,
    ]);
    const status = await field().until(app, "names the quota", ({ state, reason }) => {
      return state === "DEGRADED" && reason.message.includes("exceeded quota: none");
    });
    expect(status.reason.code).toBe("FailedCreate");
    await field().remove(app);
  });

  it.concurrent("a Job that ended with 0 is COMPLETED, one that ended with 3 says so", async () => {
    const [good, bad] = [field().fresh("good"), field().fresh("bad")];
    const [done, failed] = [
      await field().deploy([job(good, {})]),
      await field().deploy([withImage(job(bad, { backoffLimit: 0 }), "registry.example/exit-3:1")]),
    ];
    await field().untilRunning(done, "COMPLETED");
    const { reason } = await field().until(failed, "names the exit code", (status) => {
      return status.state === "DEGRADED" && status.reason.message.includes("exit code 3");
    });
    expect(reason.code).toBe("BackoffLimitExceeded");
    await field().remove(done);
    await field().remove(failed);
    expect(await field().at(paths.job(good))).toBeUndefined();
  });

  it.concurrent("what is mended is well again, with the reason gone", async () => {
    const sick = (spec: Json): void => void (spec.containers[0].image = "does-not-exist:1");
    const app = await field().deploy([deployment(field().fresh("web"), sick)]);
    await field().until(app, "is DEGRADED", ({ state }) => state === "DEGRADED");
    await field().change(
      app,
      (spec) => void withImage(spec.manifest[0], "registry.example/echo:2"),
    );
    expect((await field().untilRunning(app)).reason).toBeNull();
    await field().remove(app);
  });
}

function deployment(name: string, change: (spec: Json) => void): Json {
  const [made] = echo(name);
  change(made.spec.template.spec);
  return made;
}
