import { usageError } from "../exit-status.ts";
import { applicationPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import type { Session } from "../session.ts";
import { pour, untilUnread } from "./pour.ts";
import { connectServer, openStream } from "./server-connection.ts";

/** `rok kube app logs`: what containers wrote, while it comes. */

export interface LogFlags {
  readonly follow?: boolean;
  readonly pod?: string;
  readonly container?: string;
  readonly allContainers?: boolean;
  readonly previous?: boolean;
  readonly since?: string;
  readonly sinceTime?: string;
  readonly tail?: number;
  readonly timestamps?: boolean;
  readonly cluster?: string;
  readonly prefix?: boolean;
}

export async function showLogs({ args, options, session }: Call<LogFlags>): Promise<void> {
  const [name = "", workload] = args;
  const query = logQuery(options, workload);
  await streamLogs(session, `${await applicationPath(session, name)}/logs?${query}`);
}

/** Writes an answer of logs to the standard output, until either side ends or the signal aborts. Gives how many bytes came. */
export async function streamLogs(
  session: Session,
  path: string,
  signal?: AbortSignal,
): Promise<number> {
  const { io } = session;
  const signals = [io.stop, signal].filter((one) => one !== undefined);
  const bytes = await untilUnread(io, async () => {
    const server = await connectServer(session);
    return await pour(await openStream(server, path, AbortSignal.any(signals)), io);
  });
  return bytes ?? 0;
}

/** The query of the server's route. Pure. */
export function logQuery(flags: LogFlags, workload?: string): string {
  const named = /^pods?\/(.+)$/i.exec(workload ?? "")?.[1];
  if (workload !== undefined && flags.pod !== undefined) {
    throw usageError("--pod: expected a workload or --pod, not both");
  }
  const { tail = -1 } = flags;
  const query = {
    pod: flags.pod ?? named,
    workload: named === undefined ? workload : undefined,
    container: flags.container,
    cluster: flags.cluster,
    since: flags.since,
    since_time: flags.sinceTime,
    // As with kubectl, a number below zero is no limit.
    tail: tail < 0 ? undefined : String(tail),
    follow: textOf(flags.follow),
    all_containers: textOf(flags.allContainers),
    previous: textOf(flags.previous),
    timestamps: textOf(flags.timestamps),
    prefix: textOf(flags.prefix),
  };
  const given = Object.entries(query).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return new URLSearchParams(given).toString();
}

function textOf(flag: boolean | undefined): string | undefined {
  return flag === undefined ? undefined : String(flag);
}
