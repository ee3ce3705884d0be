import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kindOf } from "@octoplane/kube/owned";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import {
  applications,
  collect,
  follow,
  openSocket,
  openStreamField,
  runDeployment,
  type StreamField,
} from "./streams-field.ts";

let field: StreamField;
const shop = `${applications}/shop`;
const proxy = "/kubernetes/namespaces/team/clusters/edge/proxy";

beforeAll(async () => {
  field = await openStreamField();
});

afterAll(async () => {
  await field[Symbol.asyncDispose]();
});

const allow = async (user: string, resources: readonly string[], verbs: readonly string[]) => {
  const { server } = field;
  const rules = [{ api: "kubernetes", namespaces: ["team"], resources, verbs }];
  await server.ok("POST", "/core/roles", { body: { metadata: { name: `for:${user}` }, rules } });
  const binding = { metadata: { name: `of:${user}` }, users: [user], roles: [`for:${user}`] };
  await server.ok("POST", "/core/rolebindings", { body: binding });
};

const execPath = (pod: string, command: readonly string[], more = ""): string => {
  const words = command.map((word) => `command=${encodeURIComponent(word)}`).join("&");
  return `${shop}/exec?pod=${pod}&${words}${more}`;
};

/** The newest record of this kind, as soon as it is written down: that may be after the answer. */
const auditOf = async (resource: string, isMeant: (record: Json) => boolean): Promise<Json> =>
  await waitFor("the audit record", async () => {
    const path = `/core/auditrecords?fieldSelector=spec.resource=${encodeURIComponent(resource)}`;
    const { items } = await field.server.ok("GET", path);
    return items.findLast(({ spec }: Json) => isMeant(spec))?.spec;
  });

describe("the Pods of an application", () => {
  it("are those that its objects own, and no others", async () => {
    const { server, pods, kube } = field;
    await runDeployment(kube, "stranger", 1);
    const { items, truncated } = await server.ok("GET", `${shop}/pods`);
    expect(items.map(({ name }: { name: string }) => name).toSorted()).toEqual(pods);
    expect(truncated).toBe(false);
    expect(items[0]).toMatchObject({
      namespace: "default",
      cluster: "edge",
      owner: "Deployment/web",
      phase: "Running",
      ready: "1/1",
      restarts: 0,
      reason: null,
      containers: [{ name: "main", state: "running", ready: true }],
    });
  });

  it("hang below what made them in a tree", async () => {
    const { items } = await field.server.ok("GET", `${shop}/tree`);
    expect(items).toMatchObject([
      {
        kind: "Deployment",
        made_by: "application",
        state: "2/2 ready",
        children: [
          {
            kind: "ReplicaSet",
            made_by: "controller",
            children: [{ kind: "Pod", state: "Running" }, { kind: "Pod" }],
          },
        ],
      },
    ]);
  });

  it("are asked for on a cluster by its name, and the answer names those that there are", async () => {
    const { server } = field;
    await server.ok("GET", `${shop}/pods?cluster=team/edge`);
    const { status, body } = await server.call("GET", `${shop}/pods?cluster=nowhere`);
    expect([status, body.detail]).toEqual([
      404,
      "application shop runs not on cluster nowhere, but on edge",
    ]);
    const wrong = await server.call("GET", `${shop}/pods?clutser=edge`);
    expect([wrong.status, wrong.body.errors[0].field]).toEqual([422, "clutser"]);
  });
});

