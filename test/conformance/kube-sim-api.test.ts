import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { limits } from "@octoplane/shared/limits";
import type { Sim } from "@octoplane/kube-sim/start-sim";
import {
  applyType,
  configMap,
  deployment,
  deployments,
  inDefault,
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

beforeEach(async () => {
  count += 1;
  user = new SimUser(sim.addCluster({ name: `c${count}`, readyDelayMs: 20 }));
  // What the cluster itself puts into a namespace comes a moment after it.
  await until("the authority's certificate", async () => {
    return (await user.get(`${inDefault}/configmaps/kube-root-ca.crt`)).status === 200;
  });
});

describe("the API", () => {
  test("refuses a request without the token", async () => {
    const { status, body } = await user.call("GET", "/api", undefined, {
      authorization: "Bearer no",
    });
    expect([status, body["reason"]]).toEqual([401, "Unauthorized"]);
  });

  test("tells its version, its health and what it serves", async () => {
    expect((await user.get("/version")).body["gitVersion"]).toBe("v1.36.3");
    expect((await user.get("/readyz")).body["text"]).toBe("ok");
    const { body } = await user.get("/apis/apps/v1");
    const names = (body["resources"] as Body[]).map((entry) => entry["name"] as string);
    expect(names).toContain("deployments/scale");
  });

  test("serves all groups in one document to clients that ask for it", async () => {
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    const { body } = await user.call("GET", "/apis", undefined, { accept });
    expect(body["kind"]).toBe("APIGroupDiscoveryList");
  });

  test("answers what is not there with a NotFound status", async () => {
    const { status, body } = await user.get(`${inDefault}/configmaps/none`);
    expect(status).toBe(404);
    expect(body).toMatchObject({
      kind: "Status",
      reason: "NotFound",
      message: 'configmaps "none" not found',
      details: { name: "none", kind: "configmaps" },
    });
  });

  test("refuses objects in a namespace that does not exist", async () => {
    const { status, body } = await user.apply(
      "/api/v1/namespaces/none/configmaps/a",
      configMap("a"),
    );
    expect([status, body["message"]]).toEqual([404, 'namespaces "none" not found']);
  });

  test("keeps the version when nothing changes, and counts generations of the spec", async () => {
    const first = await user.apply(`${deployments}/web`, deployment());
    await until("the rollout", () => user.isAvailable(2));
    const settled = await user.get(`${deployments}/web`);
    const again = await user.apply(`${deployments}/web`, deployment());
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body["metadata"]).toEqual(settled.body["metadata"]);
    const changed = await user.apply(`${deployments}/web`, deployment({ replicas: 3 }));
    expect(changed.body["metadata"]["generation"]).toBe(2);
  });

  test("reports a conflict of field managers with the field", async () => {
    await user.apply(`${deployments}/web`, deployment());
    const path = `${deployments}/web?fieldManager=other`;
    const { status, body } = await user.call("PATCH", path, deployment({ replicas: 5 }), applyType);
    expect(status).toBe(409);
    expect(body["details"]["causes"]).toEqual([
      {
        reason: "FieldManagerConflict",
        message: 'conflict with "test"',
        field: ".spec.replicas",
      },
    ]);
  });

  test("changes nothing in a dry run", async () => {
    const { status } = await user.apply(`${inDefault}/configmaps/a`, configMap("a"), "&dryRun=All");
    expect(status).toBe(201);
    expect((await user.get(`${inDefault}/configmaps/a`)).status).toBe(404);
  });

  test("refuses to change an immutable field, and says which", async () => {
    await user.apply(`${deployments}/web`, deployment());
    const changed = deployment({ selector: { matchLabels: { app: "web", tier: "x" } } });
    changed["spec"]["template"]["metadata"]["labels"]["tier"] = "x";
    const { status, body } = await user.apply(`${deployments}/web`, changed);
    expect(status).toBe(422);
    expect(body["details"]["causes"][0]).toMatchObject({ field: "spec.selector" });
    expect(body["message"]).toContain("field is immutable");
  });

  test("refuses a body that is too large, and goes on", async () => {
    const large = configMap("a", { data: { a: "x".repeat(4 * limits.simBodyBytesMax) } });
    const { status, body } = await user.call("POST", `${inDefault}/configmaps`, large);
    expect([status, body["reason"]]).toEqual([413, "RequestEntityTooLarge"]);
    expect((await user.get(`${inDefault}/configmaps/a`)).status).toBe(404);
  });

  test("refuses an object that small patches made too large", async () => {
    const path = `${inDefault}/configmaps/a`;
    await user.apply(path, configMap("a", { data: { a: "x".repeat(500_000) } }));
    const statuses: number[] = [];
    for (const field of ["b", "c", "d"]) {
      const data = { [field]: "ü".repeat(200_000) };
      statuses.push((await user.call("PATCH", path, { data }, mergeType)).status);
    }
    expect(statuses).toEqual([200, 200, 500]);
  });

  test("has the subresources of a kind and no others, and deletes none of them", async () => {
    await user.apply(`${inDefault}/configmaps/a`, configMap("a"));
    await user.apply(`${deployments}/web`, deployment());
    const statuses = [
      await user.get(`${inDefault}/configmaps/a/status`),
      await user.call("PUT", `${inDefault}/configmaps/a/status`, configMap("a")),
      await user.call(
        "PATCH",
        `${inDefault}/configmaps/a/scale`,
        { spec: { replicas: 1 } },
        mergeType,
      ),
      await user.call("DELETE", `${deployments}/web/status`),
      await user.call("DELETE", `${deployments}/web/scale`),
      await user.get(`${deployments}/web/status`),
    ].map(({ status }) => status);
    expect(statuses).toEqual([404, 404, 404, 405, 405, 200]);
  });

  test("deletes the objects of one namespace, never those of all", async () => {
    await user.apply(`${inDefault}/configmaps/a`, configMap("a"));
    expect((await user.call("DELETE", "/api/v1/configmaps")).status).toBe(405);
    expect((await user.get(`${inDefault}/configmaps/a`)).status).toBe(200);
    await user.call("DELETE", `${inDefault}/configmaps`);
    expect((await user.get(`${inDefault}/configmaps/a`)).status).toBe(404);
  });

  test("refuses a key to the next page that is none", async () => {
    for (const text of ["null", "[]", "nonsense"]) {
      const key = Buffer.from(text).toString("base64url");
      expect((await user.get(`${inDefault}/configmaps?continue=${key}`)).status).toBe(400);
    }
  });

  test("refuses a stale PUT", async () => {
    await user.apply(`${inDefault}/configmaps/a`, configMap("a"));
    const stale = configMap("a", { metadata: { name: "a", resourceVersion: "1" } });
    const { status, body } = await user.call("PUT", `${inDefault}/configmaps/a`, stale);
    expect([status, body["reason"]]).toEqual([409, "Conflict"]);
  });

  test("pages through a list", async () => {
    for (const name of ["a", "b", "c"])
      await user.apply(`${inDefault}/configmaps/${name}`, configMap(name));
    const first = await user.get(`${inDefault}/configmaps?limit=2`);
    const token = first.body["metadata"]["continue"] as string;
    const second = await user.get(`${inDefault}/configmaps?limit=2&continue=${token}`);
    const names = [first, second].flatMap(({ body }) =>
      (body["items"] as Body[]).map((item) => item["metadata"]["name"] as string),
    );
    expect(names).toEqual(["a", "b", "c", "kube-root-ca.crt"]);
  });

  test("gives out node ports and refuses one that is taken", async () => {
    const service = (name: string, nodePort?: number): Body => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { type: "NodePort", selector: { a: "b" }, ports: [{ port: 80, nodePort }] },
    });
    const { body } = await user.apply(`${inDefault}/services/one`, service("one"));
    const port = body["spec"]["ports"][0]["nodePort"] as number;
    expect(port).toBeGreaterThanOrEqual(30_000);
    const second = await user.apply(`${inDefault}/services/two`, service("two", port));
    expect(second.status).toBe(422);
    expect(second.body["message"]).toContain("provided port is already allocated");
  });
});

