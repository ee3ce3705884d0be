import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply } from "fastify";
import { Type } from "typebox";
import { ApplicationKind } from "@octoplane/kinds/application";
import { anyKind, type AnyKind } from "@octoplane/kinds/kind";
import { RunKind } from "@octoplane/kinds/run";
import type { Ref } from "@octoplane/resources/keys";
import { failure, invalid } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { ApiContext } from "../api-context.ts";
import { openPlace, type ApplicationPlace } from "../clusters/application-place.ts";
import { onCluster } from "../clusters/kube-problem.ts";
import { logSources, type LogChoice, type LogSource } from "../clusters/log-sources.ts";
import {
  followLogs,
  openLog,
  writeLogs,
  type FollowEnd,
  type LogMerge,
} from "../clusters/log-stream.ts";
import { runPlace } from "../clusters/run-place.ts";
import { guardStream } from "../clusters/stream-guard.ts";
import { operation } from "../http/route-schema.ts";
import { StreamQuery } from "../http/stream-query.ts";
import { clientGone } from "../http/upgrades.ts";
import { demand, pathOf } from "./resource.ts";

const parameters = {
  cluster: "which of its places; left out: the first",
  pod: "one Pod; left out: all of the application's",
  workload: "the Pods of one object: web, or Deployment/web",
  container: "left out: the first of each Pod",
  all_containers: "true: every container, those that ran before the others too",
  follow: "true: goes on, also with Pods that come later",
  previous: "true: of the run before the last restart",
  since: "only lines of the last 90s, 5m, 2h",
  since_time: "only lines after this moment",
  tail: "only so many last lines of each container",
  timestamps: "true: lines begin with their time",
  prefix: "whether lines begin with pod/container; left out: when there are several",
} as const;

/** `GET …/logs`: what the containers of an application or of a run wrote, as text, merged line by line. */
export function logRoutes(app: FastifyInstance, context: ApiContext): void {
  logRoute(app, context, {
    kind: anyKind(ApplicationKind),
    parameters,
    async find(ref, cluster, choice) {
      const application = await context.resources.of(ApplicationKind).mustGet(ref);
      const place = await openPlace(context, application, cluster);
      return { ...place, end: choice.pod === undefined ? "never" : "with-pods" };
    },
  });
  const { cluster: _cluster, workload: _workload, ...ofRun } = parameters;
  logRoute(app, context, {
    kind: anyKind(RunKind),
    parameters: ofRun,
    async find(ref) {
      const run = await context.resources.of(RunKind).mustGet(ref);
      return {
        ...(await runPlace(context, run)),
        end: run.status.ended === null ? "never" : "now",
      };
    },
  });
}

/** Where the containers are, and when nothing is written any more. */
interface LogPlace extends ApplicationPlace {
  readonly end: FollowEnd;
}

interface LogRoute {
  readonly kind: AnyKind;
  readonly parameters: Readonly<Record<string, string>>;
  /** Asked again and again while a log is followed. */
  find(ref: Ref, cluster: string | undefined, choice: LogChoice): Promise<LogPlace>;
}

function logRoute(app: FastifyInstance, context: ApiContext, route: LogRoute): void {
  const { kind } = route;
  const words = { subresource: "logs", answer: Type.String() };
  const { schema } = operation(kind)("read the logs of", words);
  const descriptions = Object.entries(route.parameters).map(([name, description]) => [
    name,
    Type.Optional(Type.String({ description })),
  ]);
  const querystring = Type.Object(Object.fromEntries(descriptions) as Type.TProperties);
  const options = { schema: { ...schema, querystring } };
  app.get(`${pathOf(kind)}/logs`, options, async (request, reply) => {
    const ref = demand(context, kind, request, "get", "logs");
    const query = new StreamQuery(request, Object.keys(route.parameters));
    const wish = readWish(query);
    const find = (cluster: string | undefined): Promise<LogPlace> =>
      route.find(ref, cluster, wish.choice);
    const { kube, cluster, roots } = await find(query.text("cluster"));
    const gone = clientGone(request, reply);
    const sources = await onCluster(cluster, () => logSources(kube, roots, wish.choice, gone));
    demandFew(sources);
    const right = { api: kind.api, resource: `${kind.plural}/logs`, verb: "get" } as const;
    const guard = guardStream(context, request, { wish: right, namespace: ref.namespace ?? "" });
    gone.addEventListener("abort", guard.end, { once: true });
    try {
      const merge = { kube, query: wish.query, prefix: wish.prefix, signal: guard.signal };
      const serve = wish.follow ? serveFollowed : serveOnce;
      await serve(context, { find, cluster, sources, wish, reply }, merge);
    } finally {
      guard.end();
    }
  });
}

