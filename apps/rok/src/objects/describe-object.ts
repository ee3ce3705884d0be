import type { KindLike } from "@octoplane/client/client";
import type { Application } from "@octoplane/kinds/application";
import type { Condition } from "@octoplane/kinds/condition";
import type { Event } from "@octoplane/kinds/event";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { isFailure } from "@octoplane/shared/errors";
import { refOf } from "../commands/resource.ts";
import { usageError } from "../exit-status.ts";
import { eventTable } from "../output/event-table.ts";
import { decisionLine } from "../output/explain-page.ts";
import { readableKinds, words } from "./get-objects.ts";
import { readNamed, type Named } from "./kind-names.ts";
import type { Call } from "../leaf.ts";
import { detailOf, printLines, printTable, printValue } from "../output/print-resource.ts";
import type { Session } from "../session.ts";
import { layoutFields, layoutTable, type Layout, type Table } from "../output/table.ts";
import { oneLine, plainText, shortTime } from "../output/terminal-text.ts";

/** What `rok describe` and `rok events` do. */

/** The one object that a command line names. */
export function readOne(
  kinds: readonly AnyKind[],
  args: readonly (string | undefined)[],
): { readonly kind: AnyKind; readonly name: string } {
  const [asked, ...others]: readonly Named<AnyKind>[] = readNamed(kinds, words(args));
  const [name, ...more] = asked?.names ?? [];
  if (!asked || name === undefined || others.length > 0 || more.length > 0) {
    throw usageError("expected one kind and one name");
  }
  return { kind: asked.kind, name };
}

export async function describeObject({ args, session }: Call<object>): Promise<void> {
  const { kind, name } = readOne(readableKinds, args);
  const client = await session.client();
  const objects = client.of<KindLike>(kind);
  const ref = await refOf(session, kind, name);
  const object = await objects.get(ref);
  if (session.output !== "table") return await printValue(session, object);
  // A server of another age has no events; all else is worth being seen.
  const events = await objects.events(ref).catch((error: unknown) => {
    if (isFailure(error, "NotFound")) return [];
    throw error;
  });
  const isApplication = kind.api === "kubernetes" && kind.kind === "Application";
  const [decision] = isApplication ? await client.decisions(ref) : [];
  const { layout } = session;
  printLines(session, [
    ...layoutFields(fieldsOf(kind, object), layout),
    ...conditionLines(object, layout),
    // The kind has just been asked for; its objects have this shape.
    ...(isApplication ? copyLines(object as unknown as Application, layout) : []),
    ...(decision ? ["", ...layoutFields([["last decision", decisionLine(decision)]], layout)] : []),
    ...eventLines(session, events.slice(-shownEvents)),
  ]);
}

/** As many as fit a screen below all the rest. */
const shownEvents = 12;

export async function printEvents({
  args,
  options,
  session,
}: Call<{ readonly watch?: boolean }>): Promise<void> {
  const { kind, name } = readOne(readableKinds, args);
  const objects = (await session.client()).of<KindLike>(kind);
  const ref = await refOf(session, kind, name);
  const events = await objects.events(ref);
  if (options.watch === true) {
    const { watchEvents } = await import("./watch-events.ts");
    return await watchEvents(session, { objects, ref, first: events });
  }
  if (session.output !== "table") return await printValue(session, events);
  printTable(session, eventTable(session, events));
}

export function eventLines(session: Session, events: readonly Event[]): readonly string[] {
  if (events.length === 0) return [];
  const { layout } = session;
  return ["", "events", ...indented(eventTable(session, events), layout)];
}

export function fieldsOf(
  kind: AnyKind,
  object: AnyResource,
): readonly (readonly [string, string])[] {
  const { uid, generation, resource_version, finalizers, owners, inherit_labels } = object.metadata;
  const owned = owners.map(({ kind: owner, name }) => `${owner.toLowerCase()}/${name}`);
  return [
    ["kind", plainText(`${kind.api}/${kind.kind}`)],
    ...detailOf(kind, object),
    ["uid", plainText(uid)],
    ["generation", String(generation)],
    ["version", plainText(resource_version)],
    ["finalizers", plainText(finalizers.join("\n"))],
    ["owners", plainText(owned.join("\n"))],
    ["inherit labels", String(inherit_labels)],
  ];
}

export function conditionLines({ status }: AnyResource, layout: Layout): readonly string[] {
  const conditions = (status?.["conditions"] ?? []) as readonly Condition[];
  if (conditions.length === 0) return [];
  const rows = conditions.map((condition) => [
    oneLine(condition.type),
    condition.status,
    oneLine(condition.reason),
    shortTime(condition.last_transition_time),
    oneLine(condition.message),
  ]);
  const titles = ["type", "status", "reason", "since", "message"];
  return ["", "conditions", ...indented({ titles, rows }, layout)];
}

/** What of an application is where, and how it does. */
function copyLines({ status }: Application, layout: Layout): readonly string[] {
  const health = status.container_health;
  return status.copies.flatMap(({ cluster, generation, objects }) => {
    const isServing =
      status.running_on?.name === cluster.name && status.running_on.namespace === cluster.namespace;
    const pods = isServing
      ? `, serves: ${health.running_pods} of ${health.desired_pods} pods run, ${health.failed_pods} failed`
      : "";
    const rows = objects.map((object) => [
      oneLine(object.group === "" ? object.kind : `${object.kind}.${object.group}`),
      oneLine(object.namespace ?? ""),
      oneLine(object.name),
      object.created ? "" : "was there before",
    ]);
    const titles = ["object", "namespace", "name", "remark"];
    return [
      "",
      oneLine(`copy on ${cluster.name} (generation ${generation}${pods})`),
      ...indented({ titles, rows }, layout),
    ];
  });
}

export function indented(table: Table, layout: Layout): readonly string[] {
  const narrower = { ...layout, width: layout.width && layout.width - 2 };
  return layoutTable(table, narrower).map((line) => `  ${line}`);
}
