import { applicationPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import { ageText } from "../output/age-text.ts";
import { isWide, printLines, printTable, printValue } from "../output/print-resource.ts";
import { oneLine } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";
import type { Table } from "../output/table.ts";
import { askPods, type PodAnswer } from "./pod-answer.ts";

/** `rok kube app pods` and `tree`. */

export interface PlaceFlags {
  readonly cluster?: string;
}

export async function showPods({ args, options, session }: Call<PlaceFlags>): Promise<void> {
  const path = await applicationPath(session, args[0] ?? "");
  const { items, truncated } = await askPods(session, path, options);
  if (session.output === "table") printTable(session, podTable(session, items));
  else await printValue(session, session.output === "name" ? items.map(namedPod) : items);
  if (truncated) session.note("rok: there are more Pods than are shown");
}

function namedPod({ name }: PodAnswer): object {
  return { kind: "Pod", name };
}

const podTitles = "pod workload cluster node phase ready restarts reason age".split(" ");

export function podTable(session: Session, pods: readonly PodAnswer[]): Table {
  const now = session.io.clock.now();
  const more = isWide(session) ? ["namespace"] : [];
  return {
    titles: [...podTitles, ...more],
    rows: pods.map((pod) =>
      [
        pod.name,
        pod.owner,
        pod.cluster,
        pod.node ?? "",
        pod.phase,
        pod.ready,
        String(pod.restarts),
        pod.reason ?? "",
        ageText(pod.created, now),
        ...(more.length > 0 ? [pod.namespace] : []),
      ].map(oneLine),
    ),
  };
}

export interface TreeAnswer {
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly made_by: string;
  readonly state: string | null;
  readonly children: readonly TreeAnswer[];
}

interface TreeList {
  readonly cluster: string;
  readonly items: readonly TreeAnswer[];
  readonly truncated: boolean;
}

/** `path` is the application's. */
export async function askTree(
  session: Session,
  path: string,
  { cluster }: PlaceFlags,
): Promise<TreeList> {
  const { transport } = await session.client();
  return await transport.json("GET", `${path}/tree`, { query: { cluster } });
}

export async function showTree({ args, options, session }: Call<PlaceFlags>): Promise<void> {
  const tree = await askTree(session, await applicationPath(session, args[0] ?? ""), options);
  if (session.output !== "table") await printValue(session, tree.items);
  else printLines(session, [oneLine(`on ${tree.cluster}`), ...treeLines(tree.items)]);
  if (tree.truncated) session.note("rok: there are more objects than are shown");
}

/** Two columns for each step down; what is not in the manifest has a star. Pure. */
export function treeLines(nodes: readonly TreeAnswer[], depth = 0): readonly string[] {
  return nodes.flatMap((node) => {
    const mark = node.made_by === "controller" ? "* " : "";
    const where = depth === 0 && node.namespace !== null ? ` in ${node.namespace}` : "";
    const state = node.state === null ? "" : ` (${node.state})`;
    const text = oneLine(`${mark}${node.kind}/${node.name}${where}${state}`);
    return [`${"  ".repeat(depth)}${text}`, ...treeLines(node.children, depth + 1)];
  });
}
