import type { Event } from "@octoplane/kinds/event";
import { ageText } from "./age-text.ts";
import type { Session } from "../session.ts";
import type { Table } from "./table.ts";
import { oneLine } from "./terminal-text.ts";

export function eventTable({ io }: Session, events: readonly Event[]): Table {
  const now = io.clock.now();
  return {
    titles: ["age", "type", "source", "reason", "message"],
    rows: events.map(({ time, type, source, reason, message }) => [
      ageText(time, now),
      oneLine(type),
      oneLine(source),
      oneLine(reason),
      oneLine(message),
    ]),
  };
}
