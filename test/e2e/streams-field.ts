import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { connectKube } from "@octoplane/kube/http-kube";
import { kindOf, podsOf } from "@octoplane/kube/owned";
import type { Kube, KubeObject } from "@octoplane/kube/kube";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import { startSim, type Sim } from "@octoplane/kube-sim/start-sim";
import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { systemRandom } from "@octoplane/shared/random";
import { WebSocketEnd } from "@octoplane/shared/websocket";
import { openStore } from "@octoplane/store/open";
import { openServer, type ServerBench } from "../conformance/api/server-bench.ts";
import { waitFor } from "../wait-for.ts";
import { deployment } from "./manifests.ts";

export const applications = "/kubernetes/namespaces/team/applications";

/** An API server and a simulated cluster on which one application runs, two Pods of it. */
export interface StreamField extends AsyncDisposable {
  readonly server: ServerBench;
  readonly sim: Sim;
  readonly cluster: SimCluster;
  readonly kube: Kube;
  /** The names of the application's Pods. */
  readonly pods: readonly string[];
}

function greeter(name: string, replicas: number): KubeObject {
  const env = [{ name: "GREETING", value: "hello" }];
  const ports = [{ containerPort: 8_080 }];
  const containers = [{ name: "main", image: "example.org/web:1", env, ports }];
  return deployment(name, { replicas, containers });
}

/** Applies a Deployment by hand and waits for its Pods; its place in an inventory. */
export async function runDeployment(kube: Kube, name: string, replicas: number) {
  const served = await kindOf(kube, "apps", "Deployment");
  const ref = { served, namespace: "default", name };
  const { object } = await kube.apply(ref, greeter(name, replicas), { force: true });
  const uid = object.metadata.uid ?? "";
  const place = { group: "apps", kind: "Deployment", namespace: "default", name, uid };
  await waitFor(`the Pods of ${name}`, async () => {
    const { pods } = await podsOf(kube, [place]);
    const running = pods.filter(({ pod }) => JSON.stringify(pod["status"]).includes('"startedAt"'));
    return running.length === replicas;
  });
  return { ...place, version: "v1", digest: "", fields_digest: "", created: true };
}

export async function openStreamField(): Promise<StreamField> {
  const folder = mkdtempSync(join(tmpdir(), "octoplane-streams-"));
  const store = await openStore(
    `lmdb://${folder}`,
    { progressMs: 100 },
    { clock: systemClock, log: silentLog },
  );
  const server = await openServer(store);
  const sim = await startSim({ clock: systemClock, random: systemRandom });
  const cluster = sim.addCluster({ name: "edge", readyDelayMs: 10 });
  const kube = connectKube(cluster.kubeconfig, { clock: systemClock });
  const metadata = { name: "edge" };
  const registered = await server.ok("POST", "/kubernetes/namespaces/team/clusters", {
    body: { metadata, spec: { kubeconfig: cluster.kubeconfig } },
  });
  const item = await runDeployment(kube, "web", 2);
  await server.ok("POST", applications, {
    body: { metadata: { name: "shop" }, spec: { manifest: [greeter("web", 2)] } },
  });
  const ref = { api: "kubernetes", kind: "Cluster", namespace: "team", name: "edge" };
  const copy = {
    cluster: ref,
    cluster_uid: registered.metadata.uid,
    generation: 1,
    objects: [item],
  };
  await server.ok("PUT", `${applications}/shop/status`, {
    body: { status: { scheduled_to: ref, running_on: ref, copies: [copy] } },
  });
  const { pods } = await podsOf(kube, [item]);
  return {
    server,
    sim,
    cluster,
    kube,
    pods: pods.map(({ pod }) => pod.metadata.name ?? "").toSorted(),
    async [Symbol.asyncDispose]() {
      await kube[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await sim[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

type Opened =
  | { readonly end: WebSocketEnd; readonly protocol: string | undefined; readonly status: 101 }
  | { readonly status: number; readonly body: string; readonly end?: undefined };

/** Asks for a WebSocket, as whoever it is. */
export function openSocket(
  server: Pick<ServerBench, "address" | "tokenOf">,
  path: string,
  {
    user = "system:admin",
    protocol = "v5.channel.k8s.io",
    headers = {},
  }: {
    readonly user?: string;
    readonly protocol?: string;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(`${server.address}${path}`, {
      headers: {
        authorization: `Bearer ${server.tokenOf(user)}`,
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-key": systemRandom.bytes(16).toString("base64"),
        "sec-websocket-version": "13",
        "sec-websocket-protocol": protocol,
        ...headers,
      },
    });
    outgoing.once("upgrade", (answer: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (head.length > 0) socket.unshift(head);
      const end = new WebSocketEnd(socket, { clock: systemClock, random: systemRandom });
      resolve({ status: 101, end, protocol: answer.headers["sec-websocket-protocol"] });
    });
    outgoing.once("response", (answer: IncomingMessage) => {
      let body = "";
      answer.on("data", (chunk: Buffer) => (body += chunk.toString()));
      answer.once("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    outgoing.once("error", reject);
    outgoing.end();
  });
}

/** What came on each channel until the end. */
export async function collect(end: WebSocketEnd): Promise<Readonly<Record<number, string>>> {
  const texts: Record<number, string> = {};
  for await (const message of end.messages()) {
    const channel = message[0] ?? -1;
    texts[channel] = (texts[channel] ?? "") + message.subarray(1).toString("utf8");
  }
  return texts;
}

/** Reads an endless answer as it comes, until it is left. */
export async function follow(
  server: Pick<ServerBench, "address" | "tokenOf">,
  path: string,
): Promise<{ readonly seen: () => string; readonly leave: () => Promise<void> }> {
  const leaving = new AbortController();
  const answer = await fetch(`${server.address}${path}`, {
    headers: { authorization: `Bearer ${server.tokenOf("system:admin")}` },
    signal: leaving.signal,
  });
  expect(answer.status).toBe(200);
  let text = "";
  const decoder = new TextDecoder();
  const read = (async () => {
    for await (const chunk of answer.body!) text += decoder.decode(chunk, { stream: true });
  })().catch(() => undefined);
  return {
    seen: () => text,
    async leave() {
      leaving.abort();
      await read;
    },
  };
}
