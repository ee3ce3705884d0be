import {
  badRequest,
  forbiddenField,
  invalidField,
  invalidObject,
  type Cause,
} from "../api-error.ts";
import type { Cluster } from "../cluster.ts";
import { textAt } from "../json.ts";
import type { SimObject } from "../sim-object.ts";
import type { Exchange } from "./exchange.ts";
import { containerOf, isRunning, type PodContainer } from "./pod-container.ts";

/** The parameters of `pods/log` (PodLogOptions of core/v1). */
interface LogWish {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly tail: number;
  readonly bytes: number;
}

interface Line {
  readonly time: string;
  readonly text: string;
}

/** The log of a container: what the simulated container did, and what its process wrote; to its end when it is followed. */
export function servePodLog(exchange: Exchange, cluster: Cluster, pod: SimObject): void {
  const wish = readWish(exchange.query, cluster, pod.metadata.name);
  const container = containerOf(pod, exchange.query);
  const { response } = exchange;
  const isScheduled = textAt(pod, "spec", "nodeName") !== undefined;
  if (isScheduled) demandLog(pod, container, wish);
  const sink = sinkOf(exchange, wish);
  response.statusCode = 200;
  response.setHeader("content-type", "text/plain");
  const lines = isScheduled ? linesOf(cluster, pod, container, wish) : [];
  const recent = lines.filter(({ time }) => Date.parse(time) >= wish.since);
  const shown = wish.tail < recent.length ? recent.slice(recent.length - wish.tail) : recent;
  if (!shown.every(sink) || !wish.follow || wish.previous || !isRunning(container)) {
    response.end();
    return;
  }
  // Like a kubelet, it begins to answer with the first line.
  follow(exchange, cluster, { pod, container, sink });
}

function readWish(query: URLSearchParams, cluster: Cluster, podName: string): LogWish {
  const causes: Cause[] = [];
  const count = (name: string, least: number): number | undefined => {
    const text = query.get(name);
    if (text === null || text === "") return undefined;
    const value = Number(text);
    if (!Number.isInteger(value)) throw badRequest(`unable to decode query: ${name}: "${text}"`);
    const rule = least === 0 ? "must be greater than or equal to 0" : "must be greater than 0";
    if (value < least) causes.push(invalidField(name, value, rule));
    return value;
  };
  const tail = count("tailLines", 0);
  const bytes = count("limitBytes", 1);
  const seconds = count("sinceSeconds", 1);
  const sinceTime = query.get("sinceTime");
  if (seconds !== undefined && sinceTime !== null) {
    const rule = "at most one of `sinceTime` or `sinceSeconds` may be specified";
    causes.push(forbiddenField("", rule));
  }
  if (causes.length > 0) {
    const options = { group: "", kind: "PodLogOptions", plural: "pods" };
    throw invalidObject(options, podName, causes);
  }
  const from = sinceTime === null ? -Infinity : Date.parse(sinceTime);
  if (Number.isNaN(from)) throw badRequest(`unable to decode query: sinceTime: "${sinceTime}"`);
  const isOn = (name: string): boolean => ["true", "1"].includes(query.get(name) ?? "");
  return {
    follow: isOn("follow"),
    previous: isOn("previous"),
    timestamps: isOn("timestamps"),
    since: seconds === undefined ? from : cluster.clock.now() - seconds * 1_000,
    tail: tail ?? Infinity,
    bytes: bytes ?? Infinity,
  };
}

/** The kubelet's reasons for having no log. */
function demandLog(pod: SimObject, { name, status }: PodContainer, { previous }: LogWish): void {
  const where = `container "${name}" in pod "${pod.metadata.name}"`;
  if (status["name"] === undefined) throw badRequest(`${where} is not available`);
  const hasLast = textAt(status, "lastState", "terminated", "reason") !== undefined;
  if (previous) {
    if (!hasLast) throw badRequest(`previous terminated ${where} not found`);
    return;
  }
  const waiting = textAt(status, "state", "waiting", "reason");
  if (waiting === undefined || hasLast) return;
  const words: Readonly<Record<string, string>> = {
    ErrImagePull: "image can't be pulled",
    ImagePullBackOff: "trying and failing to pull image",
  };
  throw badRequest(`${where} is waiting to start: ${words[waiting] ?? waiting}`);
}

