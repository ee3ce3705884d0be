import { Type, type Static } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/** Hours of the week in which nothing moves for metrics, by the clocks of one place. */

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof weekdays)[number];
const WeekdaySchema = Type.Union([
  Type.Literal("mon"),
  Type.Literal("tue"),
  Type.Literal("wed"),
  Type.Literal("thu"),
  Type.Literal("fri"),
  Type.Literal("sat"),
  Type.Literal("sun"),
]);

const time = (description: string) =>
  Type.String({ pattern: "^(?:[01]\\d|2[0-3]):[0-5]\\d$", description });

export const QuietHoursSchema = Type.Object(
  {
    days: Type.Array(WeekdaySchema, {
      default: [...weekdays],
      minItems: 1,
      maxItems: weekdays.length,
      description: "on which they begin",
    }),
    from: time("HH:MM, the first minute"),
    to: time("HH:MM, the first minute after them; not later than `from`: on the next day"),
    timezone: Type.String({ default: "UTC", description: "as IANA names it: Europe/Berlin" }),
  },
  { additionalProperties: false },
);
export type QuietHours = Static<typeof QuietHoursSchema>;

export const quietHoursField = Type.Optional(
  Type.Array(QuietHoursSchema, {
    maxItems: limits.quietHoursMax,
    description: "when nothing moves for metrics",
  }),
);

export function checkQuietHours(
  field: string,
  all: readonly QuietHours[] = [],
): readonly FieldProblem[] {
  return all.flatMap(({ timezone }, index) =>
    isTimeZone(timezone)
      ? []
      : [
          {
            field: `${field}[${index}].timezone`,
            message: "expected a time zone, such as Europe/Berlin",
          },
        ],
  );
}

/** True for what the time zone database of this process knows. Offsets (`+02:00`) are none: they know no summer. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return true;
  } catch {
    return false;
  }
}
