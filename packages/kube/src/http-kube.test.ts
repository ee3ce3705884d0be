import { limits } from "@octoplane/shared/limits";
import { afterEach, describe, expect, it } from "vitest";
import type { ObjectRef } from "./kube.ts";
import { sendJson, sendStatus, startScriptedServer } from "./testing/scripted-server.ts";
import {
  configMaps,
  errorOf,
  kubeconfigFor,
  object,
  ref,
  Stage,
  steppedClock,
  token,
} from "./testing/stage.ts";

const stage = new Stage();
afterEach(() => stage.clear());

describe("a request", () => {
  it("goes to the cluster's path with the user's credentials", async () => {
    const { kube, server } = await stage.scene((_request, response) => sendJson(response, object), {
      basePath: "/k8s/clusters/c-1/",
    });
    expect(await kube.get(ref)).toEqual(object);
    expect(server.seen[0]).toMatchObject({
      path: "/k8s/clusters/c-1/api/v1/namespaces/a/configmaps/m",
      headers: { authorization: `Bearer ${token}`, "user-agent": "octoplane" },
    });
    expect(kube.server).toBe(server.url);
    expect(kube.defaultNamespace).toBe("home");
  });

  it("may show a name and password, and act as somebody else", async () => {
    const user = { username: "ann", password: "p:w", as: "bob" };
    const { kube, server } = await stage.scene((_request, response) => sendJson(response, object), {
      user,
    });
    await kube.get(ref);
    const basic = Buffer.from("ann:p:w").toString("base64");
    expect(server.seen[0]?.headers).toMatchObject({
      authorization: `Basic ${basic}`,
      "impersonate-user": "bob",
    });
  });

  it("cannot leave its collection by a clever name", async () => {
    const { kube, server } = await stage.scene((_request, response) => sendJson(response, object));
    await kube.get({ ...ref, name: "../secrets/s?x" });
    expect(server.seen[0]?.path).toBe("/api/v1/namespaces/a/configmaps/..%2Fsecrets%2Fs%3Fx");
    for (const name of ["", ".", ".."]) {
      expect(await errorOf(kube.get({ ...ref, name }))).toMatchObject({ reason: "Invalid" });
    }
  });

  it("reuses connections, and never has more of them than allowed", async () => {
    const { kube, server } = await stage.scene(async (_request, response) => {
      await new Promise(setImmediate);
      sendJson(response, object);
    });
    await Promise.all(Array.from({ length: 50 }, () => kube.get(ref)));
    expect(server.opened()).toBeLessThanOrEqual(limits.kubeConnectionsMax);
    expect(server.seen).toHaveLength(50);
  });

  it("that gets no answer in time fails, and frees its connection", async () => {
    const { clock, advance } = steppedClock();
    const asked = Promise.withResolvers<void>();
    const { kube, server } = await stage.scene(() => asked.resolve(), { clock });
    const failing = errorOf(kube.version());
    await asked.promise;
    advance(limits.kubeTimeoutMs);
    const error = await failing;
    expect(error).toMatchObject({ status: 0, reason: "Unreachable", retry: true });
    expect(error.message).toContain(`nothing within ${limits.kubeTimeoutMs} ms`);
    await expect.poll(() => server.connections()).toBe(0);
  });

  it("whose answer stops half-way fails just so", async () => {
    const { clock, advance } = steppedClock();
    const asked = Promise.withResolvers<void>();
    const { kube } = await stage.scene(
      (_request, response) => {
        response.writeHead(200).write('{"metadata":');
        asked.resolve();
      },
      { clock },
    );
    const failing = errorOf(kube.get(ref));
    await asked.promise;
    advance(limits.kubeTimeoutMs);
    expect(await failing).toMatchObject({ reason: "Unreachable" });
  });

  it("can be given up", async () => {
    const { kube } = await stage.scene(() => undefined);
    const controller = new AbortController();
    const failing = errorOf(kube.get(ref, controller.signal));
    controller.abort();
    expect(await failing).toMatchObject({ reason: "Aborted", retry: true });
  });

  it("to nobody fails at once", async () => {
    const server = await startScriptedServer(() => undefined);
    await server[Symbol.asyncDispose]();
    const kube = stage.connect(kubeconfigFor(server.url));
    const error = await errorOf(kube.version());
    expect(error).toMatchObject({ status: 0, reason: "Unreachable", retry: true });
    expect(error.message).toContain("ECONNREFUSED");
  });

  it("to what is no API server says so", async () => {
    const { kube } = await stage.scene((request, response) => {
      if (request.path === "/apis") response.writeHead(404).end("nothing here");
      else response.end("<html>hello</html>");
    });
    for (const work of [kube.get(ref), kube.version(), kube.discover()]) {
      expect(await errorOf(work)).toMatchObject({ reason: "NotKubernetes" });
    }
  });
});

