import { EventSchema, type Event } from "@octoplane/kinds/event";
import type { Kube, KubeObject } from "@octoplane/kube/kube";
import { childrenOf, type TreeNode } from "@octoplane/kube/owned-tree";
import { kindOf, type Root } from "@octoplane/kube/owned";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { Type } from "typebox";

export const EventListSchema = Type.Object({
  items: Type.Array(EventSchema),
  truncated: Type.Boolean({ description: "there are older ones" }),
});

/** What of a Kubernetes Event is read. */
interface EventParts {
  readonly involvedObject?: {
    readonly uid?: string;
    readonly kind?: string;
    readonly name?: string;
  };
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly firstTimestamp?: string | null;
}

/** The Events of the cluster that are about the roots and what descends from them: the newest, oldest first. */
export async function eventsOf(
  kube: Kube,
  roots: readonly Root[],
  signal: AbortSignal,
): Promise<{ readonly items: readonly Event[]; readonly truncated: boolean }> {
  const { nodes } = await childrenOf(kube, roots, signal);
  const all = nodes.flatMap(flat);
  const uids = new Set(all.map(({ uid }) => uid));
  const namespaces = new Set(all.map(({ namespace }) => namespace ?? "default"));
  const served = await kindOf(kube, "", "Event");
  let newest: readonly Event[] = [];
  let truncated = false;
  for (const namespace of namespaces) {
    for await (const page of kube.pages(served, { namespace }, signal)) {
      const own = (page as readonly (KubeObject & EventParts)[]).filter(({ involvedObject }) =>
        uids.has(involvedObject?.uid ?? ""),
      );
      // Only so many are ever held, however many a namespace has.
      const merged = [...newest, ...own.map(viewOf)].toSorted((a, b) => compare(a.time, b.time));
      truncated ||= merged.length > limits.clusterEventsMax;
      newest = merged.slice(-limits.clusterEventsMax);
    }
  }
  return { items: newest, truncated };
}

function flat(node: TreeNode): readonly TreeNode[] {
  return [node, ...node.children.flatMap(flat)];
}

function viewOf(event: KubeObject & EventParts): Event {
  const { involvedObject: about = {}, count = 1, message = "", metadata } = event;
  const time =
    event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? metadata["creationTimestamp"];
  return {
    // In one form, so that they sort with others: Kubernetes writes some with microseconds.
    time: isoTime(Date.parse(typeof time === "string" ? time : "") || 0),
    type: event.type === "Warning" ? "Warning" : "Normal",
    source: `${about.kind ?? ""}/${about.name ?? ""}`,
    reason: event.reason ?? "",
    message: count > 1 ? `${message} (${count} times)` : message,
  };
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