describe("the logs of an application", () => {
  it("are merged, each line with its Pod, or told of one Pod alone", async () => {
    const { server, cluster, pods } = field;
    for (const pod of pods)
      cluster.writeLog({ namespace: "default", pod, container: "main" }, `I am ${pod}`);
    const { text, status } = await server.call("GET", `${shop}/logs?tail=1`);
    expect([status, text.split("\n").toSorted()]).toEqual([
      200,
      ["", ...pods.map((pod) => `${pod}/main I am ${pod}`)],
    ]);
    const one = await server.call("GET", `${shop}/logs?tail=1&pod=${pods[0]}`);
    expect(one.text).toBe(`I am ${pods[0]}\n`);
    const marked = await server.call("GET", `${shop}/logs?tail=1&pod=${pods[0]}&prefix=true`);
    expect(marked.text).toBe(`${pods[0]}/main I am ${pods[0]}\n`);
    const workload = await server.call("GET", `${shop}/logs?tail=1&workload=deployment/web`);
    expect(workload.text).toContain(`I am ${pods[1]}`);
  });

  it("of a wrong Pod, container, workload or number are refused by name", async () => {
    const { server, pods } = field;
    const refused = async (query: string) => {
      const { status, body } = await server.call("GET", `${shop}/logs?${query}`);
      return [status, body.detail];
    };
    const stranger = (await strangers())[0];
    expect(await refused(`pod=${stranger}`)).toEqual([
      404,
      `the application has no Pod ${stranger}`,
    ]);
    expect(await refused("workload=nope")).toEqual([404, "the application has no workload nope"]);
    expect(await refused("container=nope")).toEqual([
      422,
      "no Pod of it has a container nope; there are main",
    ]);
    expect(await refused("tail=many")).toEqual([422, expect.stringContaining("tail")]);
    expect(await refused("since=soon")).toEqual([422, expect.stringContaining("90s")]);
    expect((await refused(`pod=${pods[0]}&previous=true`))[1]).toContain("previous terminated");
  });

  it("that are followed go on with Pods that come later, and end with their reader", async () => {
    const { server, cluster, pods, kube } = field;
    const logs = await follow(server, `${shop}/logs?follow=true&tail=0`);
    await waitFor("a line", () => {
      cluster.writeLog({ namespace: "default", pod: pods[0]!, container: "main" }, "early");
      return logs.seen().includes(`${pods[0]}/main early\n`);
    });
    const served = await kindOf(kube, "", "Pod");
    await kube.delete(
      { served, namespace: "default", name: pods[1]! },
      { propagation: "Background" },
    );
    const later = await waitFor("another Pod", async () => {
      const { items } = await server.ok("GET", `${shop}/pods`);
      const running = items.filter((pod: { ready: string }) => pod.ready === "1/1");
      const names: string[] = running.map((pod: { name: string }) => pod.name);
      return names.find((name) => !pods.includes(name));
    });
    await waitFor("its line", () => {
      cluster.writeLog({ namespace: "default", pod: later, container: "main" }, "late");
      return logs.seen().includes(`${later}/main late\n`);
    });
    await logs.leave();
    await waitFor("the end of what it held open", () => cluster.faults.underWay <= 1);
  }, 60_000);
});

it("the log of one Pod that is followed ends with the Pod, and says why", async () => {
  const { server, kube } = field;
  const pod = await anyPod();
  const headers = { authorization: `Bearer ${server.tokenOf("system:admin")}` };
  const answer = await fetch(`${server.address}${shop}/logs?follow=true&pod=${pod}`, { headers });
  const reader = answer.body!.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toContain("starting");
  const served = await kindOf(kube, "", "Pod");
  await kube.delete({ served, namespace: "default", name: pod }, { propagation: "Background" });
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += new TextDecoder().decode(part.value);
  }
  expect(text).toContain(`octoplane: the application has no Pod ${pod}\n`);
});

const strangers = async (): Promise<readonly string[]> => {
  const served = await kindOf(field.kube, "", "Pod");
  const { items } = await field.kube.list(served, {
    namespace: "default",
    labelSelector: "app=stranger",
  });
  return items.map(({ metadata }) => metadata.name ?? "");
};

const anyPod = async (): Promise<string> =>
  (await field.server.ok("GET", `${shop}/pods`)).items.find(
    (pod: { ready: string }) => pod.ready === "1/1",
  ).name;

