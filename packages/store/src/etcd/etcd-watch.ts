import { backoffMs } from "@octoplane/shared/backoff";
import { pause, type Clock } from "@octoplane/shared/clock";
import { failure, isFailure, messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import type { Random } from "@octoplane/shared/random";
import type { ChangeBatch, Revision } from "../store.ts";
import type { EtcdConnection } from "./etcd-connection.ts";
import { openWatchStream } from "./etcd-watch-stream.ts";

export interface EtcdWatchParts {
  readonly connection: EtcdConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly progressMs: number;
  /** Aborts when the store is closed, which ends its watches with `Unavailable`. */
  readonly closing: AbortSignal;
}

/**
 * A watch outlives its connections: it knows the revision up to which everything was handed over,
 * and begins again there, on the next member, until the signal aborts or the history is forgotten.
 */
export async function* watchEtcd(
  parts: EtcdWatchParts,
  prefix: string,
  after: Revision,
  signal: AbortSignal,
): AsyncGenerator<ChangeBatch> {
  let position = after;
  let attempt = 0;
  while (!signal.aborted) {
    try {
      if (attempt > 0) await checkHistory(parts.connection, position);
      for await (const batch of openWatchStream(parts, { prefix, after: position, signal })) {
        attempt = 0;
        position = batch.revision;
        yield batch;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isFailure(error, "Compacted", "Invalid") || parts.closing.aborted) throw error;
      parts.log.warn({ revision: position, err: messageOf(error) }, "a watch on etcd was lost");
    }
    if (signal.aborted) return;
    const bounds = { firstMs: limits.watchRetryFirstMs, mostMs: limits.watchRetryMostMs };
    await pause(parts.clock, backoffMs(attempt, parts.random.fraction(), bounds), signal);
    attempt += 1;
  }
}

/**
 * Before a watch is rebuilt: finds a member that answers, renews an expired token (which streams do
 * not do), and finds out when etcd was put back to an older state, where the watch would wait for
 * ever for its revision.
 */
async function checkHistory(connection: EtcdConnection, position: Revision): Promise<void> {
  const range = { key: Buffer.from([0]), range_end: Buffer.from([0]), limit: 1, keys_only: true };
  const answer = await connection.read("watch", (client) => client.kv.range(range));
  const newest = BigInt(answer.header.revision);
  if (newest < position) {
    throw failure("Compacted", `etcd is at revision ${newest}, which is before ${position}`);
  }
}
