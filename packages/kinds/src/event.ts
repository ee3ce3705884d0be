import { Type, type Static } from "typebox";
import { conditionOf, type Condition } from "./condition.ts";
import { dateTime, type ResourceRef } from "./metadata.ts";

/** An event: one thing that happened to an object, for people. */
export const EventSchema = Type.Object(
  {
    time: dateTime,
    type: Type.Union([Type.Literal("Normal"), Type.Literal("Warning")]),
    source: Type.String({
      description: "the condition that changed; Octoplane for the object itself",
    }),
    reason: Type.String({ description: "a constant, for programs" }),
    message: Type.String({ description: "for people" }),
  },
  { additionalProperties: false, $id: "Event" },
);
export type Event = Static<typeof EventSchema>;

/** In a status: how many events there have been; the last few are kept. */
export const eventCount = Type.Integer({ default: 0, minimum: 0 });

/** What of a status events are made of; any status of any kind. */
interface Observable {
  readonly conditions?: readonly Condition[];
  readonly running_on?: ResourceRef | null;
}

/** What a write of a status tells: every condition with another status or reason, and another cluster that serves. Pure. */
export function transitions(before: Observable, after: Observable, time: string): readonly Event[] {
  const changed = (after.conditions ?? []).filter((condition) => {
    const previous = conditionOf(before.conditions ?? [], condition.type);
    return previous === undefined || isTransition(previous, condition);
  });
  const events = changed.map((condition): Event => {
    const { type: source, reason, message } = condition;
    return { time, type: isTrouble(condition) ? "Warning" : "Normal", source, reason, message };
  });
  return [...events, ...handover(before.running_on ?? null, after.running_on ?? null, time)];
}

/** A message that counts on (`1 of 3`) is no transition, but that of a condition which holds names where (`placed on a`). */
function isTransition(previous: Condition, next: Condition): boolean {
  return (
    previous.status !== next.status ||
    previous.reason !== next.reason ||
    (next.status === "True" && previous.message !== next.message)
  );
}

/** Reasons of conditions that do not hold yet although all goes well. */
const underway: ReadonlySet<string> = new Set([
  "Starting",
  "Updating",
  "Waiting",
  "Retried",
  "Asked",
  "Translating",
  "NodesForbidden",
]);

/** What failed is `False`; what is tried again is `Unknown` with a code in capitals. */
function isTrouble({ status, reason }: Condition): boolean {
  if (status === "True" || underway.has(reason)) return false;
  return status === "False" || /^[A-Z_]+$/.test(reason);
}

function handover(
  before: ResourceRef | null,
  after: ResourceRef | null,
  time: string,
): readonly Event[] {
  if (before?.name === after?.name && before?.namespace === after?.namespace) return [];
  const event = { time, type: "Normal", source: "Octoplane" } as const;
  if (after === null) {
    return [{ ...event, reason: "Stopped", message: `runs no longer on ${before?.name ?? ""}` }];
  }
  const from = before === null ? "" : `, and no longer on ${before.name}`;
  return [{ ...event, reason: "Running", message: `runs on ${after.name}${from}` }];
}

/** What an object tells of its own life; the last change only. Pure. */
export function lifeEvents({
  created,
  modified,
  deleted,
  generation,
}: {
  readonly created: string;
  readonly modified: string;
  readonly deleted: string | null;
  readonly generation: number;
}): readonly Event[] {
  const event = { type: "Normal", source: "Octoplane" } as const;
  const life: Event[] = [{ ...event, time: created, reason: "Created", message: "created" }];
  if (modified !== created) {
    const message = `changed, generation ${generation} now`;
    life.push({ ...event, time: modified, reason: "Changed", message });
  }
  if (deleted !== null) {
    life.push({ ...event, time: deleted, reason: "Deleted", message: "marked for deletion" });
  }
  return life;
}