describe("watching", () => {
  test("tells every change after the version of a list, once and in order", async () => {
    const list = await user.get(`${inDefault}/configmaps`);
    const version = list.body["metadata"]["resourceVersion"] as string;
    await user.apply(`${inDefault}/configmaps/a`, configMap("a"));
    const path = `${inDefault}/configmaps?watch=true&resourceVersion=${version}`;
    const seen: string[] = [];
    for await (const event of user.events(path)) {
      seen.push(`${event["type"]} ${event["object"]["metadata"]["name"]}`);
      if (seen.length === 1) await user.apply(`${inDefault}/configmaps/b`, configMap("b"));
      if (seen.length === 2) await user.call("DELETE", `${inDefault}/configmaps/a`);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual(["ADDED a", "ADDED b", "DELETED a"]);
  });

  test("sends bookmarks to those who ask", async () => {
    user.cluster.settings.bookmarkMs = 5;
    const version = (await user.get(`${inDefault}/secrets`)).body["metadata"]["resourceVersion"];
    const path = `${inDefault}/secrets?watch=1&allowWatchBookmarks=true&resourceVersion=${version}`;
    for await (const event of user.events(path)) {
      expect(event["type"]).toBe("BOOKMARK");
      break;
    }
  });

  test("ends with 410 when the version is forgotten", async () => {
    const version = (await user.get(`${inDefault}/secrets`)).body["metadata"]["resourceVersion"];
    await user.apply(`${inDefault}/configmaps/a`, configMap("a"));
    user.cluster.compact();
    const path = `${inDefault}/configmaps?watch=1&resourceVersion=${version}`;
    const { body } = await user.get(path);
    expect(body).toMatchObject({ type: "ERROR", object: { code: 410, reason: "Expired" } });
  });
});

describe("faults", () => {
  test("the next requests fail as told, then it works again", async () => {
    user.cluster.faults.failNext(2, 503);
    const statuses = [];
    for (let step = 0; step < 3; step += 1) statuses.push((await user.get("/version")).status);
    expect(statuses).toEqual([503, 503, 200]);
  });

  test("an offline cluster cuts its connections, and keeps what it had", async () => {
    await user.apply(`${inDefault}/configmaps/a`, configMap("a"));
    user.cluster.faults.offline = true;
    await expect(user.get("/version")).rejects.toThrow("fetch failed");
    user.cluster.faults.offline = false;
    expect((await user.get(`${inDefault}/configmaps/a`)).status).toBe(200);
  });

  test("a cluster that goes offline cuts the watches that are open", async () => {
    const response = await fetch(`${user.cluster.server}${inDefault}/configmaps?watch=1`, {
      headers: { authorization: `Bearer ${user.cluster.token}` },
    });
    const reader = response.body!.getReader();
    await reader.read();
    user.cluster.faults.offline = true;
    await expect(
      (async () => {
        for (;;) if ((await reader.read()).done) return;
      })(),
    ).rejects.toThrow("terminated");
  });
});

test("clusters of one server do not see each other", async () => {
  await user.apply(`${inDefault}/configmaps/a`, configMap("a"));
  user = new SimUser(sim.addCluster({ name: `other${count}` }));
  expect((await user.get(`${inDefault}/configmaps/a`)).status).toBe(404);
  expect(sim.removeCluster(`other${count}`)).toBe(true);
  expect((await user.get("/version")).status).toBe(404);
});
