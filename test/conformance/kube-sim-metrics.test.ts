import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Sim } from "@octoplane/kube-sim/start-sim";
import { deployment, deployments, openSim, SimUser, until, type Body } from "./kube-sim-user.ts";

/** `metrics.k8s.io`, with names and units as metrics-server has them. */

const root = "/apis/metrics.k8s.io/v1beta1";
const inDefault = `${root}/namespaces/default`;

let sim: Sim;
let user: SimUser;

beforeAll(async () => {
  sim = await openSim();
  user = new SimUser(sim.addCluster({ name: "measured", readyDelayMs: 20, metrics: true }));
  await user.apply(`${deployments}/web`, deployment());
  await until("a rollout", () => user.isAvailable(2));
});

afterAll(async () => await sim?.[Symbol.asyncDispose]());

const withoutTimes = ({ items }: Body): readonly Body[] =>
  (items as readonly Body[]).map(({ metadata, timestamp: _timestamp, ...rest }) => {
    const { creationTimestamp: _created, ...kept } = metadata as Body;
    return { ...rest, metadata: kept };
  });

describe("a cluster with metrics", () => {
  test("offers two kinds that can only be read, in discovery", async () => {
    const { body } = await user.get(root);
    const verbs = ["get", "list"];
    expect(body["resources"]).toEqual([
      { name: "nodes", singularName: "", namespaced: false, kind: "NodeMetrics", verbs },
      { name: "pods", singularName: "", namespaced: true, kind: "PodMetrics", verbs },
    ]);
    const other = new SimUser(sim.addCluster({ name: "unmeasured" }));
    expect((await other.get(root)).status).toBe(404);
    expect((await other.get(`${inDefault}/pods`)).status).toBe(404);
  });

  test("tells of running Pods, the same in every look", async () => {
    const { body } = await user.get(`${inDefault}/pods`);
    expect(body).toMatchObject({ kind: "PodMetricsList", apiVersion: "metrics.k8s.io/v1beta1" });
    expect(body["items"]).toHaveLength(2);
    for (const item of body["items"] as readonly Body[]) {
      expect(Object.keys(item)).toEqual(["metadata", "timestamp", "window", "containers"]);
      expect(item).toMatchObject({
        metadata: { namespace: "default", labels: { app: "web" } },
        timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
        window: "15s",
        containers: [{ name: "web", usage: { cpu: expect.stringMatching(/^\d+n$/) } }],
      });
      expect(item["containers"][0].usage.memory).toMatch(/^\d+Ki$/);
    }
    expect(withoutTimes((await user.get(`${root}/pods`)).body)).toEqual(withoutTimes(body));
    const none = await user.get(`${inDefault}/pods?labelSelector=app%3Dother`);
    expect(none.body["items"]).toEqual([]);
  });

  test("tells of one Pod and of its nodes, which use more than their Pods", async () => {
    const [pod] = (await user.get(`${inDefault}/pods`)).body["items"] as readonly Body[];
    const one = await user.get(`${inDefault}/pods/${pod?.["metadata"].name}`);
    expect(one.body).toMatchObject({ kind: "PodMetrics", containers: pod?.["containers"] });
    const nodes = (await user.get(`${root}/nodes`)).body;
    expect(nodes).toMatchObject({
      kind: "NodeMetricsList",
      items: [{ metadata: { name: "measured-node-0" }, window: "15s" }],
    });
    const nanos = (usage: Body): number => Number.parseInt(usage["cpu"] as string, 10);
    expect(nanos(nodes["items"][0].usage)).toBeGreaterThan(nanos(pod?.["containers"][0].usage));
  });

  test("refuses what it does not have in the words of metrics-server", async () => {
    const missing = await user.get(`${inDefault}/pods/none`);
    expect([missing.status, missing.body["message"]]).toEqual([
      404,
      'podmetrics.metrics.k8s.io "default/none" not found',
    ]);
    const node = await user.get(`${root}/nodes/none`);
    expect(node.body["message"]).toBe('nodemetrics.metrics.k8s.io "none" not found');
    expect((await user.get(`${inDefault}/pods?watch=true`)).status).toBe(405);
    expect((await user.call("DELETE", `${inDefault}/pods/none`)).status).toBe(405);
    expect((await user.get(`${inDefault}/nodes`)).status).toBe(404);
  });
});