describe("a command in a container of an application", () => {
  it("runs, and how it ended comes last", async () => {
    const pod = await anyPod();
    const opened = await openSocket(
      field.server,
      execPath(pod, ["sh", "-c", "echo $GREETING; exit 4"]),
    );
    expect(opened).toMatchObject({ status: 101, protocol: "v5.channel.k8s.io" });
    const texts = await collect(opened.end!);
    expect(texts[1]).toBe("hello\n");
    expect(JSON.parse(texts[3]!)).toMatchObject({
      reason: "NonZeroExitCode",
      details: { causes: [{ message: "4" }] },
    });
  });

  it("takes megabytes in and gives them back, to the last byte", async () => {
    const opened = await openSocket(field.server, execPath(await anyPod(), ["cat"], "&stdin=true"));
    const end = opened.end!;
    const outcome = collect(end);
    const piece = Buffer.concat([Buffer.of(0), Buffer.alloc(32_767, "x")]);
    for (let count = 0; count < 256; count += 1) await end.send(piece);
    await end.send(Buffer.of(255, 0));
    const texts = await outcome;
    expect(texts[1]).toHaveLength(256 * 32_767);
    expect(JSON.parse(texts[3]!).status).toBe("Success");
  });

  it("is in the audit trail with its words, but without what is given to variables", async () => {
    const pod = await anyPod();
    const opened = await openSocket(field.server, execPath(pod, ["env", "PASSWORD=hunter2"]));
    await collect(opened.end!);
    const record = await auditOf("applications/exec", ({ detail }) => /PASSWORD=/.test(detail));
    expect(record).toMatchObject({
      verb: "create",
      user: "system:admin",
      name: "shop",
      status: 101,
    });
    expect(record.detail).toBe(`pod ${pod} command env PASSWORD=…`);
    expect(field.server.logged()).not.toContain("hunter2");
  });

  it("is not for others' Pods, for who has no right to it, nor for pages of elsewhere", async () => {
    const { server } = field;
    const [stranger = ""] = await strangers();
    const foreign = await openSocket(server, execPath(stranger, ["true"]));
    expect(foreign).toMatchObject({ status: 404, body: expect.stringContaining(stranger) });
    await allow(
      "reader",
      ["applications", "applications/pods", "applications/logs"],
      ["get", "update"],
    );
    const pod = await anyPod();
    expect(await openSocket(server, execPath(pod, ["true"]), { user: "reader" })).toMatchObject({
      status: 403,
      body: expect.stringContaining("applications/exec"),
    });
    expect((await server.call("GET", `${shop}/logs?tail=0`, { user: "reader" })).status).toBe(200);
    const origin = { headers: { origin: "https://elsewhere.example" } };
    expect((await openSocket(server, execPath(pod, ["true"]), origin)).status).toBe(403);
    expect((await server.call("GET", execPath(pod, ["true"]))).status).toBe(422);
    const wrong = await openSocket(server, `${execPath(pod, ["true"])}&container=nope`);
    expect(wrong).toMatchObject({ status: 422, body: expect.stringContaining("container nope") });
  });

  it("ends when the right to it is taken away", async () => {
    const { server } = field;
    await allow("guest", ["applications/exec"], ["create"]);
    const opened = await openSocket(server, execPath(await anyPod(), ["cat"], "&stdin=true"), {
      user: "guest",
    });
    const outcome = collect(opened.end!);
    await server.ok("DELETE", "/core/rolebindings/of:guest?force=True");
    await outcome;
    expect(opened.end!.closeCode).toBe(1006);
  });

  it("shows through attach what the container writes", async () => {
    const pod = await anyPod();
    const { end } = await openSocket(field.server, `${shop}/attach?pod=${pod}`);
    const messages = end!.messages();
    const next = messages.next();
    await waitFor("a line", async () => {
      field.cluster.writeLog({ namespace: "default", pod, container: "main" }, "attached");
      return (
        (await Promise.race([next, new Promise((resolve) => setImmediate(resolve))])) !== undefined
      );
    });
    expect((await next).value?.subarray(1).toString()).toBe("attached\n");
    end!.close();
  });
});

