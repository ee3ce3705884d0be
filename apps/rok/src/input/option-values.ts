import { InvalidArgumentError } from "commander";
import { isoTime } from "@octoplane/shared/clock";
import { unpack } from "./pack-arguments.ts";

/**
 * The texts of a command line as values; each throws what the parser reports as a wrong value of
 * its flag.
 */

/** For flags that may be repeated. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** For flags that may be repeated, or hold several words with commas between them. */
export function collectWords(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, ...value.split(",").filter((word) => word !== "")];
}

/** `key=value`, repeated; the last of the same key wins. */
export function collectLabel(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("Expected key=value.");
  return { ...previous, [text.slice(0, equals)]: text.slice(equals + 1) };
}

export interface NamedNumber {
  readonly name: string;
  readonly value: number;
}

/** `NAME NUMBER`, packed, repeated. */
export function collectPair(
  text: string,
  previous: readonly NamedNumber[] = [],
): readonly NamedNumber[] {
  const [name, number] = unpack(text);
  if (name === undefined || number === undefined) {
    throw new InvalidArgumentError("Expected a name and a number, apart.");
  }
  return [...previous, { name, value: readNumber(number) }];
}

/** `ID SECRET`, packed. */
export function readApplicationCredential(text: string): {
  readonly id: string;
  readonly secret: string;
} {
  const [id, secret] = unpack(text);
  if (!id || !secret) throw new InvalidArgumentError("Expected an ID and a secret, apart.");
  return { id, secret };
}

/** `KEY=VALUE KEY=VALUE`, packed, repeated. */
export function collectInjections(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return unpack(text).reduce((sum, one) => collectLabel(one, sum), previous);
}

export function readIntegers(text: string): readonly number[] {
  return unpack(text)
    .flatMap((part) => part.split(","))
    .map(readInteger);
}

export function readNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) {
    throw new InvalidArgumentError("Expected a number.");
  }
  return value;
}

export function readInteger(text: string): number {
  const value = readNumber(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError("Expected a whole number.");
  return value;
}

/** `90`, `90s`, `5m`, `1h`, `7d` in seconds. */
export function readSeconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text);
  const seconds = match ? Number(match[1]) * secondsIn[match[2] as keyof typeof secondsIn] : 0;
  if (seconds > 0 && Number.isSafeInteger(Math.round(seconds * 1_000))) return seconds;
  throw new InvalidArgumentError("Expected a time such as 90s, 5m, 1h or 7d.");
}

/** A moment as ISO 8601 writes it, with its zone; as the API takes it. */
export function readMoment(text: string): string {
  const isMoment = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/i;
  const moment = isMoment.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(moment)) return isoTime(moment);
  throw new InvalidArgumentError("Expected a moment such as 2026-01-31 or 2026-01-31T08:00:00Z.");
}

const secondsIn = { "": 1, s: 1, m: 60, h: 3_600, d: 86_400 } as const;

export interface ShutdownHook {
  readonly timeoutSeconds?: number;
  readonly strategy?: string;
  readonly retries?: number;
}

/** `TIMEOUT [STRATEGY] [RETRIES]`, packed. */
export function readShutdownHook(text: string): ShutdownHook {
  const [timeout, strategy, retries] = unpack(text).flatMap((part) => part.split(","));
  return {
    ...(timeout === undefined || timeout === "" ? {} : { timeoutSeconds: readInteger(timeout) }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(retries === undefined ? {} : { retries: readInteger(retries) }),
  };
}
