import { describe, expect, it, test } from "vitest";
import type { Run } from "@octoplane/kinds/run";
import { runJob } from "./run-job.ts";

const pod = {
  restartPolicy: "Never",
  containers: [
    {
      name: "tool",
      image: "tool:1",
      command: ["run"],
      args: ["default"],
      env: [
        { name: "A", value: "1" },
        { name: "B", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
      ],
    },
    { name: "side", image: "side:1" },
  ],
};
const manifest = [
  {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "solve", namespace: "lab" },
    spec: {
      suspend: true,
      ttlSecondsAfterFinished: 60,
      backoffLimit: 0,
      template: { metadata: { labels: { app: "solve" } }, spec: pod },
    },
  },
  {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "night" },
    spec: { schedule: "0 3 * * *", jobTemplate: { spec: { template: { spec: pod } } } },
  },
  { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" }, spec: {} },
];

function run(spec: object, name = "first"): Pick<Run, "metadata" | "spec"> {
  const metadata = { name, namespace: "team", uid: "0a1b2c3d-4e5f" };
  return { metadata, spec: { application: "lab", env: {}, ...spec } } as unknown as Run;
}

function made(spec: object, name?: string) {
  const result = runJob(run(spec, name), manifest, "default");
  if ("problem" in result) throw new Error(result.problem);
  return result;
}

describe("the Job of a run", () => {
  it("is the template under a name of its own, which runs at once and stays", () => {
    const { object, namespace, container } = made({ workload: { name: "solve" } });
    expect({ namespace, container }).toEqual({ namespace: "lab", container: "tool" });
    expect(object).toEqual({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        name: "solve-first-0a1b2c3d",
        namespace: "lab",
        labels: { "octoplane.io/run": "0a1b2c3d-4e5f" },
        annotations: { "octoplane.io/application-name": "team/lab" },
      },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { labels: { app: "solve", "octoplane.io/run": "0a1b2c3d-4e5f" } },
          spec: pod,
        },
      },
    });
  });

  it("of a CronJob is one of its Jobs, where objects go that name no namespace", () => {
    const { object, namespace } = made({ workload: { kind: "CronJob", name: "night" } });
    expect(namespace).toBe("default");
    expect(object["spec"]).toMatchObject({ template: { spec: { restartPolicy: "Never" } } });
    expect(object["spec"]).not.toHaveProperty("schedule");
  });

  it("has the variables and words that it was given, in one container", () => {
    const spec = { workload: { name: "solve" }, env: { A: "2", C: "3" }, args: ["--fast", "x"] };
    const { template } = made(spec).object["spec"] as {
      readonly template: { readonly spec: typeof pod };
    };
    const [tool, side] = template.spec.containers;
    expect(tool).toMatchObject({ command: ["run"], args: ["--fast", "x"] });
    expect(tool!.env).toEqual([
      { name: "A", value: "2" },
      pod.containers[0]!.env![1],
      { name: "C", value: "3" },
    ]);
    expect(side).toEqual(pod.containers[1]);
    const other = made({ ...spec, container: "side" }).object["spec"] as typeof template;
    expect(JSON.stringify(other)).toContain('"image":"side:1","args":["--fast","x"]');
  });

  test.each(["first", "Über:alles", "x".repeat(255), "-"])(
    "called %s has a name that Kubernetes takes",
    (name) => {
      expect(made({ workload: { name: "solve" } }, name).object.metadata.name).toMatch(
        /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])$/,
      );
    },
  );

  test.each([
    [{ workload: { name: "web" } }, "expected a Job or CronJob, found no web"],
    [{ workload: { name: "solvee" } }, "did you mean solve?"],
    [{ workload: { name: "solve" }, container: "none" }, "found no none"],
  ])("%j cannot be made", (spec, problem) => {
    const result = runJob(run(spec), manifest, "default");
    expect("problem" in result && result.problem).toContain(problem);
  });
});
