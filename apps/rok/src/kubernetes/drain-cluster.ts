import type { KindClient } from "@octoplane/client/client";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { localDataOf } from "@octoplane/kinds/local-data";
import { pause } from "@octoplane/shared/clock";
import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { exitStatus, usageError } from "../exit-status.ts";
import type { Call } from "../leaf.ts";
import { oneLine } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";
import { changeScheduling, schedulings } from "./change-scheduling.ts";
import { isBound, leaversOf, type Leaver } from "./drain-progress.ts";

export interface DrainFlags {
  /** Empty, or what a drained cluster is called. */
  readonly wait?: string | true;
  /** Seconds. */
  readonly timeout?: number;
}

/**
 * Begins a drain and, if asked to, waits until all that can leave has left. Ends with 0 when nothing is left, with 1 when
 * something stays, which is listed with its reason, and with `Timeout` when something still leaves by then.
 */
export async function drainCluster(call: Call<DrainFlags>): Promise<number> {
  const { wait, timeout } = call.options;
  if (typeof wait === "string" && !["", "drained"].includes(wait)) {
    throw usageError(`--wait: expected nothing or drained, found ${oneLine(wait)}`);
  }
  if (wait === undefined && timeout !== undefined) {
    throw usageError("--timeout: there is no --wait to limit");
  }
  await changeScheduling(call, schedulings.drain);
  if (wait === undefined) return exitStatus.ok;
  const { session } = call;
  const cluster = { namespace: await session.namespace(), name: call.args[0] ?? "" };
  const timeoutMs = timeout === undefined ? limits.rokWaitMs : timeout * 1_000;
  const left = await untilLeft(session, cluster, timeoutMs);
  const stay = left.filter(({ state }) => state === "stays");
  for (const { name, why } of stay) session.note(`${oneLine(name)} stays: ${oneLine(why)}`);
  const leaving = left.filter(({ state }) => state === "leaving");
  for (const { name, why } of leaving) session.note(`${oneLine(name)} is left: ${oneLine(why)}`);
  if (leaving.length > 0) {
    throw failure("Timeout", `${leaving.length} of ${left.length} had not left ${cluster.name}`);
  }
  session.note(`${cluster.name}: ${stay.length === 0 ? "nothing is left" : `${stay.length} stay`}`);
  return stay.length === 0 ? exitStatus.ok : exitStatus.failed;
}

/** Those that are there when nobody leaves any more, or when the time is over. */
async function untilLeft(
  session: Session,
  cluster: { readonly namespace: string; readonly name: string },
  timeoutMs: number,
): Promise<readonly Leaver[]> {
  const { clock } = session.io;
  const objects = (await session.client()).of(ApplicationKind);
  const known = new Map<string, string | undefined>();
  const deadline = clock.monotonic() + timeoutMs;
  let told = "";
  for (;;) {
    const { namespace } = cluster;
    const list = await objects.list({ namespace, view: "summary", pageSize: limits.rokPageMax });
    const bound = list.items.filter((app) => isBound(app, cluster));
    await lookForData(objects, bound, known);
    const left = leaversOf(list.items, cluster, (app) => known.get(app.metadata.uid));
    const leaving = left.filter(({ state }) => state === "leaving");
    const text = `${cluster.name}: ${leaving.length} leaving, ${left.length - leaving.length} staying`;
    if (text !== told) session.note((told = text));
    const remainingMs = deadline - clock.monotonic();
    if (leaving.length === 0 || remainingMs <= 0) return left;
    await pause(clock, Math.min(limits.rokDrainPollMs, remainingMs));
  }
}

/** What a summary leaves out is asked for once for each application that is still bound. */
async function lookForData(
  objects: KindClient<Application>,
  bound: readonly Application[],
  known: Map<string, string | undefined>,
): Promise<void> {
  for (const { metadata } of bound) {
    if (known.has(metadata.uid)) continue;
    const { namespace, name } = metadata;
    try {
      const whole = await objects.get({ name, ...(namespace === null ? {} : { namespace }) });
      known.set(metadata.uid, localDataOf(whole.spec.manifest));
    } catch (error) {
      // It was deleted meanwhile, and the next list will not have it.
      if (!isFailure(error, "NotFound")) throw error;
    }
  }
}
