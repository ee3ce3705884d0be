import { InvalidArgumentError } from "commander";
import type { QuietHours, Weekday } from "@octoplane/kinds/quiet-hours";
import { readNumber, readSeconds } from "./option-values.ts";

/** Weights, quiet hours and budgets as they stand on a command line; the server judges their values. */

/** `METRIC=WEIGHT`, repeated; the last of the same metric wins. */
export function collectWeight(
  text: string,
  previous: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const equals = text.lastIndexOf("=");
  if (equals < 1) throw new InvalidArgumentError("Expected metric=weight, such as price=2.");
  return { ...previous, [text.slice(0, equals)]: readNumber(text.slice(equals + 1)) };
}

/** As other times are written, and 0 for none. */
export function readDuration(text: string): number {
  return text === "0" ? 0 : readSeconds(text);
}

/** `[DAY,DAY|DAY-DAY] HH:MM-HH:MM [TIMEZONE]`, repeated. */
export function collectQuietHours(
  text: string,
  previous: readonly QuietHours[] = [],
): readonly QuietHours[] {
  const match = /^(?:([a-z,-]+)\s+)?(\d\d:\d\d)-(\d\d:\d\d)(?:\s+(\S+))?$/i.exec(text.trim());
  if (!match) {
    throw new InvalidArgumentError('Expected such as "mon-fri 22:00-06:00 Europe/Berlin".');
  }
  const [, days, from = "", to = "", timezone = "UTC"] = match;
  const named = days === undefined ? [...week] : days.split(",").flatMap(readDays);
  return [...previous, { days: [...new Set(named)], from, to, timezone }];
}

const week: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** `mon`, or `fri-mon` with the days between. */
function readDays(text: string): readonly Weekday[] {
  const [first, last = first] = text
    .toLowerCase()
    .split("-")
    .map((day) => week.findIndex((one) => one === day));
  if (first === undefined || last === undefined || first < 0 || last < 0) {
    throw new InvalidArgumentError(`Expected days such as mon or mon-fri, found ${text}.`);
  }
  const count = ((last - first + week.length) % week.length) + 1;
  return Array.from({ length: count }, (_, index) => week[(first + index) % week.length]!);
}

export interface MoveBudget {
  readonly moves: number;
  readonly per: number;
}

/** `MOVES/TIME`: `3/1h`. */
export function readBudget(text: string): MoveBudget {
  const match = /^(\d{1,4})\/(.+)$/.exec(text);
  if (!match) throw new InvalidArgumentError("Expected moves/time, such as 3/1h.");
  return { moves: Number(match[1]), per: readSeconds(match[2] ?? "") };
}
