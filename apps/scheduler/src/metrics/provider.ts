import type { MetricsProvider } from "@octoplane/kinds/metrics-provider";
import type { Access } from "@octoplane/kinds/provider-access";
import { messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/** What one fetch of a provider gave for one of its metrics. */
export type Fetched =
  | {
      readonly ok: true;
      readonly value: number;
      /** When it was measured, in milliseconds since the epoch, if the provider says so. */
      readonly time?: number;
    }
  | { readonly ok: false; readonly code: string; readonly message: string };

/**
 * One way to get values: all wanted metrics of one provider in one go. Throws when the provider as a whole cannot be
 * reached; what is wrong with a single metric is told in its entry. Credentials in the specification are readable.
 */
export type FetchValues = (
  spec: MetricsProvider["spec"],
  names: readonly string[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, Fetched>>;

/** A number, or why it is none. */
export function asFetched(value: unknown): Fetched {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return { ok: true, value: number };
  return refused(
    value === undefined
      ? "the provider gave no value"
      : `the value ${(JSON.stringify(value) ?? typeof value).slice(0, 100)} is not a number`,
  );
}

/** The provider answers, but not with what this metric needs. */
export function refused(message: string): Fetched {
  return { ok: false, code: "INVALID_METRIC", message: message.slice(0, limits.messageCharsMax) };
}

/** The header that says who asks (RFC 7617, RFC 6750). */
export function authorization({ basic_auth, bearer_token }: Access): Record<string, string> {
  if (bearer_token) return { authorization: `Bearer ${bearer_token}` };
  if (!basic_auth) return {};
  const pair = Buffer.from(`${basic_auth.username}:${basic_auth.password}`, "utf8");
  return { authorization: `Basic ${pair.toString("base64")}` };
}

export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

/** The answer comes from outside: whatever it is, looking into it must not fail. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/**
 * Asks in parts, some at a time. A part that fails is the trouble of its own names; when all fail, the provider as a whole
 * does.
 */
export async function fetchParts(
  names: readonly string[],
  size: number,
  fetchPart: (part: readonly string[]) => Promise<ReadonlyMap<string, Fetched>>,
): Promise<ReadonlyMap<string, Fetched>> {
  const parts: (readonly string[])[] = [];
  for (let at = 0; at < names.length; at += size) parts.push(names.slice(at, at + size));
  const found = new Map<string, Fetched>();
  const failures: unknown[] = [];
  const waiting = parts.values();
  const work = async (): Promise<void> => {
    for (const part of waiting) {
      try {
        for (const [name, fetched] of await fetchPart(part)) found.set(name, fetched);
      } catch (error) {
        failures.push(error);
        const code = "UNREACHABLE_METRICS_PROVIDER";
        for (const name of part) found.set(name, { ok: false, code, message: messageOf(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: limits.metricsRequestsMax }, work));
  if (parts.length > 0 && failures.length === parts.length) throw failures[0];
  return found;
}
