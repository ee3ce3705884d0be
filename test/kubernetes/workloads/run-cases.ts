import { afterAll, beforeAll, expect, it } from "vitest";
import { job } from "../../e2e/manifests.ts";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import { paths, withImage, type RealField } from "./real-field.ts";

const runs = "/kubernetes/namespaces/system:admin/runs";

export function runCases(field: () => RealField): void {
  let app: string;
  beforeAll(async () => {
    const suspended = { suspend: true, backoffLimit: 0 };
    const nightly = {
      schedule: "0 3 * * *",
      suspend: true,
      jobTemplate: { spec: job("-", {}).spec },
    };
    app = await field().deploy([
      job("solve", suspended),
      withImage(job("diverge", suspended), "registry.example/exit-3:1"),
      { apiVersion: "batch/v1", kind: "CronJob", metadata: { name: "night" }, spec: nightly },
    ]);
    const { conditions } = await field().untilRunning(app);
    expect(conditions).toContainEqual(expect.objectContaining({ type: "Healthy", reason: "Idle" }));
  });
  afterAll(async () => await field().remove(app));

  const run = async (name: string, spec: Json, state: string): Promise<Json> => {
    await field().rest.ok("POST", runs, {
      metadata: { name },
      spec: { application: app, ...spec },
    });
    let last: Json;
    return await waitFor(
      `run ${name} is ${state}`,
      async () => {
        last = await field().rest.ok("GET", `${runs}/${name}`);
        return last.status.state === state && last.status;
      },
      { seen: () => last?.status },
    );
  };

  it("a run of a suspended Job gets its words, and ends with 0", async () => {
    const asked = { workload: { name: "solve" }, env: { SEED: "7" }, args: ["--fast"] };
    const status = await run("first", asked, "COMPLETED");
    expect(status).toMatchObject({ exit_code: 0, reason: null, cluster: { name: field().name } });
    expect(Date.parse(status.ended)).toBeGreaterThanOrEqual(Date.parse(status.started));
    expect(status.last_lines).toContain("started");
    const [container] = (await field().at(paths.job(status.job.name))).spec.template.spec
      .containers;
    expect(container).toMatchObject({ args: ["--fast"], env: [{ name: "SEED", value: "7" }] });
    expect((await field().at(paths.job("solve"))).spec.suspend).toBe(true);
    await field().rest.ok("DELETE", `${runs}/first`);
    await waitFor(
      "no run",
      async () => (await field().rest.call("GET", `${runs}/first`)).status === 404,
    );
    expect(await field().at(paths.job(status.job.name))).toBeUndefined();
  });

  it("one that fails says so with its exit code", async () => {
    const status = await run("second", { workload: { name: "diverge" } }, "FAILED");
    expect(status).toMatchObject({ exit_code: 3, reason: { code: "Failed" } });
    await field().rest.ok("DELETE", `${runs}/second`);
  });

  it("a CronJob is a template too", async () => {
    const workload = { kind: "CronJob", name: "night" };
    const status = await run("third", { workload, env: { WHEN: "now" } }, "COMPLETED");
    const [container] = (await field().at(paths.job(status.job.name))).spec.template.spec
      .containers;
    expect(container.env).toEqual([{ name: "WHEN", value: "now" }]);
    expect((await field().at(paths.cronJob("night"))).spec.suspend).toBe(true);
    await field().rest.ok("DELETE", `${runs}/third`);
  });
}
