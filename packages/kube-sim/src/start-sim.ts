import { createServer, ServerResponse, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import type { Running } from "@octoplane/shared/lifecycle";
import { silentLog, type Log } from "@octoplane/shared/log";
import type { Random } from "@octoplane/shared/random";
import { makeCluster, type Cluster } from "./cluster.ts";
import { sendText, type Exchange } from "./http/exchange.ts";
import { serveCluster } from "./http/serve-cluster.ts";
import { defaultNodeSize, furnish, type NodeSize } from "./initial-objects.ts";
import { SimCluster } from "./sim-cluster.ts";
import { Timers } from "./timers.ts";

export interface ClusterOptions {
  /** Part of the URL, so of letters, digits, `-` and `.`. */
  readonly name: string;
  /** `v1.36.3` when absent. */
  readonly version?: string;
  /** How long things take to become ready; 50 ms when absent. */
  readonly readyDelayMs?: number;
  /** How many nodes; 1 when absent. */
  readonly nodes?: number;
  readonly nodeSize?: NodeSize;
  /** Serve `metrics.k8s.io`, as where metrics-server is installed; false when absent. */
  readonly metrics?: boolean;
}

export interface SimOptions {
  readonly clusters?: readonly ClusterOptions[];
  /** 0 takes a free one. */
  readonly port?: number;
  readonly host?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
  /** False lets anybody in; kubectl sends no token over plain HTTP. */
  readonly authentication?: boolean;
}

/** Many simulated clusters behind one HTTP server, each under `/clusters/<name>`. */
export interface Sim extends Running {
  /** `http://127.0.0.1:PORT` */
  readonly address: string;
  /** A cluster by its name; a name that is not there is `NotFound`. */
  cluster(name: string): SimCluster;
  clusterNames(): readonly string[];
  addCluster(options: ClusterOptions): SimCluster;
  /** Ends a cluster and cuts its connections; false when it is not there. */
  removeCluster(name: string): boolean;
}

interface Entry {
  readonly cluster: Cluster;
  readonly handle: SimCluster;
}

/** Starts the server and its clusters. Dispose of the result to end both. */
export async function startSim(options: SimOptions): Promise<Sim> {
  const log = options.log ?? silentLog;
  const onError = (error: unknown): void => log.error({ err: error }, "simulation step failed");
  const timers = new Timers(options.clock, onError);
  const entries = new Map<string, Entry>();
  const token = options.authentication === false ? "anybody" : undefined;
  const context = { entries, log, isOpen: token !== undefined };
  // Only what is answered as a WebSocket leaves HTTP; whoever offers anything else gets an ordinary answer.
  const isUpgrade = ({ headers }: IncomingMessage): boolean =>
    headers.upgrade?.toLowerCase() === "websocket";
  const server = createServer({ shouldUpgradeCallback: isUpgrade }, (request, response) => {
    void dispatch(context, { request, response });
  });
  server.on("upgrade", (request, socket, head) => {
    const response = new ServerResponse(request);
    response.assignSocket(request.socket);
    response.once("finish", () => socket.end());
    socket.on("error", () => undefined);
    void dispatch(context, { request, response, upgrade: { socket, head } });
  });
  // Watches stay open for minutes; a server that cuts them by itself would be a fault nobody asked
  // for.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  const address = await listen(server, options);
  const addCluster = (wanted: ClusterOptions): SimCluster => {
    if (!/^[A-Za-z0-9.-]+$/u.test(wanted.name)) {
      throw failure("Invalid", `a cluster cannot be named "${wanted.name}"`);
    }
    if (entries.has(wanted.name)) throw failure("AlreadyExists", `cluster ${wanted.name} exists`);
    const { clock, random } = options;
    const { name, version = "v1.36.3", readyDelayMs = 50, metrics = false } = wanted;
    const parts = { name, version, readyDelayMs, metrics };
    const cluster = makeCluster({ ...parts, timers, clock, random });
    const access = {
      server: `${address}/clusters/${name}`,
      token: token ?? random.bytes(24).toString("hex"),
    };
    const handle = new SimCluster(cluster, access, onError);
    furnish(cluster, wanted.nodes ?? 1, wanted.nodeSize ?? defaultNodeSize);
    entries.set(name, { cluster, handle });
    return handle;
  };
  for (const wanted of options.clusters ?? []) addCluster(wanted);
  return {
    address,
    addCluster,
    cluster(name) {
      const entry = entries.get(name);
      if (entry === undefined) throw failure("NotFound", `no cluster ${name}`);
      return entry.handle;
    },
    clusterNames: () => [...entries.keys()],
    removeCluster(name) {
      const entry = entries.get(name);
      entry?.handle[Symbol.dispose]();
      return entries.delete(name);
    },
    async [Symbol.asyncDispose]() {
      for (const entry of entries.values()) entry.handle[Symbol.dispose]();
      timers[Symbol.dispose]();
      await close(server);
    },
  };
}

async function listen(server: Server, options: SimOptions): Promise<string> {
  const host = options.host ?? "127.0.0.1";
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return `http://${host}:${port}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

interface Dispatch {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly log: Log;
  readonly isOpen: boolean;
}

async function dispatch(
  { entries, log, isOpen }: Dispatch,
  arrival: Pick<Exchange, "request" | "response" | "upgrade">,
): Promise<void> {
  const { request, response } = arrival;
  const url = new URL(request.url ?? "/", "http://sim");
  const match = /^\/clusters\/([^/]+)(\/.*)?$/u.exec(url.pathname);
  const entry = entries.get(match?.[1] ?? "");
  const exchange: Exchange = {
    ...arrival,
    method: request.method ?? "GET",
    path: match?.[2] ?? "/",
    query: url.searchParams,
  };
  // A client that hangs up is no event worth an unhandled error.
  response.on("error", () => undefined);
  if (entry === undefined) {
    sendText(exchange, 404, "404 page not found\n");
    return;
  }
  const { cluster, handle } = entry;
  await serveCluster({ cluster, token: isOpen ? undefined : handle.token, log }, exchange);
}
