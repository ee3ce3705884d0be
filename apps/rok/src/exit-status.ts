import { CommanderError } from "commander";
import { isFailure, type ErrorCode } from "@octoplane/shared/errors";

/** What `rok` ends with, for scripts. The one place where errors become exit statuses. */
export const exitStatus = {
  ok: 0,
  /** It was tried and failed: an application that is FAILED, an error inside the server or here. */
  failed: 1,
  /** The command line itself is wrong: an unknown command or flag, a value of the wrong form. */
  usage: 2,
  notFound: 3,
  /** The input was refused, here or by the server (400, 409, 413, 415, 422). */
  refused: 4,
  /** No valid token, or no right to do it (401, 403). */
  notAllowed: 5,
  unreachable: 6,
  timeout: 7,
} as const;

const byCode: Readonly<Record<ErrorCode, number>> = {
  NotFound: exitStatus.notFound,
  AlreadyExists: exitStatus.refused,
  Conflict: exitStatus.refused,
  NoChange: exitStatus.refused,
  Immutable: exitStatus.refused,
  Invalid: exitStatus.refused,
  Unparsable: exitStatus.refused,
  TooLarge: exitStatus.refused,
  Terminating: exitStatus.refused,
  Compacted: exitStatus.failed,
  Unauthenticated: exitStatus.notAllowed,
  Forbidden: exitStatus.notAllowed,
  Unavailable: exitStatus.unreachable,
  Timeout: exitStatus.timeout,
  TooManyRequests: exitStatus.unreachable,
  Internal: exitStatus.failed,
};

export function exitStatusOf(error: unknown): number {
  if (error instanceof CommanderError) {
    const asked = ["commander.helpDisplayed", "commander.version", printedCode].includes(
      error.code,
    );
    return asked ? exitStatus.ok : exitStatus.usage;
  }
  return isFailure(error) ? byCode[error.code] : exitStatus.failed;
}

const printedCode = "rok.printed";

/** Ends a run that has printed what was asked for while its flags were read. */
export function printed(): CommanderError {
  return new CommanderError(exitStatus.ok, printedCode, "");
}

/** For what is wrong with a command line and only shows when its parts are seen together. */
export function usageError(message: string): CommanderError {
  return new CommanderError(exitStatus.usage, "rok.usage", message);
}
