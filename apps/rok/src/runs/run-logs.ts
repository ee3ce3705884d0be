import { waitFor } from "@octoplane/client/wait-for";
import { RunKind, type Run } from "@octoplane/kinds/run";
import { messageOf } from "@octoplane/shared/errors";
import { objectPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import { printLines } from "../output/print-resource.ts";
import { oneLine, plainText } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";
import { logQuery, streamLogs, type LogFlags } from "../streams/show-logs.ts";

/** `rok kube run logs`: what the Pods of a run wrote, or its last lines when they are gone. */
export async function showRunLogs({ args, options, session }: Call<LogFlags>): Promise<void> {
  const name = args[0] ?? "";
  const path = `${await objectPath(session, "runs", name)}/logs?${logQuery(options)}`;
  if (options.follow === true) await begun(session, name);
  const bytes = await streamLogs(session, path);
  if (bytes > 0) return;
  const runs = (await session.client()).of(RunKind);
  printLastLines(session, await runs.get({ name, namespace: await session.namespace() }));
}

/** Waits until a run has a Job, or never will. */
async function begun(session: Session, name: string): Promise<void> {
  const runs = (await session.client()).of(RunKind);
  const ref = { name, namespace: await session.namespace() };
  const { stop } = session.io;
  const isBegun = (run: Run | undefined): boolean =>
    run === undefined || hasJob(run) || isOver(run);
  await waitFor(runs, ref, isBegun, stop ? { signal: stop } : {});
}

/** The log of a run while it goes on. */
export class RunLog {
  readonly #session: Session;
  readonly #leaving = new AbortController();
  #following: Promise<number> | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** To be told of every state of the run: it begins when there is something to read. */
  see(run: Run): void {
    if (hasJob(run)) this.#following ??= this.#follow(run.metadata.name);
  }

  /** When all was written; the run's last lines when its Pods went too soon. */
  async end(run: Run): Promise<void> {
    const bytes = (await this.#following) ?? 0;
    if (bytes === 0) printLastLines(this.#session, run);
  }

  /** The run is not waited for any longer. */
  async leave(): Promise<void> {
    this.#leaving.abort();
    await this.#following;
  }

  async #follow(name: string): Promise<number> {
    try {
      const path = `${await objectPath(this.#session, "runs", name)}/logs?follow=true`;
      return await streamLogs(this.#session, path, this.#leaving.signal);
    } catch (error) {
      // How the run ended is worth more than its log.
      if (!this.#leaving.signal.aborted) this.#session.note(oneLine(`rok: ${messageOf(error)}`));
      return 0;
    }
  }
}

function hasJob({ status }: Run): boolean {
  return status.job !== null && status.job.uid !== "";
}

function isOver({ status }: Run): boolean {
  return status.state === "COMPLETED" || status.state === "FAILED";
}

function printLastLines(session: Session, { status }: Run): void {
  printLines(session, status.last_lines.map(plainText));
}
