import { expect, it } from "vitest";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { applications, clusters, meddle, openField, peek, type Field } from "./field.ts";
import { echo, job } from "./manifests.ts";

/** Hooks before a copy goes: each runs once, and once more when one that failed has been put right (docs/applying.md). */

const saving = (name: string): Json => {
  const made = job(`${name}-save`, { backoffLimit: 0 });
  made.metadata.annotations = { "helm.sh/hook": "pre-delete" };
  made.spec.template.spec.containers[0].envFrom = [{ secretRef: { name: "may-save" } }];
  return made;
};

/**
 * The uids that a Job has from now on. As soon as it is made for the first time nothing else is answered, so that a controller that
 * ends then has made it and has not written down how far it is.
 */
function watchMade(cluster: SimCluster, name: string): Set<string> {
  const uids = new Set<string>();
  let isHeld = false;
  cluster.traffic.listen(({ method, path }) => {
    const uid = peek(cluster, "Job", name)?.metadata.uid;
    if (uid !== undefined) uids.add(uid);
    if (isHeld || method !== "PATCH" || !path.endsWith(name)) return;
    isHeld = true;
    // This one goes through.
    setImmediate(() => (cluster.faults.latencyMs = 5_000));
  });
  return uids;
}

async function permit(cluster: SimCluster): Promise<void> {
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "may-save" } };
  await meddle(cluster, "/api/v1/namespaces/default/secrets", secret, { method: "POST" });
}

async function withField(work: (field: Field) => Promise<void>): Promise<void> {
  const field = await openField();
  try {
    await work(field);
  } finally {
    await field[Symbol.asyncDispose]();
  }
}

it("a hook runs once when a copy moves away, and the controller ends before it has written down that it began", async () => {
  await withField(async (field) => {
    const [source, target] = await Promise.all([field.cluster(), field.cluster()]);
    const app = await field.create([...echo("leaving"), saving("leaving")], source);
    await field.untilRuns(app, source);
    const uids = watchMade(source, "leaving-save");
    await field.move(app, target);
    await waitFor("the Job stands", () => peek(source, "Job", "leaving-save"));
    await field.octoplane.restart(async () => {
      source.faults.latencyMs = 0;
    });
    await waitFor("the Job is seen", () => uids.size > 0);
    await field.until(app, "runs on the target", (status) => {
      return status.running_on?.name === target.name;
    });
    await permit(source);
    await field.untilRuns(app, target);
    expect(uids.size).toBe(1);
  });
});

it("a hook runs once when the last cluster of an application is taken away", async () => {
  await withField(async (field) => {
    const source = await field.cluster();
    const manifest = [...echo("taken"), saving("taken")];
    // With a count of its own it outlives its clusters.
    const spec = { manifest, placement: { copies: { count: 1 } } };
    await field.rest.ok("POST", applications, { metadata: { name: "taken" }, spec });
    await field.until("taken", "runs", ({ state }) => state === "RUNNING");
    const uids = watchMade(source, "taken-save");
    await field.rest.ok("DELETE", `${clusters}/${source.name}`);
    await waitFor("the Job stands", () => peek(source, "Job", "taken-save"));
    await field.octoplane.restart(async () => {
      source.faults.latencyMs = 0;
    });
    await waitFor("the Job is seen", () => uids.size > 0);
    await permit(source);
    await waitFor("the cluster is gone", async () => {
      return (await field.rest.call("GET", `${clusters}/${source.name}`)).status === 404;
    });
    expect(uids.size).toBe(1);
  });
});

it("one that failed when a copy moved away runs again when the specification changes, and the copy goes", async () => {
  await withField(async (field) => {
    const [source, target] = await Promise.all([field.cluster(), field.cluster()]);
    const failing = saving("careful");
    failing.spec.template.spec.containers = [
      { name: "work", image: "registry.example/crash-loop:1" },
    ];
    const app = await field.create([...echo("careful"), failing], source);
    await field.untilRuns(app, source);
    await field.move(app, target);
    await waitFor("it has failed", () => {
      const { conditions = [] } = peek(source, "Job", "careful-save")?.status ?? {};
      return conditions.some(({ type }: Json) => type === "Failed");
    });
    await field.until(app, "says so", ({ copies }) =>
      copies.some(({ hooks }: Json) => hooks?.failed !== undefined),
    );
    expect(peek(source, "Deployment", "careful")).toBeDefined();
    await field.change(app, ({ manifest }) => {
      manifest.at(-1).spec.template.spec.containers[0].image = "registry.example/work:1";
    });
    await field.untilRuns(app, target);
    expect(peek(source, "Deployment", "careful")).toBeUndefined();
  });
});
