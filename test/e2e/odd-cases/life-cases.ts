import { expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import { configMap, echo, job } from "../manifests.ts";
import type { Stage } from "./stage.ts";

/** Applications that need each other, and those that are stopped. */
export function lifeCases(stage: () => Stage): void {
  it("waits for the application that it needs, and begins when that runs", async () => {
    const [first, second] = [stage().fresh("odd"), stage().fresh("odd")];
    const own = { namespace: second, create_namespaces: true };
    const delivery = { ...own, depends_on: [{ name: first }] };
    await stage().deploy({ name: second, manifest: [configMap("late", {})], delivery });
    expect(await stage().untilReason(second, "WaitsFor")).toBe(
      `waits for application system:admin/${first}, which is not there`,
    );
    expect((await stage().read(second)).status.state).toBe("CREATING");
    await stage().deploy({ name: first, manifest: [configMap("early", {})] });
    await stage().untilIs(second, "RUNNING");
    // What runs is never taken down for what it needed, and goes on being cared for.
    await stage().remove(first);
    await stage().change(second, (spec) => void (spec.manifest[0].data.x = "1"));
    await stage().untilIs(second, "RUNNING");
    await stage().remove(second);
  });

  it("says that applications wait for each other in a circle", async () => {
    const names = [stage().fresh("odd"), stage().fresh("odd")] as const;
    for (const [name, need] of [names, names.toReversed()] as [string, string][]) {
      await stage().deploy({
        name,
        manifest: [configMap("a", {})],
        delivery: { depends_on: [{ name: need }] },
      });
    }
    const [one, other] = names;
    const circle = `(system:admin/${one} > system:admin/${other} > system:admin/${one})`;
    await stage().until(one, "tells of the circle", ({ reason }) =>
      reason?.message.includes(circle),
    );
    for (const name of names) await stage().remove(name);
  });

  it("takes the objects of a stopped application away, keeps its record, and brings them back", async () => {
    const app = await stage().deploy({ manifest: [...echo("web"), configMap("settings", {})] });
    await stage().untilIs(app, "RUNNING");
    await stage().change(app, (spec) => void (spec.stopped = "removed"));
    const status = await stage().until(
      app,
      "is stopped",
      ({ reason }) => reason?.code === "Stopped",
    );
    expect([status.state, status.running_on, status.copies]).toEqual(["PENDING", null, []]);
    expect(await stage().see("Namespace", app)).toBeUndefined();
    await stage().patch(app, { spec: { stopped: null } });
    await stage().untilIs(app, "RUNNING");
    expect(await stage().see("Deployment", "web", app)).toBeDefined();
    await stage().remove(app);
  });

  it("runs with Jobs that wait to be run", async () => {
    const waiting = job("waiting", { suspend: true });
    const app = await stage().deploy({ manifest: [...echo("web"), waiting] });
    await stage().untilIs(app, "RUNNING");
    const only = await stage().deploy({ manifest: [waiting] });
    const { conditions } = await stage().untilIs(only, "RUNNING");
    expect(conditions.find(({ type }: Json) => type === "Healthy").reason).toBe("Idle");
    for (const name of [app, only]) await stage().remove(name);
  });
}
