import type { Application } from "@octoplane/kinds/application";
import type { CopyShutdown } from "@octoplane/kinds/application-copy";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";

/** How an application is asked to get ready to be removed. */
export interface ShutdownRules {
  /** How long it has after each request. */
  readonly graceMs: number;
  /** Attempts after the first one. */
  readonly retries: number;
  /** Whether what does not answer is removed all the same. */
  readonly goesOn: boolean;
}

/** The rules of the operator, in seconds, which count where an application says nothing. */
export interface ShutdownSettings {
  readonly timeout: number;
  readonly failure_strategy: "delete" | "give_up";
  readonly failure_retry_count: number;
}

/** Those of an application. Pure. */
export function shutdownRules(
  { spec }: Pick<Application, "spec">,
  settings: ShutdownSettings,
): ShutdownRules {
  const graceMs = (spec.shutdown_grace_time ?? settings.timeout) * 1_000;
  const strategy = spec.shutdown_failure_strategy ?? settings.failure_strategy;
  return {
    graceMs: Math.min(Math.max(graceMs, limits.shutdownGraceLeastMs), limits.shutdownGraceMostMs),
    retries: spec.shutdown_retry_count ?? settings.failure_retry_count,
    goesOn: strategy !== "give_up",
  };
}

/**
 * What comes next for a copy that is to go. `ask`: this is written down, the request is sent, and that is written down. `end`:
 * this is written down, and nothing more is asked. `go`: it may be removed. `stay`: it was given up.
 */
export type ShutdownStep =
  | { readonly type: "ask"; readonly shutdown: CopyShutdown }
  | { readonly type: "end"; readonly shutdown: CopyShutdown }
  | { readonly type: "wait"; readonly forMs: number }
  | { readonly type: "go" }
  | { readonly type: "stay" };

/** From what is written down alone, so that whoever comes after a crash goes on where it was. Pure. */
export function shutdownStep(
  known: CopyShutdown | undefined,
  rules: ShutdownRules,
  now: number,
): ShutdownStep {
  if (known === undefined) return { type: "ask", shutdown: attempt(1, rules, now) };
  if (known.state === "ready" || known.state === "expired") return { type: "go" };
  if (known.state === "failed") return { type: "stay" };
  // Nobody knows whether it went out; to be asked twice does no harm, not to be asked does.
  if (!known.sent) return { type: "ask", shutdown: attempt(known.attempt, rules, now) };
  const left = Date.parse(known.until) - now;
  if (left > 0) return { type: "wait", forMs: left };
  if (known.attempt <= rules.retries) {
    return { type: "ask", shutdown: attempt(known.attempt + 1, rules, now) };
  }
  const state = rules.goesOn ? "expired" : "failed";
  const message = `not ready in time: ${known.message}`;
  return { type: "end", shutdown: { ...known, state, message } };
}

function attempt(number: number, { graceMs }: ShutdownRules, now: number): CopyShutdown {
  const until = isoTime(now + graceMs);
  const message = "the application is being asked to get ready";
  return { state: "asking", attempt: number, sent: false, until, message };
}
