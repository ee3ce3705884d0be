import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import { anyKind } from "@octoplane/kinds/kind";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { parseQuantity } from "@octoplane/kinds/quantity";
import { taintText } from "@octoplane/kinds/taint";
import { isFailure, messageOf } from "@octoplane/shared/errors";
import { objectPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import { conditionLines, eventLines, fieldsOf, indented } from "../objects/describe-object.ts";
import { printLines, printValue } from "../output/print-resource.ts";
import { layoutFields } from "../output/table.ts";
import { oneLine } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";

/** A node, as the server tells of it. */
interface NodeAnswer {
  readonly name: string;
  readonly ready: boolean;
  readonly schedulable: boolean;
  readonly roles: readonly string[];
  readonly version: string | null;
  readonly system: string;
  readonly taints: readonly string[];
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
  readonly allocatable: Readonly<Record<string, string>>;
  readonly requested: {
    readonly cpu_cores: number;
    readonly memory_bytes: number;
    readonly pods: number;
  } | null;
}

const shownEvents = 12;

/** `rok kube cluster describe NAME`: what is written down of a cluster, and what it says itself at this moment. */
export async function describeCluster({ args, session }: Call<object>): Promise<void> {
  const name = args[0] ?? "";
  const path = await objectPath(session, "clusters", name);
  const client = await session.client();
  const objects = client.of(ClusterKind);
  const ref = { namespace: await session.namespace(), name };
  const cluster = await objects.get(ref);
  const [nodes, { items, hidden }, events] = await Promise.all([
    nodesOf(session, path),
    objects.cascade(ref),
    objects.events(ref),
  ]);
  const applications = items.filter(({ kind }) => kind === "Application");
  if (session.output !== "table") {
    return await printValue(session, { cluster, nodes: nodes.items, applications, events });
  }
  const { layout } = session;
  const resource = cluster as unknown as Parameters<typeof conditionLines>[0];
  printLines(session, [
    ...layoutFields(
      [
        ...fieldsOf(anyKind(ClusterKind), resource),
        ["taints", oneLine((cluster.spec.taints ?? []).map(taintText).join(", "))],
        ["serves besides", oneLine(cluster.status.served_kinds.join(", "))],
        ["certificate ends", cluster.status.certificate_expires ?? ""],
      ],
      layout,
    ),
    ...conditionLines(resource, layout),
    ...nodeLines(session, nodes, cluster),
    ...applicationLines(applications, hidden),
    ...eventLines(session, events.slice(-shownEvents)),
  ]);
}

type Nodes = { readonly items: readonly NodeAnswer[]; readonly problem?: string };

/** A cluster that does not answer, or whose nodes one may not see, is described all the same. */
async function nodesOf(session: Session, path: string): Promise<Nodes> {
  const { transport } = await session.client();
  try {
    return await transport.json<Nodes>("GET", `${path}/nodes`);
  } catch (error) {
    if (!isFailure(error, "Unavailable", "Forbidden", "NotFound")) throw error;
    return { items: [], problem: messageOf(error) };
  }
}

function nodeLines(
  { layout }: Session,
  { items, problem }: Nodes,
  { status }: Cluster,
): readonly string[] {
  if (problem !== undefined) {
    const seen = status.nodes.map(({ metadata }) => metadata.name).join(", ");
    const before = seen === "" ? "" : `; seen last: ${seen}`;
    return ["", `nodes: ${oneLine(`${problem}${before}`)}`];
  }
  const rows = items.map((node) =>
    [
      node.name,
      stateOf(node),
      node.roles.join(", "),
      node.version ?? "",
      node.system,
      used(node.requested?.cpu_cores, node.allocatable["cpu"], (cores) => String(cores)),
      used(node.requested?.memory_bytes, node.allocatable["memory"], bytesText),
      used(node.requested?.pods, node.allocatable["pods"], String),
      node.taints.join(", "),
    ].map(oneLine),
  );
  const titles = ["node", "state", "roles", "version", "system", "cpu", "memory", "pods", "taints"];
  return ["", "nodes (requested of allocatable)", ...indented({ titles, rows }, layout)];
}

/** What kubectl would say, with what presses. */
function stateOf({ ready, schedulable, conditions }: NodeAnswer): string {
  const pressed = conditions.filter(({ type, status }) => type !== "Ready" && status === "True");
  return [
    ready ? "Ready" : "NotReady",
    ...(schedulable ? [] : ["SchedulingDisabled"]),
    ...pressed.map(({ type }) => type),
  ].join(", ");
}

function used(
  requested: number | undefined,
  allocatable: string | undefined,
  textOf: (value: number) => string,
): string {
  const all = parseQuantity(allocatable ?? "");
  const whole = all === undefined ? "?" : textOf(all);
  return requested === undefined ? whole : `${textOf(requested)}/${whole}`;
}

function bytesText(bytes: number): string {
  return bytes >= 2 ** 30
    ? `${Math.round((bytes / 2 ** 30) * 10) / 10}Gi`
    : `${Math.round(bytes / 2 ** 20)}Mi`;
}

function applicationLines(applications: readonly ResourceRef[], hidden: number): readonly string[] {
  const names = applications.map(({ name }) => oneLine(name)).toSorted();
  const more = hidden === 0 ? [] : [`and ${hidden} objects that you may not list`];
  const all = [...names, ...more];
  return ["", "applications", ...(all.length === 0 ? ["  none"] : all.map((name) => `  ${name}`))];
}
