import { messageOf } from "@octoplane/shared/errors";
import { applicationPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import { describeObject } from "../objects/describe-object.ts";
import { eventTable } from "../output/event-table.ts";
import { printLines } from "../output/print-resource.ts";
import { layoutTable, type Table } from "../output/table.ts";
import { oneLine } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";
import { askPods, isReady } from "./pod-answer.ts";
import { clusterEvents } from "./show-events.ts";
import { askTree, podTable, treeLines, type PlaceFlags } from "./show-pods.ts";

/** `rok kube app describe`: what Octoplane knows of an application, and below it what is on the cluster at this moment. */
export async function describeApplication(call: Call<PlaceFlags>): Promise<void> {
  const { session, options } = call;
  const name = call.args[0] ?? "";
  await describeObject({ ...call, args: ["application", name] });
  if (session.output !== "table") return;
  try {
    const path = await applicationPath(session, name);
    const tree = await askTree(session, path, options);
    const { items } = await askPods(session, path, options);
    // One that has done its work is well, too.
    const troubled = items.filter((pod) => !isReady(pod) && pod.phase !== "Succeeded");
    const events = await clusterEvents(session, name, options.cluster);
    printLines(session, [
      "",
      oneLine(`on ${tree.cluster}`),
      ...treeLines(tree.items).map((line) => `  ${line}`),
      ...section(session, "pods that are not ready", podTable(session, troubled)),
      ...section(session, "events there", eventTable(session, events.slice(-shownEvents))),
    ]);
  } catch (error) {
    session.note(oneLine(`rok: what is on the cluster cannot be shown: ${messageOf(error)}`));
  }
}

/** As many as fit a screen below all the rest. */
const shownEvents = 12;

function section({ layout }: Session, title: string, table: Table): readonly string[] {
  if (table.rows.length === 0) return [];
  const narrower = { ...layout, width: layout.width && layout.width - 2 };
  return ["", title, ...layoutTable(table, narrower).map((line) => `  ${line}`)];
}
