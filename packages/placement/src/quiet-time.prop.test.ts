import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { weekdays, type QuietHours } from "@octoplane/kinds/quiet-hours";
import { quietUntil } from "./quiet-time.ts";

const at = (text: string): number => Date.parse(text);
const until = (hours: QuietHours | readonly QuietHours[], now: string): string | undefined => {
  const end = quietUntil(Array.isArray(hours) ? hours : [hours as QuietHours], at(now));
  return end === undefined ? undefined : new Date(end).toISOString().replace(":00.000Z", "Z");
};
const hours = (from: string, to: string, more: Partial<QuietHours> = {}): QuietHours => ({
  days: [...weekdays],
  from,
  to,
  timezone: "UTC",
  ...more,
});

describe("quiet hours", () => {
  it("begin with their first minute and end before their last", () => {
    const day = hours("08:00", "17:30");
    expect(until(day, "2024-06-03T07:59:59Z")).toBeUndefined();
    expect(until(day, "2024-06-03T08:00:00Z")).toBe("2024-06-03T17:30Z");
    expect(until(day, "2024-06-03T17:29:59Z")).toBe("2024-06-03T17:30Z");
    expect(until(day, "2024-06-03T17:30:00Z")).toBeUndefined();
  });

  it("go on over midnight, and belong to the day on which they began", () => {
    // The third of June 2024 is a Monday.
    const night = hours("22:00", "06:00", { days: ["mon"] });
    expect(until(night, "2024-06-03T03:00:00Z")).toBeUndefined();
    expect(until(night, "2024-06-03T23:00:00Z")).toBe("2024-06-04T06:00Z");
    expect(until(night, "2024-06-04T05:59:00Z")).toBe("2024-06-04T06:00Z");
    expect(until(night, "2024-06-04T22:30:00Z")).toBeUndefined();
    const weekEnd = hours("22:00", "06:00", { days: ["sun"] });
    expect(until(weekEnd, "2024-06-03T05:00:00Z")).toBe("2024-06-03T06:00Z");
  });

  it("are those of the clocks of their place", () => {
    const work = hours("08:00", "18:00", { timezone: "Asia/Kolkata" });
    expect(until(work, "2024-06-03T02:29:00Z")).toBeUndefined();
    expect(until(work, "2024-06-03T02:30:00Z")).toBe("2024-06-03T12:30Z");
    const friday = hours("00:00", "00:00", { days: ["fri"], timezone: "Pacific/Auckland" });
    expect(until(friday, "2024-06-06T12:00:00Z")).toBe("2024-06-07T12:00Z");
  });

  it("follow on each other, and end with the last of them", () => {
    const two = [hours("20:00", "00:00"), hours("00:00", "04:00")];
    expect(until(two, "2024-06-03T21:00:00Z")).toBe("2024-06-04T04:00Z");
    const always = hours("00:00", "00:00");
    expect(at(until(always, "2024-06-03T21:00:00Z")!)).toBeGreaterThan(at("2024-06-10T20:00:00Z"));
  });

  it("last an hour less or more when the clocks are changed in them", () => {
    const night = hours("22:00", "06:00", { timezone: "Europe/Berlin" });
    // Clocks go forward on 31 March 2024 at 01:00 UTC, and back on 27 October at 01:00 UTC.
    expect(until(night, "2024-03-30T21:00:00Z")).toBe("2024-03-31T04:00Z");
    expect(until(night, "2024-10-26T20:00:00Z")).toBe("2024-10-27T05:00Z");
    // Half past two does not come on that day: it is over when the clocks jump to three.
    const short = hours("01:00", "02:30", { timezone: "Europe/Berlin" });
    expect(until(short, "2024-03-31T00:30:00Z")).toBe("2024-03-31T01:00Z");
    // What would begin in the hour that is left out does not begin.
    const lost = hours("02:10", "02:50", { timezone: "Europe/Berlin" });
    expect(until(lost, "2024-03-31T01:00:00Z")).toBeUndefined();
  });

  it("end at a moment at which it is not quiet, and at which nothing quiet has been skipped", () => {
    const minute = fc
      .integer({ min: 0, max: 1_439 })
      .map((of) => [of / 60, of % 60].map((n) => String(Math.floor(n)).padStart(2, "0")).join(":"));
    const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe");
    const days = fc.subarray([...weekdays], { minLength: 1, maxLength: 6 });
    const one = fc.record({ days, from: minute, to: minute, timezone: zone });
    const moment = fc.integer({ min: at("2024-01-01T00:00:00Z"), max: at("2024-12-31T00:00:00Z") });
    fc.assert(
      fc.property(one, moment, (window, now) => {
        const end = quietUntil([window], now);
        if (end === undefined) return;
        expect(end).toBeGreaterThan(now);
        if (end - now < 6 * 86_400_000) expect(quietUntil([window], end)).toBeUndefined();
        // Half-way, and just before the end, it is still quiet.
        for (const between of [now + Math.floor((end - now) / 2), end - 1]) {
          if (between >= now) expect(quietUntil([window], between)).toBe(end);
        }
      }),
    );
  });

  it("of a place that this process does not know count by UTC, and throw nothing", () => {
    expect(until(hours("08:00", "09:00", { timezone: "Mars/Base" }), "2024-06-03T08:30:00Z")).toBe(
      "2024-06-03T09:00Z",
    );
  });
});
