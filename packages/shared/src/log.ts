import { pino, type DestinationStream, type Logger } from "pino";
import { messageOf, OctoplaneError } from "./errors.ts";

export type Log = Logger;
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/**
 * Names of fields that may hold credentials. They are cut out of every log line at the first two levels,
 * a net below the rule that nobody logs specs, kubeconfigs or tokens.
 */
const secretFields = [
  "token",
  "password",
  "secret",
  "kubeconfig",
  "authorization",
  "client-key-data",
];

/** JSON lines with fixed field names; the message is constant, values go into fields. */
export function openLog(
  component: string,
  level: LogLevel,
  destination: DestinationStream = pino.destination(2),
): Log {
  return pino(
    {
      level,
      base: { component },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      redact: {
        paths: secretFields.flatMap((name) => [`["${name}"]`, `*["${name}"]`]),
        censor: "[redacted]",
      },
    },
    destination,
  );
}

function describeError(error: unknown): Record<string, unknown> {
  if (error instanceof OctoplaneError) return { code: error.code, message: messageOf(error) };
  return error instanceof Error
    ? { message: messageOf(error), stack: error.stack }
    : { message: messageOf(error) };
}

/** For tests and tools that want no log. */
export const silentLog: Log = pino({ level: "silent" });
