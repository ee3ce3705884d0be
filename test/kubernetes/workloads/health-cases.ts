import { expect, it } from "vitest";
import { echo, echoWith, job } from "../../e2e/manifests.ts";
import { podTroubles, type PodTrouble } from "../../e2e/pod-troubles.ts";
import type { Json } from "../../rest.ts";
import { paths, withImage, type RealField } from "./real-field.ts";

export function healthCases(field: () => RealField): void {
  const cases: readonly PodTrouble[] = [
    ...podTroubles,
    [
      "Unschedulable",
      (spec) => void (spec.volumes = [{ name: "v", persistentVolumeClaim: { claimName: "none" } }]),
      /Pod \S+ has no node: .*persistentvolumeclaim "none" not found/,
    ],
  ];

  it.concurrent.each(cases)(
    "%s is the application's reason (%#)",
    async (code, change, message) => {
      const app = await field().deploy([echoWith(field().fresh("web"), change)]);
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
    const [web] = echo("web");
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
    const app = await field().deploy([echoWith(field().fresh("web"), sick)]);
    await field().until(app, "is DEGRADED", ({ state }) => state === "DEGRADED");
    await field().change(
      app,
      (spec) => void withImage(spec.manifest[0], "registry.example/echo:2"),
    );
    expect((await field().untilRunning(app)).reason).toBeNull();
    await field().remove(app);
  });
}
