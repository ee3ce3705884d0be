import type { KindClient, Ref } from "@octoplane/client/client";
import { watch } from "@octoplane/client/watch";
import type { Event } from "@octoplane/kinds/event";
import type { AnyResource } from "@octoplane/kinds/kind";
import { isFailure } from "@octoplane/shared/errors";
import { eventTable } from "../output/event-table.ts";
import { jsonLine, printLines, printValue } from "../output/print-resource.ts";
import type { Session } from "../session.ts";
import { columnWidths, linesOf } from "../output/table.ts";
import { oneLine } from "../output/terminal-text.ts";

/**
 * Prints the events of an object and then every new one, until it is gone: whenever the object
 * changes, its events are read again.
 */
export async function watchEvents(
  session: Session,
  {
    objects,
    ref,
    first,
  }: {
    readonly objects: KindClient<AnyResource>;
    readonly ref: Ref;
    readonly first: readonly Event[];
  },
): Promise<void> {
  const tell = eventTeller(session);
  await tell(first);
  const events = watch(objects, {
    ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
    fieldSelector: `metadata.name=${ref.name}`,
    view: "summary",
    ...(session.io.stop ? { signal: session.io.stop } : {}),
    onTrouble: (error) => session.note(`rok: ${oneLine(error.message)}; trying again`),
  });
  for await (const event of events) {
    if (event.type === "DELETED") return session.note(`${ref.name}: gone`);
    if (event.type === "SYNCED") continue;
    try {
      await tell(await objects.events(ref));
    } catch (error) {
      // It went while it was asked for; the watch is about to say so.
      if (!isFailure(error, "NotFound")) throw error;
    }
  }
}

/** Prints those events that it was not given before. */
export function eventTeller(session: Session): (events: readonly Event[]) => Promise<void> {
  const told = new Set<string>();
  let widths: readonly number[] | undefined;
  return async (events: readonly Event[]): Promise<void> => {
    const fresh = events.filter((event) => !told.has(keyOf(event)));
    for (const event of fresh) told.add(keyOf(event));
    if (session.output !== "table") {
      for (const event of fresh) {
        if (session.output === "json") session.io.out(`${jsonLine(event)}\n`);
        else await printValue(session, event);
      }
      return;
    }
    const table = eventTable(session, fresh);
    const isFirst = widths === undefined;
    widths ??= columnWidths(table, session.layout);
    // The widest so far, where no terminal bounds them.
    const needed = columnWidths(table, { noHeaders: true });
    if (session.layout.width === undefined) {
      widths = widths.map((width, column) => Math.max(width, needed[column] ?? 0));
    }
    const layout = isFirst ? session.layout : { ...session.layout, noHeaders: true };
    printLines(session, linesOf(table, widths, layout));
  };
}

function keyOf({ time, source, reason, message }: Event): string {
  return JSON.stringify([time, source, reason, message]);
}
