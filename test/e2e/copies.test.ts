import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { applications, clusters, openField, peek, type Field } from "./field.ts";
import { echo, job } from "./manifests.ts";

/** Applications in several places at once: where they come to be, and what never happens to them on the way. */

let field: Field;
beforeAll(async () => {
  field = await openField({ scheduler: { reschedule_after: 0 } });
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

/** Clusters that only the applications of one test ask for. */
async function fleet(count: number, labels: (index: number) => Json = () => ({})) {
  const group = field.fresh("group");
  const made: SimCluster[] = [];
  for (let index = 0; index < count; index += 1) made.push(await field.cluster());
  // Where nothing else tells them apart, the first by name is the first.
  made.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const [index, cluster] of made.entries()) {
    await relabel(cluster, { group, ...labels(index) });
  }
  return { group, made };
}

async function relabel(cluster: SimCluster, labels: Json): Promise<void> {
  await field.rest.change(`${clusters}/${cluster.name}`, (body) => {
    body.metadata.labels = labels;
  });
}

async function create(group: string, manifest: readonly Json[], placement: Json): Promise<string> {
  const name = field.fresh("app");
  const constraints = { cluster: { labels: [`group is ${group}`] } };
  await field.rest.ok("POST", applications, {
    metadata: { name },
    spec: { manifest, constraints, placement },
  });
  return name;
}

const placed = ({ places }: Json): string[] =>
  (places ?? []).map(({ cluster }: Json) => cluster.name);
const standing = (status: Json): string[] =>
  status.copies.map(({ cluster }: Json) => cluster.name).toSorted();
const names = (all: readonly SimCluster[]): string[] => all.map(({ name }) => name).toSorted();
const runsOn = (all: readonly SimCluster[]) => (status: Json) =>
  status.state === "RUNNING" && standing(status).join() === names(all).join();
const replicasOn = (cluster: SimCluster, name: string): number | undefined =>
  peek(cluster, "Deployment", name)?.spec.replicas;

describe.concurrent("copies", () => {
  it("stand on as many clusters as were asked for, and go with the application", async () => {
    const { group, made } = await fleet(3);
    const web = field.fresh("web");
    const app = await create(group, echo(web, { replicas: 2 }), { copies: { count: 2 } });
    const status = await field.until(app, "runs twice", runsOn(made.slice(0, 2)));
    expect(placed(status)).toEqual(names(made.slice(0, 2)));
    expect(status.scheduled_to.name).toBe(made[0]!.name);
    expect(status.running_on.name).toBe(made[0]!.name);
    expect(status.container_health).toMatchObject({ desired_pods: 4, running_pods: 4 });
    expect(Object.keys(status.services)).toContain(`${web} (${made[1]!.name})`);
    expect(replicasOn(made[0]!, web)).toBe(2);
    expect(replicasOn(made[1]!, web)).toBe(2);
    expect(peek(made[2]!, "Deployment", web)).toBeUndefined();
    await field.remove(app);
    for (const cluster of made) expect(peek(cluster, "Deployment", web)).toBeUndefined();
  });

  it("become more and fewer as they are asked for", async () => {
    const { group, made } = await fleet(3);
    const web = field.fresh("web");
    const app = await create(group, echo(web), { copies: { count: 1 } });
    await field.until(app, "runs once", runsOn(made.slice(0, 1)));
    await field.change(app, (spec) => void (spec.placement.copies.count = "all"));
    await field.until(app, "runs everywhere", runsOn(made));
    await field.change(app, (spec) => void (spec.placement.copies.count = 2));
    await field.until(app, "runs twice", runsOn(made.slice(0, 2)));
    expect(peek(made[2]!, "Deployment", web)).toBeUndefined();
    await field.change(app, (spec) => void (spec.placement = {}));
    const { places } = await field.until(app, "runs once again", runsOn(made.slice(0, 1)));
    expect(places).toBeUndefined();
    expect(peek(made[1]!, "Deployment", web)).toBeUndefined();
  });

  it("divide the replicas by weights, and what a label says of a cluster differs there", async () => {
    const { group, made } = await fleet(2, (index) => ({ size: index === 0 ? "big" : "small" }));
    const web = field.fresh("web");
    const app = await create(group, echo(web, { replicas: 7 }), {
      copies: {
        count: 2,
        replicas: "divided",
        divide_by: "weights",
        weights: [{ clusters: "size is big", weight: 3 }],
      },
      overrides: [
        {
          clusters: "size is small",
          image_registry: "mirror.test/eu",
          labels: { edge: "yes" },
          patches: [
            {
              kind: "Service",
              name: web,
              operations: [{ op: "replace", path: "/spec/type", value: "ClusterIP" }],
            },
          ],
        },
      ],
    });
    await field.until(app, "runs twice", runsOn(made));
    const [big, small] = made as [SimCluster, SimCluster];
    expect([replicasOn(big, web), replicasOn(small, web)]).toEqual([5, 2]);
    const image = (cluster: SimCluster) =>
      peek(cluster, "Deployment", web).spec.template.spec.containers[0].image;
    expect(image(big)).toBe("registry.example/echo:1");
    expect(image(small)).toBe("mirror.test/eu/echo:1");
    expect(peek(small, "Service", web).spec.type).toBe("ClusterIP");
    expect(peek(small, "Deployment", web).metadata.labels.edge).toBe("yes");
    expect(peek(big, "Deployment", web).metadata.labels?.edge).toBeUndefined();
    // A label that changes changes what the overrides say.
    await relabel(small, { group, size: "other" });
    await waitFor("the override is gone", () => image(small) === "registry.example/echo:1");
  });

  it("are one fewer where a cluster is lost, until another one takes its place", async () => {
    const { group, made } = await fleet(3);
    const web = field.fresh("web");
    const app = await create(group, echo(web), { copies: { count: 2 } });
    await field.until(app, "runs twice", runsOn(made.slice(0, 2)));
    const [first, second, third] = made as [SimCluster, SimCluster, SimCluster];
    const uid = peek(second, "Deployment", web).metadata.uid;
    first.faults.offline = true;
    const isNew = (status: Json): boolean =>
      placed(status).toSorted().join() === names([second, third]).join();
    await field.until(app, "belongs elsewhere", isNew);
    await waitFor("the third stands", () => peek(third, "Deployment", web));
    expect(peek(second, "Deployment", web).metadata.uid).toBe(uid);
    first.faults.offline = false;
    await field.until(app, "runs on the other two", runsOn([second, third]));
    await waitFor("the first is clean", () => peek(first, "Deployment", web) === undefined);
    expect(peek(second, "Deployment", web).metadata.uid).toBe(uid);
  });

  it("outlive a cluster that is taken away, which waits until they have left it", async () => {
    const { group, made } = await fleet(2);
    const web = field.fresh("web");
    const app = await create(group, echo(web), { copies: { count: 2 } });
    await field.until(app, "runs twice", runsOn(made));
    const [first, second] = made as [SimCluster, SimCluster];
    const preview = await field.rest.ok("GET", `${clusters}/${first.name}/cascade`);
    expect(preview.items).toEqual([]);
    await field.rest.ok("DELETE", `${clusters}/${first.name}`);
    await waitFor("the cluster is gone", async () => {
      return (await field.rest.call("GET", `${clusters}/${first.name}`)).status === 404;
    });
    expect(peek(first, "Deployment", web)).toBeUndefined();
    const status = await field.until(app, "runs once", runsOn([second]));
    const scheduled = status.conditions.find(({ type }: Json) => type === "Scheduled");
    expect(scheduled.message).toContain("1 of 2");
  });

  it("let the last of their clusters go, and come back when there is another", async () => {
    const { group, made } = await fleet(1);
    const web = field.fresh("web");
    const app = await create(group, echo(web), { copies: { count: 2 } });
    await field.until(app, "runs once", runsOn(made));
    const [only] = made as [SimCluster];
    await field.rest.ok("DELETE", `${clusters}/${only.name}`);
    await waitFor("the cluster is gone", async () => {
      return (await field.rest.call("GET", `${clusters}/${only.name}`)).status === 404;
    });
    expect(peek(only, "Deployment", web)).toBeUndefined();
    const nowhere = await field.until(app, "stands nowhere", ({ copies }) => copies.length === 0);
    expect([nowhere.scheduled_to, nowhere.running_on, nowhere.places]).toEqual([null, null, []]);
    const next = await field.cluster();
    await relabel(next, { group });
    await field.until(app, "runs again", runsOn([next]));
  });

  it("of work that is done are not done again when their last cluster is taken away", async () => {
    const { group, made } = await fleet(1);
    const once = field.fresh("once");
    const app = await create(group, [job(once, {})], { copies: { count: 1 } });
    await field.until(app, "is done", ({ state }) => state === "COMPLETED");
    const [only] = made as [SimCluster];
    await field.rest.ok("DELETE", `${clusters}/${only.name}`);
    await waitFor("the cluster is gone", async () => {
      return (await field.rest.call("GET", `${clusters}/${only.name}`)).status === 404;
    });
    const next = await field.cluster();
    await relabel(next, { group });
    const web = field.fresh("web");
    const other = await create(group, echo(web), { copies: { count: 1 } });
    await field.until(other, "runs there", runsOn([next]));
    expect(placed((await field.read(app)).status)).toEqual([]);
    expect(peek(next, "Job", once)).toBeUndefined();
  });

  it("are spread over what a label says", async () => {
    const { group, made } = await fleet(4, (index) => ({ region: index < 3 ? "north" : "south" }));
    const web = field.fresh("web");
    const app = await create(group, echo(web), {
      copies: { count: 2, spread: { by: "region" } },
    });
    const status = await field.until(app, "runs twice", runsOn([made[0]!, made[3]!]));
    expect(status.places).toHaveLength(2);
  });

  it.each([
    ["no copies", { copies: { count: 0 } }, "spec.placement.copies.count"],
    ["weights without dividing", { copies: { count: 2, divide_by: "weights" } }, "divide_by"],
    [
      "a patch of nothing",
      { overrides: [{ patches: [{ kind: "Pod", name: "x", operations: [] }] }] },
      "",
    ],
    [
      "a patch that does not fit",
      {
        overrides: [
          {
            patches: [
              {
                kind: "Service",
                name: "web",
                operations: [{ op: "remove", path: "/spec/nothing" }],
              },
            ],
          },
        ],
      },
      "spec.placement.overrides[0].patches[0].operations[0]",
    ],
  ])("refuse %s", async (_what, placement, message) => {
    const { status, body } = await field.rest.call("POST", applications, {
      metadata: { name: field.fresh("app") },
      spec: { manifest: echo("web"), placement },
    });
    expect(status).toBe(422);
    expect(JSON.stringify(body)).toContain(message);
  });
});