interface Serving {
  readonly find: (cluster: string) => Promise<LogPlace>;
  readonly cluster: string;
  readonly sources: readonly LogSource[];
  readonly wish: LogWish;
  readonly reply: FastifyReply;
}

type Merge = Omit<LogMerge, "clock" | "write">;

async function serveOnce(
  { resources }: ApiContext,
  { cluster, sources, reply }: Serving,
  merge: Merge,
): Promise<void> {
  const [source] = sources;
  const first = source && (await onCluster(cluster, () => openLog(merge, source)));
  const stream = startText(reply);
  const { clock } = resources.parts;
  // Whoever leaves early has no use for the rest.
  await writeLogs({ ...merge, clock, write: writerOf(stream) }, sources, first).catch(
    () => undefined,
  );
  stream.end();
}

async function serveFollowed(
  context: ApiContext,
  { find, cluster, wish, reply }: Serving,
  merge: Merge,
): Promise<void> {
  const stream = startText(reply);
  const { clock } = context.resources.parts;
  let end: FollowEnd = "never";
  // What the application consists of changes with every update.
  const look = async (): Promise<readonly LogSource[]> => {
    const now = await find(cluster);
    end = now.end;
    return await logSources(merge.kube, now.roots, wish.choice, merge.signal);
  };
  const whole = { ...merge, clock, write: writerOf(stream) };
  await followLogs(whole, look, () => end).catch(() => undefined);
  stream.end();
}

interface LogWish {
  readonly choice: LogChoice;
  readonly query: Readonly<Record<string, string>>;
  readonly follow: boolean;
  readonly prefix: boolean | undefined;
}

function readWish(query: StreamQuery): LogWish {
  const follow = query.flag("follow") ?? false;
  const previous = query.flag("previous") ?? false;
  const seconds = query.duration("since");
  const time = query.time("since_time");
  const tail = query.count("tail", 0, 1_000_000_000);
  if (follow && previous) {
    throw invalid([{ field: "previous", message: "has ended: it cannot be followed" }]);
  }
  if (seconds !== undefined && time !== undefined) {
    throw invalid([{ field: "since_time", message: "expected since or since_time, not both" }]);
  }
  return {
    follow,
    prefix: query.flag("prefix"),
    choice: {
      pod: query.text("pod"),
      workload: query.text("workload"),
      container: query.text("container"),
      allContainers: query.flag("all_containers") ?? false,
    },
    query: {
      ...(follow ? { follow: "true" } : {}),
      ...(previous ? { previous: "true" } : {}),
      ...(query.flag("timestamps") === true ? { timestamps: "true" } : {}),
      ...(seconds === undefined ? {} : { sinceSeconds: String(seconds) }),
      ...(time === undefined ? {} : { sinceTime: time }),
      ...(tail === undefined ? {} : { tailLines: String(tail) }),
    },
  };
}

function demandFew(sources: readonly LogSource[]): void {
  if (sources.length <= limits.logSourcesMax) return;
  const message = `there are ${sources.length} containers, at most ${limits.logSourcesMax} are merged`;
  throw invalid([{ field: "pod", message: `${message}; choose by pod or workload` }]);
}

/** The answer begins at once, though the first line may be long in coming. */
function startText(reply: FastifyReply): ServerResponse {
  reply.hijack();
  const { raw } = reply;
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value);
  }
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
  raw.writeHead(200, headers).flushHeaders();
  raw.on("error", () => undefined);
  return raw;
}

/** Writes one after the other, each when the client has taken enough of those before. */
function writerOf(stream: ServerResponse): (bytes: Buffer) => Promise<void> {
  let turn = Promise.resolve();
  const gone = new AbortController();
  stream.once("close", () => gone.abort());
  return (bytes) => {
    turn = turn.then(async () => {
      if (stream.destroyed) throw failure("Unavailable", "nobody reads any more");
      if (!stream.write(bytes)) await once(stream, "drain", { signal: gone.signal });
    });
    return turn;
  };
}