describe("applying and creating", () => {
  it("sends the object as our field manager and gives back the warnings", async () => {
    const { kube, server } = await stage.scene((_request, response) =>
      sendJson(response, object, 200, {
        warning: ['299 - "unknown field \\"spec.x\\""', '299 - "old"'],
      }),
    );
    const { created, warnings } = await kube.apply(ref, object, { force: true, dryRun: true });
    expect(created).toBe(false);
    expect(warnings).toEqual(['unknown field "spec.x"', "old"]);
    expect(server.seen[0]).toMatchObject({
      method: "PATCH",
      headers: { "content-type": "application/apply-patch+yaml" },
      query: { fieldManager: "octoplane", fieldValidation: "Warn", force: "true", dryRun: "All" },
      body: JSON.stringify(object),
    });
  });

  it("leaves the namespace out of the path of a cluster-scoped kind", async () => {
    const { kube, server } = await stage.scene((_request, response) => sendJson(response, object));
    const served = { ...configMaps, group: "g.io", plural: "networks", namespaced: false };
    await kube.apply({ served, namespace: "a", name: "n" }, object, { force: false });
    await kube.create(served, object);
    expect(server.seen.map(({ path }) => path)).toEqual([
      "/apis/g.io/v1/networks/n",
      "/apis/g.io/v1/networks",
    ]);
  });

  it("creates in the object's namespace or in the kubeconfig's", async () => {
    const { kube, server } = await stage.scene((_request, response) => sendJson(response, object));
    await kube.create(configMaps, object);
    await kube.create(configMaps, { ...object, metadata: { generateName: "m-" } });
    expect(server.seen.map(({ path }) => path)).toEqual([
      "/api/v1/namespaces/a/configmaps",
      "/api/v1/namespaces/home/configmaps",
    ]);
  });
});

describe("deleting", () => {
  const namespace: ObjectRef = {
    served: { ...configMaps, kind: "Namespace", plural: "namespaces", namespaced: false },
    name: "n",
  };
  const gone = { details: { name: "m" }, reason: "NotFound" };
  const other = { reason: "Conflict", message: "Precondition failed: UID in precondition: a" };
  const emptying = { reason: "Conflict", message: "The system is ensuring all content is removed" };

  it("says how dependents go, and which object is meant", async () => {
    const { kube, server } = await stage.scene((_request, response) => sendJson(response, object));
    expect(await kube.delete(ref, { propagation: "Background", uid: "u-1" })).toBe(true);
    expect(JSON.parse(server.seen[0]?.body ?? "")).toMatchObject({
      kind: "DeleteOptions",
      propagationPolicy: "Background",
      preconditions: { uid: "u-1" },
    });
  });

  it.each([
    ["nothing is there", ref, 404, gone, undefined, false],
    ["another object is there", ref, 409, other, "u-1", false],
    ["a namespace is being emptied", namespace, 409, emptying, undefined, true],
  ])("when %s is no error", async (_name, target, code, status, uid, expected) => {
    const { kube } = await stage.scene((_request, response) => sendStatus(response, code, status));
    const options = { propagation: "Background" as const, ...(uid === undefined ? {} : { uid }) };
    expect(await kube.delete(target, options)).toBe(expected);
  });

  it("fails upon any other conflict", async () => {
    const { kube } = await stage.scene((_request, response) => sendStatus(response, 409, emptying));
    expect(await errorOf(kube.delete(ref, { propagation: "Orphan" }))).toMatchObject({
      reason: "Conflict",
    });
  });
});

describe("disposing", () => {
  it("ends what is under way", async () => {
    const { kube, server } = await stage.scene(() => undefined);
    const failing = errorOf(kube.version());
    await expect.poll(() => server.seen.length).toBe(1);
    await kube[Symbol.asyncDispose]();
    expect(await failing).toMatchObject({ reason: "Unreachable", retry: true });
    await expect.poll(() => server.connections()).toBe(0);
  });
});
