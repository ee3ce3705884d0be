import { createServer, type Server, type Socket } from "node:net";
import { failure, isFailure, messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { exitStatus } from "../exit-status.ts";
import { applicationPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import { oneLine } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";
import { findPod, type FoundPod } from "./find-pod.ts";
import { joinConnection } from "./join-connection.ts";
import { listenOn, untilLeft } from "./local-listener.ts";
import { readForwardWords, type PortPair } from "./port-words.ts";
import { connectServer, openSocket, type OpenSocket } from "./server-connection.ts";

/** `rok kube app port-forward`: ports here that lead into a Pod; each connection is a WebSocket of its own. */

export interface ForwardFlags {
  readonly address?: string;
  readonly cluster?: string;
}

export async function forwardPorts({
  args,
  options,
  session,
}: Call<ForwardFlags>): Promise<number> {
  const [name = "", ...words] = args.filter((word) => word !== undefined);
  const { target, ports } = readForwardWords(words);
  const path = await applicationPath(session, name);
  const pods = new PodInUse(session, { path, target, cluster: options.cluster });
  const found = await pods.get();
  // A port that the Pod has not is a mistake, before anything listens.
  for (const { remote } of ports) targetPort(found, remote);
  const host = options.address ?? "127.0.0.1";
  const servers: Server[] = [];
  try {
    for (const pair of ports) {
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        void forward(session, pods, { socket, pair, path });
      });
      server.maxConnections = limits.forwardConnectionsMax;
      servers.push(server);
      const place = await listenOn(server, host, pair.local);
      session.io.out(
        oneLine(`${place} -> ${found.pod.name}:${targetPort(found, pair.remote)}`) + "\n",
      );
    }
    await untilLeft(session.io);
    return exitStatus.ok;
  } finally {
    for (const server of servers) server.close();
    pods.end();
  }
}

/** The Pod that connections go to, until it is gone: then it is another. */
class PodInUse {
  readonly #session: Session;
  readonly #wish: Parameters<typeof findPod>[1];
  #found: Promise<FoundPod> | undefined;
  #name: string | undefined;
  readonly #ended = new AbortController();

  constructor(session: Session, wish: Parameters<typeof findPod>[1]) {
    this.#session = session;
    this.#wish = wish;
  }

  /** Aborts when nothing is forwarded any more. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  get(): Promise<FoundPod> {
    this.#found ??= this.#find();
    return this.#found;
  }

  /** What was found does not do any more. */
  forget(found: FoundPod): void {
    if (found.pod.name === this.#name) this.#found = undefined;
  }

  end(): void {
    this.#ended.abort();
  }

  async #find(): Promise<FoundPod> {
    try {
      const found = await findPod(this.#session, this.#wish);
      const { name } = found.pod;
      if (this.#name !== undefined && name !== this.#name) {
        this.#session.note(oneLine(`rok: Pod ${this.#name} is gone; now to Pod ${name}`));
      }
      this.#name = name;
      return found;
    } catch (error) {
      this.#found = undefined;
      throw error;
    }
  }
}

/** The number of a port: of a Service, what that leads to; by name, that of the Pod's container. `Invalid` when there is none. */
export function targetPort({ pod, service }: FoundPod, remote: string): number {
  const own = service?.ports.find(({ name, port }) => name === remote || String(port) === remote);
  if (service && !own) {
    const known = service.ports.map(({ name, port }) =>
      name === null ? port : `${port} (${name})`,
    );
    const message = `Service ${service.name} has no port ${remote}; there are ${known.join(", ")}`;
    throw failure("Invalid", message);
  }
  const wanted = own?.target ?? remote;
  if (/^\d+$/.test(wanted)) return Number(wanted);
  const ports = pod.containers.flatMap((container) => container.ports);
  const named = ports.find(({ name }) => name === wanted);
  if (named) return named.port;
  const names = ports.flatMap(({ name }) => (name === null ? [] : [name]));
  const known = names.length === 0 ? "its ports have no names" : `there are ${names.join(", ")}`;
  throw failure("Invalid", `Pod ${pod.name} has no port ${wanted}; ${known}`);
}

interface Forwarding {
  readonly socket: Socket;
  readonly pair: PortPair;
  /** The application's. */
  readonly path: string;
}

/** One connection. What goes wrong with it is said and ends it; the port goes on. */
async function forward(
  session: Session,
  pods: PodInUse,
  { socket, pair, path }: Forwarding,
): Promise<void> {
  socket.on("error", () => undefined);
  try {
    const { end } = await reach(session, pods, { pair, path });
    const { clock } = session.io;
    const problem = await joinConnection(socket, end, { clock, signal: pods.signal });
    if (problem !== "") session.note(oneLine(`rok: ${problem}`));
  } catch (error) {
    if (!pods.signal.aborted) session.note(oneLine(`rok: ${messageOf(error)}`));
  } finally {
    socket.destroy();
  }
}

/** With another Pod when the one that was found is gone. */
async function reach(
  session: Session,
  pods: PodInUse,
  { pair, path }: Pick<Forwarding, "pair" | "path">,
): Promise<OpenSocket> {
  const server = await connectServer(session);
  const open = async (found: FoundPod): Promise<OpenSocket> => {
    const { name, cluster } = found.pod;
    const port = String(targetPort(found, pair.remote));
    const query = new URLSearchParams({ pod: name, cluster, port }).toString();
    const url = `${path}/portforward?${query}`;
    return await openSocket(server, url, ["v4.channel.k8s.io"], pods.signal);
  };
  const found = await pods.get();
  try {
    return await open(found);
  } catch (error) {
    const mayBeGone = isFailure(error, "NotFound") || isFailure(error, "Invalid");
    if (!mayBeGone) throw error;
    pods.forget(found);
    return await open(await pods.get());
  }
}
