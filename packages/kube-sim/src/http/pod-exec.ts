import { once } from "node:events";
import { PassThrough } from "node:stream";
import { pause } from "@octoplane/shared/clock";
import { ApiError, badRequest } from "../api-error.ts";
import type { Cluster } from "../cluster.ts";
import { runProgram, type Process } from "../containers/shell.ts";
import type { SimObject } from "../sim-object.ts";
import { acceptWebSocket, type Accepted } from "./accept-websocket.ts";
import type { Exchange } from "./exchange.ts";
import { containerOf, environmentOf, isRunning, type PodContainer } from "./pod-container.ts";

/**
 * `pods/exec` and `pods/attach` over a WebSocket: the first byte of a message names its channel (0 stdin, 1 stdout, 2 stderr,
 * 3 the Status of the end, 4 the size of the terminal; in version 5, 255 closes the channel that its second byte names).
 */
const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const;

interface Session {
  readonly cluster: Cluster;
  readonly pod: SimObject;
  readonly container: PodContainer;
  readonly query: URLSearchParams;
}

export async function servePodExec(
  exchange: Exchange,
  cluster: Cluster,
  pod: SimObject,
  subresource: "exec" | "attach",
): Promise<void> {
  const { query } = exchange;
  const container = containerOf(pod, query);
  const command = query.getAll("command");
  if (subresource === "exec" && command.length === 0) {
    throw badRequest("you must specify at least one command for the container");
  }
  if (!["stdin", "stdout", "stderr"].some((name) => isOn(query, name))) {
    throw badRequest("you must specify at least 1 of stdin, stdout, stderr");
  }
  if (!isRunning(container)) {
    const text = `unable to upgrade connection: container not found ("${container.name}")`;
    throw new ApiError(500, "InternalError", text);
  }
  const session = { cluster, pod, container, query };
  const accepted = acceptWebSocket(cluster, exchange, protocols);
  if (subresource === "exec") await execute(session, accepted, command);
  else await attach(session, accepted);
}

function isOn(query: URLSearchParams, name: string): boolean {
  return ["true", "1"].includes(query.get(name) ?? "");
}

async function execute(
  session: Session,
  { end, protocol }: Accepted,
  command: readonly string[],
): Promise<void> {
  const gone = new AbortController();
  const stdin = new PassThrough();
  const task = processOf(session, { stdin, gone: gone.signal, ...outputsOf(session, end) });
  void readInput(session, { end, protocol }, stdin).finally(() => {
    gone.abort();
    stdin.end();
  });
  try {
    const code = await runProgram(command, task);
    await end.send(Buffer.concat([Buffer.of(channels.status), statusOf(command, code)]));
    end.close();
  } catch {
    // The client has left: nobody is there to be told how it ended.
    end[Symbol.dispose]();
  }
}

/** Output by channel; a terminal has one for both. */
function outputsOf({ query }: Session, end: Accepted["end"]): Pick<Process, "out" | "errors"> {
  const writer = (channel: number, isWanted: boolean) => async (bytes: Buffer) => {
    if (!isWanted) return;
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes);
      await end.send(Buffer.concat([Buffer.of(channel), piece]));
    }
  };
  const out = writer(channels.stdout, isOn(query, "stdout"));
  if (isOn(query, "tty")) return { out, errors: out };
  return { out, errors: writer(channels.stderr, isOn(query, "stderr")) };
}

const pieceBytes = 32 * 1024;

function processOf(
  { cluster, pod, container }: Session,
  own: Pick<Process, "out" | "errors"> & {
    readonly stdin: PassThrough;
    readonly gone: AbortSignal;
  },
): Process {
  return {
    env: environmentOf(pod, container),
    files: cluster.containers.files(pod, container.name),
    hostname: pod.metadata.name,
    stdin: own.stdin,
    out: own.out,
    errors: own.errors,
    now: () => Math.floor(cluster.clock.now() / 1_000),
    log: (text) => cluster.containers.write(pod, container.name, text),
    sleep: (ms) => pause(cluster.clock, ms, own.gone),
  };
}

async function readInput(
  { query }: Session,
  { end, protocol }: Pick<Accepted, "end" | "protocol">,
  stdin: PassThrough,
): Promise<void> {
  const hasInput = isOn(query, "stdin");
  if (!hasInput) stdin.end();
  for await (const message of end.messages()) {
    const channel = message[0];
    if (channel === channels.close && protocol.startsWith("v5")) stdin.end();
    const isInput = channel === channels.stdin && hasInput && !stdin.writableEnded;
    if (!isInput || message.length < 2) continue;
    if (!stdin.write(message.subarray(1))) await once(stdin, "drain");
  }
}

/** How the command ended, as the kubelet says it. */
function statusOf(command: readonly string[], code: number | undefined): Buffer {
  const head = { metadata: {}, status: code === 0 ? "Success" : "Failure" };
  if (code === 0) return Buffer.from(JSON.stringify(head));
  if (code === undefined) {
    const message =
      `Internal error occurred: error executing command in container: failed to exec in container: ` +
      `exec: "${command[0]}": executable file not found in $PATH`;
    const details = { causes: [{ message }] };
    return Buffer.from(
      JSON.stringify({ ...head, message, reason: "InternalError", details, code: 500 }),
    );
  }
  const details = { causes: [{ reason: "ExitCode", message: String(code) }] };
  const message = `command terminated with non-zero exit code: exit status ${code}`;
  return Buffer.from(JSON.stringify({ ...head, message, reason: "NonZeroExitCode", details }));
}

/** What the main process writes from now on; what is typed, it writes again, if it has an input at all. */
async function attach(session: Session, { end, protocol }: Accepted): Promise<void> {
  const { cluster, pod, container } = session;
  const stdin = new PassThrough();
  const { out } = outputsOf(session, end);
  let next = (cluster.containers.lines(pod, container.name).at(-1)?.index ?? -1) + 1;
  let sending = Promise.resolve();
  const tell = async (): Promise<void> => {
    for (const line of cluster.containers.lines(pod, container.name, next)) {
      next = line.index + 1;
      await out(Buffer.from(`${line.text}\n`));
    }
  };
  const dispose = (): void => end[Symbol.dispose]();
  const stop = cluster.containers.listen((podUid, name) => {
    if (podUid !== pod.metadata.uid || name !== container.name) return;
    sending = sending.then(tell).catch(dispose);
  });
  const unwatch = cluster.storage.listen(({ kindKey, object, type }) => {
    if (kindKey === "/pods" && object.metadata.uid === pod.metadata.uid && type === "DELETED") {
      end.close();
    }
  });
  const typing = (async () => {
    if (container.spec["stdin"] !== true) return void stdin.resume();
    for await (const chunk of stdin) {
      const text = (chunk as Buffer).toString("utf8").replace(/\n$/, "");
      cluster.containers.write(pod, container.name, text);
    }
  })();
  try {
    await readInput(session, { end, protocol }, stdin);
  } finally {
    stop();
    unwatch();
    stdin.end();
    await typing;
  }
}