function linesOf(
  cluster: Cluster,
  pod: SimObject,
  container: PodContainer,
  wish: LogWish,
): readonly Line[] {
  const { status, spec } = container;
  const state = status["state"] ?? {};
  const last = status["lastState"] ?? {};
  const isCrashing = textAt(last, "terminated", "reason") !== undefined && !isRunning(container);
  const start =
    textAt(isCrashing ? last : state, "terminated", "startedAt") ??
    textAt(state, "running", "startedAt") ??
    pod.metadata.creationTimestamp;
  const first = { time: start, text: `starting ${textAt(spec, "image") ?? ""}` };
  if (isCrashing || wish.previous) return [first, { time: start, text: "exiting with code 1" }];
  const ready = isRunning(container) ? [{ time: start, text: "ready" }] : [];
  const written = cluster.containers.lines(pod, container.name);
  return [first, ...ready, ...written, ...lastLineOf(container, written)];
}

function lastLineOf({ status }: PodContainer, before: readonly Line[]): readonly Line[] {
  const reason = textAt(status, "state", "terminated", "reason");
  if (reason === undefined) return [];
  const finished = textAt(status, "state", "terminated", "finishedAt") ?? "";
  // A status tells whole seconds, and no line of a log is older than the one before it.
  const last = before.at(-1)?.time ?? finished;
  const time = Date.parse(last) > Date.parse(finished) ? last : finished;
  return [{ time, text: `done: ${reason}` }];
}

/** Writes one line; false when no more is wanted. */
type Sink = (line: Line) => boolean;

function sinkOf({ response }: Exchange, { timestamps, bytes }: LogWish): Sink {
  let left = bytes;
  return ({ time, text }) => {
    const whole = Buffer.from(`${timestamps ? `${time} ` : ""}${text}\n`);
    const cut = whole.subarray(0, Math.min(left, whole.length));
    left -= cut.length;
    response.write(cut);
    return left > 0;
  };
}

/** Goes on until the container or the Pod has ended, or nobody reads any more. */
function follow(
  { response }: Exchange,
  cluster: Cluster,
  log: { readonly pod: SimObject; readonly container: PodContainer; readonly sink: Sink },
): void {
  const { pod, container, sink } = log;
  const { uid, namespace, name } = pod.metadata;
  let next = (cluster.containers.lines(pod, container.name).at(-1)?.index ?? -1) + 1;
  const writeNew = (): void => {
    // A reader that is slow gets the rest when it has read what is under way.
    if (response.writableEnded || response.writableNeedDrain) return;
    for (const line of cluster.containers.lines(pod, container.name, next)) {
      next = line.index + 1;
      if (!sink(line)) return void response.end();
    }
  };
  response.on("drain", writeNew);
  const stopReading = cluster.containers.listen((podUid, containerName) => {
    if (podUid === uid && containerName === container.name) writeNew();
  });
  const stopWatching = cluster.storage.listen(({ kindKey, object, type }) => {
    if (kindKey !== "/pods" || object.metadata.uid !== uid) return;
    const now = containerOf(object, new URLSearchParams({ container: container.name }));
    if (type !== "DELETED" && isRunning(now)) return;
    writeNew();
    lastLineOf(now, cluster.containers.lines(pod, container.name)).every(sink);
    response.end();
  });
  response.once("close", () => {
    stopReading();
    stopWatching();
  });
  if (cluster.storage.get("/pods", namespace, name)?.metadata.uid !== uid) response.end();
}