describe("a port of a Pod", () => {
  it("is reached, and one on which nobody listens says so", async () => {
    const pod = await anyPod();
    const options = { protocol: "v4.channel.k8s.io" };
    const { end } = await openSocket(
      field.server,
      `${shop}/portforward?pod=${pod}&port=8080`,
      options,
    );
    await end!.send(Buffer.from("\0GET / HTTP/1.1\r\n\r\n"));
    let text = "";
    for await (const message of end!.messages()) {
      text += message.subarray(1).toString("latin1");
      if (text.includes("port 8080\n")) end!.close();
    }
    expect(text).toContain(`pod ${pod} port 8080`);
    const closed = await openSocket(
      field.server,
      `${shop}/portforward?pod=${pod}&port=81`,
      options,
    );
    expect((await collect(closed.end!))[1]).toContain("connection refused");
    const missing = await openSocket(field.server, `${shop}/portforward?pod=${pod}`, options);
    expect(missing).toMatchObject({ status: 422, body: expect.stringContaining("port") });
  });
});

describe("the API of a cluster behind the proxy", () => {
  it("answers as it is, with Octoplane's credentials", async () => {
    const { server } = field;
    const path = `${proxy}/api/v1/namespaces/default/configmaps`;
    const object = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "c" },
      data: { a: "1" },
    };
    const made = await server.call("POST", `${path}?dryRun=All`, { body: object });
    expect([made.status, made.body.kind]).toEqual([201, "ConfigMap"]);
    expect((await server.call("GET", `${path}/c`)).body).toMatchObject({
      kind: "Status",
      code: 404,
    });
    await server.call("POST", path, { body: object });
    const patched = await server.call("PATCH", `${path}/c`, {
      body: { data: { b: "2" } },
      headers: { "content-type": "application/merge-patch+json" },
    });
    expect(patched.body.data).toEqual({ a: "1", b: "2" });
    const record = await auditOf("clusters/proxy", ({ verb }) => verb === "update");
    expect(record).toMatchObject({ name: "edge", namespace: "team" });
    expect(record.path).toContain("/configmaps/c");
  });

  it("passes watches and WebSockets", async () => {
    const { server } = field;
    const watching = new AbortController();
    const path = `${server.address}${proxy}/api/v1/namespaces/default/pods?watch=true`;
    const headers = { authorization: `Bearer ${server.tokenOf("system:admin")}` };
    const answer = await fetch(path, { headers, signal: watching.signal });
    const reader = answer.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('"type":"ADDED"');
    watching.abort();
    const pod = await anyPod();
    const exec = `${proxy}/api/v1/namespaces/default/pods/${pod}/exec?command=hostname&stdout=true`;
    expect(await collect((await openSocket(server, exec)).end!)).toMatchObject({ 1: `${pod}\n` });
    const refused = await openSocket(server, exec.replace(pod, "nobody"));
    expect(refused).toMatchObject({ status: 404, body: expect.stringContaining("nobody") });
  });

  it("is for those with a right to it, verb by verb, and stays within the cluster", async () => {
    const { server } = field;
    const path = `${proxy}/api/v1/namespaces/default/pods`;
    await allow("looker", ["clusters/proxy"], ["get"]);
    const user = "looker";
    expect((await server.call("GET", path, { user })).status).toBe(200);
    expect((await server.call("DELETE", path, { user })).status).toBe(403);
    const exec = `${path}/${await anyPod()}/exec?command=hostname&stdout=true`;
    expect((await openSocket(server, exec, { user })).status).toBe(403);
    expect((await server.call("GET", `${proxy}/api/v1`, { user: "nobody" })).status).toBe(403);
    expect((await server.call("GET", `${proxy}/api/..%2f..%2fother`)).status).toBe(422);
    const missing = await server.call("GET", path.replace("edge", "gone"));
    expect([missing.status, missing.body.code]).toEqual([404, "NotFound"]);
  });
});

it("a cluster that does not answer is 503 with a code, and the server closes with streams open", async () => {
  const { server, cluster } = field;
  cluster.faults.disconnectNext(50);
  const { status, body } = await server.call("GET", `${shop}/pods`);
  expect([status, body.code]).toEqual([503, "Unavailable"]);
  cluster.faults.clear();
  await openSocket(server, execPath(await anyPod(), ["cat"], "&stdin=true"));
});
