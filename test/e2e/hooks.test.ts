import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { applications, meddle, openField, peek, type Field } from "./field.ts";
import { configMap, echo, job } from "./manifests.ts";

/** What applications and Octoplane say to each other: `complete` and `shutdown` (docs/hooks.md). */

let field: Field;
beforeAll(async () => {
  field = await openField();
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

/** What stands in the Secret of a hook on a cluster. */
function granted(cluster: SimCluster, app: string, hook: string, namespace = "default") {
  const secret = peek(cluster, "Secret", `${app}-krake-${hook}-secret-token`, namespace);
  if (secret === undefined) return undefined;
  const text = (key: string): string => Buffer.from(secret.data[key], "base64").toString();
  return { token: text(`krake_${hook}_token`), url: text(`krake_${hook}_url`) };
}

/** What an application does when it calls back. */
async function callBack(url: string, token: string): Promise<number> {
  const response = await fetch(url, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  await response.text();
  return response.status;
}

/** The application's own server: it hears of its end, and answers when it is told to. */
class Listener implements AsyncDisposable {
  readonly port: number;
  readonly heard: string[] = [];
  status = 200;
  readonly #server: Server;

  constructor(port: number, server: Server) {
    this.port = port;
    this.#server = server;
    server.on("request", (request, response) => {
      this.heard.push(`${request.method} ${request.url}`);
      response.writeHead(this.status, this.status === 302 ? { location: "/elsewhere" } : {}).end();
    });
  }

  /** On a port that a Service may have. */
  static async open(): Promise<Listener> {
    for (let port = 31_000; ; port += 1) {
      const server = createServer();
      const isOpen = await new Promise<boolean>((resolve) => {
        server.once("error", () => resolve(false));
        server.listen(port, "127.0.0.1", () => resolve(true));
      });
      if (isOpen) return new Listener(port, server);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** An application that listens for its end on a NodePort. */
function listening(name: string, nodePort: number): Json[] {
  const [web] = echo(name);
  const ports = [{ port: 80, nodePort, protocol: "TCP", targetPort: 8080 }];
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "shutdown" },
    spec: { type: "NodePort", selector: { app: name }, ports },
  };
  return [web, service];
}

const shutdownOf = (cluster: SimCluster, app: string) => granted(cluster, app, "shutdown")!;

describe.concurrent("an application with hooks", () => {
  it("finds token and URL in every container, and no token anywhere else", async () => {
    const cluster = await field.cluster();
    const [web] = echo("web");
    web.spec.template.spec.initContainers = [{ name: "begin", image: "registry.example/begin:1" }];
    const other = { ...job("batch", {}), metadata: { name: "batch", namespace: "kube-public" } };
    const app = await field.createOn(cluster, "told", {
      manifest: [web, other],
      hooks: ["complete", "shutdown"],
    });
    await field.untilRuns(app, cluster);
    const { containers, initContainers } = peek(cluster, "Deployment", "web").spec.template.spec;
    for (const { env } of [...containers, ...initContainers]) {
      expect(env.map(({ name }: Json) => name)).toEqual([
        "KRAKE_COMPLETE_TOKEN",
        "KRAKE_COMPLETE_URL",
        "KRAKE_SHUTDOWN_TOKEN",
        "KRAKE_SHUTDOWN_URL",
      ]);
    }
    const { token, url } = granted(cluster, app, "complete")!;
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(url).toBe(`${field.octoplane.address}${applications}/${app}/complete`);
    expect(granted(cluster, app, "complete", "kube-public")).toEqual({ token, url });
    const seen = JSON.stringify([
      await field.read(app),
      await field.rest.ok("GET", `${applications}/${app}/events`),
      peek(cluster, "Deployment", "web"),
    ]);
    expect(seen).not.toContain(token);
    expect((await field.read(app)).status.complete_token).toBe("REDACTED");
    await field.rest.ok("DELETE", `${applications}/${app}?force=True`);
  });

  it("has its Secret put right, keeps its token, and loses both with the hook", async () => {
    const cluster = await field.cluster();
    const app = await field.createOn(cluster, "kept", {
      manifest: echo("kept"),
      hooks: ["complete"],
    });
    await field.untilRuns(app, cluster);
    const before = granted(cluster, app, "complete")!;
    const path = `/api/v1/namespaces/default/secrets/${app}-krake-complete-secret-token`;
    await meddle(cluster, path, { data: { krake_complete_token: "eA==" } });
    await waitFor(
      "it is put right",
      () => granted(cluster, app, "complete")?.token === before.token,
    );
    await meddle(cluster, path, {}, { method: "DELETE" });
    await waitFor("it is there again", () => granted(cluster, app, "complete") !== undefined);
    await field.change(app, (spec) => void (spec.manifest[0].spec.replicas = 2));
    await field.untilRuns(app, cluster);
    expect(granted(cluster, app, "complete")).toEqual(before);
    await field.change(app, (spec) => void (spec.hooks = []));
    await field.untilRuns(app, cluster);
    expect(granted(cluster, app, "complete")).toBeUndefined();
    const [container] = peek(cluster, "Deployment", "kept").spec.template.spec.containers;
    expect(container.env ?? []).toEqual([]);
    expect(await callBack(before.url, before.token)).toBe(401);
    await field.change(app, (spec) => void (spec.hooks = ["complete"]));
    await field.untilRuns(app, cluster);
    expect(granted(cluster, app, "complete")!.token).not.toBe(before.token);
    await field.remove(app);
    expect(granted(cluster, app, "complete")).toBeUndefined();
  });

  it("takes over the Secret that Krake has left", async () => {
    const cluster = await field.cluster();
    const name = "heir-krake-complete-secret-token";
    const left = { apiVersion: "v1", kind: "Secret", metadata: { name }, data: { old: "eA==" } };
    await meddle(cluster, "/api/v1/namespaces/default/secrets", left, { method: "POST" });
    const app = await field.createOn(cluster, "heir", {
      manifest: echo("heir"),
      hooks: ["complete"],
    });
    await field.untilRuns(app, cluster);
    expect(granted(cluster, app, "complete")!.token).toMatch(/^[\w-]{43}$/);
    await field.remove(app);
    expect(peek(cluster, "Secret", name)).toBeUndefined();
  });

  it("goes when it calls that it is done, with the right token only", async () => {
    const cluster = await field.cluster();
    const app = await field.createOn(cluster, "done", {
      manifest: [job("done", {})],
      hooks: ["complete"],
    });
    await field.untilRuns(app, cluster, "COMPLETED");
    const { url, token } = granted(cluster, app, "complete")!;
    expect(await callBack(url, `${token}x`)).toBe(401);
    expect((await field.read(app)).metadata.deleted).toBeNull();
    expect(await callBack(url, token)).toBe(200);
    await field.untilGone(app);
    expect(peek(cluster, "Job", "done")).toBeUndefined();
  });

  it("has another token where it moves, and the old one only as long as the old copy is there", async () => {
    const [source, target] = await Promise.all([field.cluster(), field.cluster()]);
    const app = await field.createOn(source, "moves", {
      manifest: echo("moves"),
      hooks: ["complete"],
    });
    await field.untilRuns(app, source);
    const old = granted(source, app, "complete")!;
    await field.move(app, target);
    await field.untilRuns(app, target);
    const fresh = granted(target, app, "complete")!;
    expect(fresh.token).not.toBe(old.token);
    expect(await callBack(old.url, old.token)).toBe(401);
    expect(await callBack(fresh.url, fresh.token)).toBe(200);
    await field.untilGone(app);
  });
});

describe.concurrent("a shutdown", () => {
  const patient = { hooks: ["shutdown"], shutdown_grace_time: 600 };

  it("before a deletion is asked for once, waits for the answer, and then everything goes", async () => {
    await using listener = await Listener.open();
    const cluster = await field.cluster();
    const manifest = listening("polite", listener.port);
    const app = await field.createOn(cluster, "polite", { manifest, ...patient });
    await field.untilRuns(app, cluster);
    const { url, token } = shutdownOf(cluster, app);
    await field.rest.ok("DELETE", `${applications}/${app}`);
    const asked = await field.until(app, "is asked", ({ copies, state }) => {
      return state === "WAITING_FOR_CLEANING" && copies[0]?.shutdown?.sent === true;
    });
    expect(Date.parse(asked.shutdown_grace_period)).toBeGreaterThan(Date.now());
    expect(listener.heard).toEqual(["PUT /shutdown"]);
    expect(peek(cluster, "Deployment", "polite")).toBeDefined();
    expect(await callBack(url, "wrong")).toBe(401);
    expect(await callBack(url, token)).toBe(200);
    await field.untilGone(app);
    expect(peek(cluster, "Deployment", "polite")).toBeUndefined();
    expect(listener.heard).toEqual(["PUT /shutdown"]);
  });

  it("goes on when the controller that asked has ended in between", async () => {
    await using listener = await Listener.open();
    const other = await openField();
    try {
      const cluster = await other.cluster();
      const manifest = listening("durable", listener.port);
      const spec = { manifest, hooks: ["shutdown"], shutdown_grace_time: 3 };
      await other.createOn(cluster, "durable", spec);
      await other.untilRuns("durable", cluster);
      await other.rest.ok("DELETE", `${applications}/durable`);
      const { copies } = await other.until("durable", "is asked", (status) => {
        return status.copies[0]?.shutdown?.sent === true;
      });
      await other.octoplane.restart();
      const after = (await other.read("durable")).status;
      expect(after.copies[0].shutdown).toEqual(copies[0].shutdown);
      expect(peek(cluster, "Deployment", "durable")).toBeDefined();
      // Nobody answers: its time ends when it would have without the restart.
      await other.untilGone("durable");
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(copies[0].shutdown.until));
      expect(listener.heard).toEqual(["PUT /shutdown"]);
      expect(peek(cluster, "Deployment", "durable")).toBeUndefined();
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  it("that nobody answers is asked for again, and then given up, left alone, and retried", async () => {
    await using listener = await Listener.open();
    listener.status = 302;
    const cluster = await field.cluster();
    const app = await field.createOn(cluster, "deaf", {
      manifest: listening("deaf", listener.port),
      hooks: ["shutdown"],
      shutdown_grace_time: 1,
      shutdown_retry_count: 1,
      shutdown_failure_strategy: "give_up",
    });
    await field.untilRuns(app, cluster);
    await field.rest.ok("DELETE", `${applications}/${app}`);
    const { reason } = await field.until(app, "is given up", ({ state }) => state === "DEGRADED");
    // A redirect is no answer, and is not followed.
    expect(listener.heard).toEqual(["PUT /shutdown", "PUT /shutdown"]);
    expect(reason.code).toBe("SHUTDOWN_FAILED");
    expect(reason.message).toContain(`127.0.0.1:${listener.port} answered 302 (attempt 2 of 2)`);
    expect(peek(cluster, "Deployment", "deaf")).toBeDefined();
    listener.status = 200;
    await field.rest.ok("PUT", `${applications}/${app}/retry`);
    await waitFor("it is asked again", () => listener.heard.length === 3);
    const { url, token } = shutdownOf(cluster, app);
    await field.until(app, "is asked", ({ copies }) => copies[0].shutdown?.sent === true);
    expect(await callBack(url, token)).toBe(200);
    await field.untilGone(app);
  });

  it("of an application that has no Service for it says so, and is over with its time", async () => {
    const cluster = await field.cluster();
    const app = await field.createOn(cluster, "mute", {
      manifest: echo("mute"),
      hooks: ["shutdown"],
      shutdown_grace_time: 2,
    });
    await field.untilRuns(app, cluster);
    await field.rest.ok("DELETE", `${applications}/${app}`);
    const { copies } = await field.until(app, "says why", (status) => {
      return status.copies[0]?.shutdown?.sent === true;
    });
    expect(copies[0].shutdown.message).toContain("it has no Service shutdown");
    await field.untilGone(app);
  });

  it("before a move comes when the new copy is up, and the old one goes when it has answered", async () => {
    await using listener = await Listener.open();
    const [source, target] = await Promise.all([field.cluster(), field.cluster()]);
    const manifest = [...listening("moving", listener.port), configMap("moving", {})];
    const app = await field.createOn(source, "moving", { manifest, ...patient });
    await field.untilRuns(app, source);
    const old = shutdownOf(source, app);
    await field.move(app, target);
    const asked = await field.until(app, "is asked", ({ copies, running_on: running }) => {
      const isSent = copies.some(({ shutdown }: Json) => shutdown?.sent === true);
      return isSent && running.name === target.name;
    });
    expect(asked.state).toBe("WAITING_FOR_CLEANING");
    for (const cluster of [source, target]) {
      expect(peek(cluster, "Deployment", "moving").status.availableReplicas).toBe(1);
    }
    // The new copy's token speaks for the new copy.
    const fresh = shutdownOf(target, app);
    expect(await callBack(fresh.url, fresh.token)).toBe(200);
    expect((await field.read(app)).status.state).toBe("WAITING_FOR_CLEANING");
    expect(await callBack(old.url, old.token)).toBe(200);
    await field.untilRuns(app, target);
    expect(peek(source, "Deployment", "moving")).toBeUndefined();
    expect(listener.heard).toEqual(["PUT /shutdown"]);
    await field.rest.ok("DELETE", `${applications}/${app}?force=True`);
  });

  it("before a stop is asked for, and what is started again is asked anew the next time", async () => {
    await using listener = await Listener.open();
    const cluster = await field.cluster();
    const manifest = listening("paused", listener.port);
    const app = await field.createOn(cluster, "paused", { manifest, ...patient });
    await field.untilRuns(app, cluster);
    const untilAsked = () =>
      field.until(app, "is asked", ({ copies }) => copies[0]?.shutdown?.sent === true);
    const { url, token } = shutdownOf(cluster, app);
    await field.change(app, (spec) => void (spec.stopped = "removed"));
    await untilAsked();
    expect(peek(cluster, "Deployment", "paused")).toBeDefined();
    expect(await callBack(url, token)).toBe(200);
    await field.until(app, "is stopped", ({ copies, state }) => {
      return state === "PENDING" && copies.length === 0;
    });
    expect(peek(cluster, "Deployment", "paused")).toBeUndefined();
    await field.rest.ok("POST", `${applications}/${app}/start`, {});
    await field.untilRuns(app, cluster);
    await field.rest.ok("DELETE", `${applications}/${app}`);
    await untilAsked();
    expect(await callBack(url, token)).toBe(200);
    await field.untilGone(app);
    expect(listener.heard).toEqual(["PUT /shutdown", "PUT /shutdown"]);
  });

  it("is not asked of an application that has said that it is done", async () => {
    await using listener = await Listener.open();
    const cluster = await field.cluster();
    const app = await field.createOn(cluster, "both", {
      manifest: listening("both", listener.port),
      hooks: ["complete", "shutdown"],
    });
    await field.untilRuns(app, cluster);
    const { url, token } = granted(cluster, app, "complete")!;
    expect(await callBack(url, token)).toBe(200);
    await field.untilGone(app);
    expect(listener.heard).toEqual([]);
  });
});
