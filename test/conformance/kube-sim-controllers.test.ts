import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Sim } from "@octoplane/kube-sim/start-sim";
import {
  configMap,
  deployment,
  deployments,
  mergeType,
  openSim,
  SimUser,
  until,
  type Body,
} from "./kube-sim-user.ts";

let sim: Sim;
let user: SimUser;
let count = 0;

beforeAll(async () => {
  sim = await openSim();
});

afterAll(async () => {
  await sim[Symbol.asyncDispose]();
});

beforeEach(() => {
  count += 1;
  user = new SimUser(sim.addCluster({ name: `c${count}`, readyDelayMs: 20 }));
});

describe("the controllers", () => {
  test("a Deployment becomes available, rolls to a new image and scales", async () => {
    await user.apply(`${deployments}/web`, deployment());
    await until("two pods", () => user.isAvailable(2));
    await user.apply(`${deployments}/web`, deployment({}, "web:2"));
    await until("the rollout", () => user.isAvailable(2));
    expect(user.of("ReplicaSet")).toHaveLength(2);
    const staying = user
      .of("Pod")
      .filter((pod) => pod["metadata"]["deletionTimestamp"] === undefined);
    const images = staying.map((pod) => pod["spec"]["containers"][0]["image"] as string);
    expect(new Set(images)).toEqual(new Set(["web:2"]));
    await user.apply(`${deployments}/web`, deployment({ replicas: 4 }, "web:2"));
    await until("four pods", () => user.isAvailable(4));
  });

  test("an image that does not exist is never pulled", async () => {
    await user.apply(`${deployments}/web`, deployment({ replicas: 1 }, "does-not-exist:1"));
    await until("the back-off", () => {
      const [pod] = user.of("Pod");
      const waiting = pod?.["status"]?.["containerStatuses"]?.[0]?.["state"]?.["waiting"] as Body;
      return waiting?.["reason"] === "ImagePullBackOff";
    });
  });

  test("deleting in the background takes the dependents along, orphaning leaves them", async () => {
    await user.apply(`${deployments}/web`, deployment());
    await until("two pods", () => user.isAvailable(2));
    await user.call("DELETE", `${deployments}/web`, { propagationPolicy: "Orphan" });
    await until(
      "the orphan",
      () => user.of("ReplicaSet")[0]?.["metadata"]["ownerReferences"] === undefined,
    );
    expect(user.of("Pod")).toHaveLength(2);
    const name = user.of("ReplicaSet")[0]!["metadata"]["name"] as string;
    await user.call("DELETE", `/apis/apps/v1/namespaces/default/replicasets/${name}`);
    await until("no pods", () => user.of("Pod").length === 0);
  });

  test("a Job completes, and its pods stay when it is deleted without a policy", async () => {
    const path = "/apis/batch/v1/namespaces/default/jobs/once";
    const template = {
      spec: { restartPolicy: "Never", containers: [{ name: "c", image: "busybox:1" }] },
    };
    await user.apply(path, {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "once" },
      spec: { template },
    });
    await until(
      "completion",
      async () => (await user.get(path)).body["status"]?.["succeeded"] === 1,
    );
    await user.call("DELETE", path);
    expect((await user.get(path)).status).toBe(404);
    expect(user.of("Pod")).toHaveLength(1);
    expect(user.of("Pod")[0]!["metadata"]["ownerReferences"]).toBeUndefined();
  });

  test("a suspended Job starts no pods", async () => {
    const path = "/apis/batch/v1/namespaces/default/jobs/idle";
    const template = {
      spec: { restartPolicy: "Never", containers: [{ name: "c", image: "busybox:1" }] },
    };
    await user.apply(path, {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "idle" },
      spec: { suspend: true, template },
    });
    await until("suspension", async () => {
      const { body } = await user.get(path);
      return body["status"]?.["conditions"]?.[0]?.["type"] === "Suspended";
    });
    expect(user.of("Pod")).toHaveLength(0);
  });

  test("a StatefulSet makes its pods in order, each with its claim", async () => {
    const path = "/apis/apps/v1/namespaces/default/statefulsets/db";
    await user.apply(path, {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "db" },
      spec: {
        replicas: 2,
        serviceName: "db",
        selector: { matchLabels: { app: "db" } },
        template: {
          metadata: { labels: { app: "db" } },
          spec: { containers: [{ name: "db", image: "db:1" }] },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: "data" },
            spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
          },
        ],
      },
    });
    await until("two members", async () => {
      return (await user.get(path)).body["status"]?.["readyReplicas"] === 2;
    });
    const names = user
      .of("PersistentVolumeClaim")
      .map((claim) => claim["metadata"]["name"] as string);
    expect(names.toSorted()).toEqual(["data-db-0", "data-db-1"]);
  });

  test("a namespace empties itself, refuses new content meanwhile, and goes", async () => {
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } };
    await user.apply("/api/v1/namespaces/n", namespace);
    const held = configMap("held", { metadata: { name: "held", finalizers: ["test.io/hold"] } });
    await user.apply("/api/v1/namespaces/n/configmaps/held", held);
    await user.call("DELETE", "/api/v1/namespaces/n");
    const { status } = await user.apply("/api/v1/namespaces/n/configmaps/late", configMap("late"));
    expect(status).toBe(403);
    await until("the deletion mark", async () => {
      const { body } = await user.get("/api/v1/namespaces/n/configmaps/held");
      return body["metadata"]["deletionTimestamp"] !== undefined;
    });
    const release = { metadata: { finalizers: null } };
    await user.call("PATCH", "/api/v1/namespaces/n/configmaps/held", release, mergeType);
    await until("the end", async () => (await user.get("/api/v1/namespaces/n")).status === 404);
  });

  test("a definition is served once established, and takes its objects with it", async () => {
    const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const properties = { size: { type: "integer" }, mode: { type: "string", default: "fast" } };
    await user.apply(`${definitions}/widgets.example.org`, {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "widgets.example.org" },
      spec: {
        group: "example.org",
        scope: "Namespaced",
        names: { plural: "widgets", kind: "Widget" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: { spec: { type: "object", properties } },
              },
            },
          },
        ],
      },
    });
    const widgets = "/apis/example.org/v1/namespaces/default/widgets";
    await until("the kind", async () => (await user.get(widgets)).status === 200);
    const widget = (spec: Body): Body => ({
      apiVersion: "example.org/v1",
      kind: "Widget",
      metadata: { name: "w" },
      spec,
    });
    const made = await user.apply(`${widgets}/w`, widget({ size: 3 }));
    expect(made.body["spec"]).toEqual({ size: 3, mode: "fast" });
    const refused = await user.apply(`${widgets}/w`, widget({ size: 3, colour: "red" }));
    expect(refused.body["message"]).toContain(".spec.colour: field not declared in schema");
    const pruned = await user.call("PATCH", `${widgets}/w`, { spec: { colour: "red" } }, mergeType);
    expect(pruned.headers.get("warning")).toContain("unknown field");
    expect(pruned.body["spec"]).toEqual({ size: 3, mode: "fast" });
    await user.call("DELETE", `${definitions}/widgets.example.org`);
    await until("no kind", async () => (await user.get(widgets)).status === 404);
    expect(user.of("Widget")).toHaveLength(0);
  });

  test("pods follow the readiness of their node", async () => {
    await user.apply(`${deployments}/web`, deployment());
    await until("two pods", () => user.isAvailable(2));
    user.cluster.setNodeCondition(user.cluster.nodeNames()[0]!, "Ready", "False");
    await until("unavailability", async () => {
      const { body } = await user.get(`${deployments}/web`);
      return body["status"]["unavailableReplicas"] === 2;
    });
    user.cluster.setNodeCondition(user.cluster.nodeNames()[0]!, "Ready", "True");
    await until("recovery", () => user.isAvailable(2));
  });
});
