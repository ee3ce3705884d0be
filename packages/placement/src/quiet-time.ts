import { weekdays, type QuietHours } from "@octoplane/kinds/quiet-hours";
import { limits } from "@octoplane/shared/limits";

const minuteMs = 60_000;
const dayMinutes = 1_440;

/**
 * Until when it is quiet, in milliseconds since the epoch; `undefined` when it is not quiet now. Hours are those of the
 * clocks of their place: in the night in which these are put back, quiet hours last an hour longer, and a minute that is
 * left out ends nothing and begins nothing. Pure: the time is handed in.
 */
export function quietUntil(hours: readonly QuietHours[], now: number): number | undefined {
  let end = now;
  // Windows that follow on each other are one; a week of them has come round, and does not end.
  for (let round = 0; round <= limits.quietHoursMax * 2; round += 1) {
    const current = hours.find((one) => isQuiet(one, end));
    if (current === undefined) return end > now ? end : undefined;
    end = endOf(current, end);
    if (end - now > 7 * dayMinutes * minuteMs) return end;
  }
  return end;
}

/** What the clocks of a place show. */
interface WallTime {
  /** 0 is Monday. */
  readonly day: number;
  /** Since midnight. */
  readonly minute: number;
}

function isQuiet(hours: QuietHours, at: number): boolean {
  const { day, minute } = wallTime(hours.timezone, at);
  const from = minuteOf(hours.from);
  const to = minuteOf(hours.to);
  const began = (weekday: number): boolean => hours.days.includes(weekdays[weekday % 7]!);
  if (from < to) return began(day) && minute >= from && minute < to;
  return (began(day) && minute >= from) || (began(day + 6) && minute < to);
}

/**
 * The first moment, on a whole minute, at which it is no longer quiet. Clocks that are changed meanwhile make the first guess
 * too early (it is still quiet: on from there) or too late (between that and now lies the end: it is halved).
 */
function endOf(hours: QuietHours, at: number): number {
  const to = minuteOf(hours.to);
  const start = Math.floor(at / minuteMs) * minuteMs;
  const left = (to - wallTime(hours.timezone, start).minute + dayMinutes) % dayMinutes;
  const guess = start + (left === 0 ? dayMinutes : left) * minuteMs;
  if (wallTime(hours.timezone, guess).minute === to || isQuiet(hours, guess)) return guess;
  let [quiet, loud] = [start, guess];
  while (loud - quiet > minuteMs) {
    const middle = quiet + Math.floor((loud - quiet) / minuteMs / 2) * minuteMs;
    if (isQuiet(hours, middle)) quiet = middle;
    else loud = middle;
  }
  return loud;
}

function minuteOf(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
}

function wallTime(timezone: string, at: number): WallTime {
  const parts = clockOf(timezone).formatToParts(at);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? "";
  const day = weekdays.findIndex((name) => part("weekday").toLowerCase().startsWith(name));
  return { day, minute: Number(part("hour")) * 60 + Number(part("minute")) };
}

/** To make one takes longer than to use it a hundred times; a name always gives the same one. */
const clocks = new Map<string, Intl.DateTimeFormat>();

/** A zone that this process does not know, of a policy that another one has checked, counts as UTC. */
function clockOf(timezone: string): Intl.DateTimeFormat {
  const known = clocks.get(timezone);
  if (known) return known;
  const options = {
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  } as const;
  let clock: Intl.DateTimeFormat;
  try {
    clock = new Intl.DateTimeFormat("en-US", { ...options, timeZone: timezone });
  } catch {
    clock = new Intl.DateTimeFormat("en-US", { ...options, timeZone: "UTC" });
  }
  if (clocks.size >= limits.timeZonesMax) clocks.clear();
  clocks.set(timezone, clock);
  return clock;
}
