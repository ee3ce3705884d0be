import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ApplicationKind } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import type { UpgradeAnswer } from "@octoplane/kube/kube";
import { podNamed } from "@octoplane/kube/owned";
import { failure, invalid } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { ApiContext } from "../api-context.ts";
import { openPlace, type ApplicationPlace } from "../clusters/application-place.ts";
import { onCluster } from "../clusters/kube-problem.ts";
import { guardStream } from "../clusters/stream-guard.ts";
import { noteDetail } from "../http/audit.ts";
import { commandDetail } from "../http/audit-detail.ts";
import { operation } from "../http/route-schema.ts";
import { StreamQuery } from "../http/stream-query.ts";
import { clientGone, demandUpgrade, joinSockets } from "../http/upgrades.ts";
import { demand, pathOf } from "./resource.ts";

type Connection = "exec" | "attach" | "portforward";

const place = {
  cluster: "which of its places; left out: the first",
  pod: "needed: one of the application's Pods",
} as const;
const terminal = {
  container: "left out: the only one",
  stdin: "true: there is an input",
  tty: "true: a terminal",
} as const;

const parameters: Readonly<Record<Connection, Readonly<Record<string, string>>>> = {
  exec: { ...place, ...terminal, command: "a word of the command; needed, once for each word" },
  attach: { ...place, ...terminal },
  portforward: { ...place, port: "needed" },
};

const summaries: Readonly<Record<Connection, string>> = {
  exec: "run a command in a container of",
  attach: "attach to a container of",
  portforward: "reach a port of a Pod of",
};

/**
 * WebSockets into the Pods of an application. What flows is between the client and the cluster: `v5.channel.k8s.io` and
 * `v4.channel.k8s.io` for commands, `v4.channel.k8s.io` for a port.
 */
export function execRoutes(app: FastifyInstance, context: ApiContext): void {
  for (const connection of ["exec", "attach", "portforward"] as const) {
    connectRoute(app, context, connection);
  }
}

function connectRoute(app: FastifyInstance, context: ApiContext, connection: Connection): void {
  const kind = anyKind(ApplicationKind);
  // Whoever may run a command may attach to one that runs.
  const subresource = connection === "attach" ? "exec" : connection;
  const words = { subresource, answer: Type.Unknown({ description: "a WebSocket: 101" }) };
  const { schema } = operation(kind)(summaries[connection], words);
  const described = Object.entries(parameters[connection]).map(([name, description]) => {
    const text = Type.String({ description });
    return [name, Type.Optional(name === "command" ? Type.Array(text) : text)];
  });
  const querystring = Type.Object(Object.fromEntries(described) as Type.TProperties);
  const path = `${pathOf(kind)}/${connection}`;
  app.get(path, { schema: { ...schema, querystring } }, async (request, reply) => {
    const ref = demand(context, kind, request, "create", subresource);
    const query = new StreamQuery(request, Object.keys(parameters[connection]));
    const wish = readWish(query, connection);
    noteDetail(request, wish.detail);
    const application = await context.resources.of(ApplicationKind).mustGet(ref);
    const place = await openPlace(context, application, query.text("cluster"));
    demandUpgrade(request);
    const resource = `${kind.plural}/${subresource}`;
    const right = {
      wish: { api: kind.api, resource, verb: "create" },
      namespace: ref.namespace ?? "",
    } as const;
    const guard = guardStream(context, request, right);
    try {
      const gone = clientGone(request, reply);
      const asked = { connection, wish, application: ref.name, gone };
      const { socket, headers } = await openConnection(place, request, asked);
      const { clock } = context.resources.parts;
      const { signal, end: onEnd } = guard;
      joinSockets(request, reply, { socket, headers, signal, clock, onEnd });
    } catch (error) {
      guard.end();
      throw error;
    }
  });
}

/** `NotFound` for a Pod that is not the application's; what the cluster refuses, as a problem of its own. */
async function openConnection(
  { kube, cluster, roots }: ApplicationPlace,
  request: FastifyRequest,
  {
    connection,
    wish,
    application,
    gone,
  }: {
    readonly connection: Connection;
    readonly wish: ConnectWish;
    readonly application: string;
    readonly gone: AbortSignal;
  },
): Promise<Extract<UpgradeAnswer, { readonly type: "upgraded" }>> {
  return await onCluster(cluster, async () => {
    const found = await podNamed(kube, roots, { name: wish.pod }, gone);
    if (!found) {
      throw failure("NotFound", `application ${application} has no Pod ${wish.pod} on ${cluster}`);
    }
    const namespace = found.pod.metadata.namespace ?? "";
    const place = [namespace, "pods", wish.pod, connection].map(encodeURIComponent).join("/");
    const path = `/api/v1/namespaces/${place}`;
    const headers = handshakeOf(request);
    const answer = await kube.upgrade({ method: "GET", path, search: wish.search, headers }, gone);
    if (answer.type === "refused") throw answer.failure();
    return answer;
  });
}

interface ConnectWish {
  readonly pod: string;
  /** The query of the API server. */
  readonly search: string;
  /** For the audit trail. */
  readonly detail: string;
}

function readWish(query: StreamQuery, connection: Connection): ConnectWish {
  const pod = query.text("pod");
  if (pod === undefined) throw invalid([{ field: "pod", message: "expected, but missing" }]);
  if (connection === "portforward") {
    const port = query.count("port", 1, 65_535);
    if (port === undefined) throw invalid([{ field: "port", message: "expected, but missing" }]);
    return { pod, search: `?ports=${port}`, detail: `pod ${pod} port ${port}` };
  }
  const container = query.text("container");
  const hasTerminal = query.flag("tty") ?? false;
  const command = connection === "exec" ? readCommand(query) : [];
  const search = new URLSearchParams({
    ...(container === undefined ? {} : { container }),
    stdin: String(query.flag("stdin") ?? false),
    stdout: "true",
    // A terminal has one output for both.
    stderr: String(!hasTerminal),
    tty: String(hasTerminal),
  });
  for (const word of command) search.append("command", word);
  const where = `pod ${pod}${container === undefined ? "" : ` container ${container}`}`;
  const detail = connection === "exec" ? `${where} command ${commandDetail(command)}` : where;
  return { pod, search: `?${search.toString()}`, detail };
}

function readCommand(query: StreamQuery): readonly string[] {
  const command = query.texts("command");
  const chars = command.reduce((sum, word) => sum + word.length, 0);
  const isGood =
    command.length > 0 && command.length <= limits.execWordsMax && chars <= limits.execCharsMax;
  if (isGood) return command;
  const most = `${limits.execWordsMax} words and ${limits.execCharsMax} characters at most`;
  throw invalid([{ field: "command", message: `expected at least one word, ${most}` }]);
}

/** The client's own half of the handshake: the cluster's answer to it is the answer to the client. */
function handshakeOf({ headers }: FastifyRequest): Record<string, string | string[] | undefined> {
  const names = ["sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol"] as const;
  return Object.fromEntries(names.map((name) => [name, headers[name]]));
}
