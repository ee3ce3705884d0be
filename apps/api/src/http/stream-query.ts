import type { FastifyRequest } from "fastify";
import { invalid } from "@octoplane/shared/errors";

/** The queries of routes that lead to Pods: texts, switches, numbers, each `Invalid` by its name; unknown ones too. */
export class StreamQuery {
  readonly #query: Readonly<Record<string, unknown>>;

  constructor(request: FastifyRequest, known: readonly string[]) {
    this.#query = request.query as Readonly<Record<string, unknown>>;
    const unknown = Object.keys(this.#query).filter((name) => !known.includes(name));
    if (unknown.length === 0) return;
    const message = `unknown; there are ${known.join(", ")}`;
    throw invalid(unknown.map((field) => ({ field, message })));
  }

  text(name: string): string | undefined {
    const value = this.#query[name];
    if (value === undefined || value === "") return undefined;
    if (typeof value === "string") return value;
    throw invalid([{ field: name, message: "expected once" }]);
  }

  /** One that may come several times, in order. */
  texts(name: string): readonly string[] {
    const value = this.#query[name];
    return value === undefined ? [] : [value].flat().filter((one) => typeof one === "string");
  }

  /** `undefined` where it is left out. */
  flag(name: string): boolean | undefined {
    const text = this.text(name)?.toLowerCase();
    if (text === undefined) return undefined;
    if (text === "true" || text === "1") return true;
    if (text === "false" || text === "0") return false;
    throw invalid([{ field: name, message: "expected true or false" }]);
  }

  count(name: string, least: number, most: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw invalid([{ field: name, message: `expected a whole number from ${least} to ${most}` }]);
  }

  /** Seconds of `90`, `90s`, `5m`, `2h`, `1d`. */
  duration(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const [, count, unit = "s"] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
    const seconds = Number(count) * ({ s: 1, m: 60, h: 3_600, d: 86_400 }[unit || "s"] ?? 1);
    if (seconds >= 1) return seconds;
    throw invalid([{ field: name, message: "expected a duration, such as 90s, 5m or 2h" }]);
  }

  /** A moment (RFC 3339), as it was written. */
  time(name: string): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const isTime = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text);
    if (isTime && !Number.isNaN(Date.parse(text))) return text;
    throw invalid([{ field: name, message: "expected a time, such as 2026-01-31T12:00:00Z" }]);
  }
}
