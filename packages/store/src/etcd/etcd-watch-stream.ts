import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Etcd3, IDuplexStream, IWatchRequest, IWatchResponse } from "etcd3";
import { changeSize } from "../change-size.ts";
import type { ChangeBatch, Revision } from "../store.ts";
import { WatchBuffer } from "../watch-buffer.ts";
import { etcdFailure } from "./etcd-errors.ts";
import { firstKey } from "../key-range.ts";
import { keyRange } from "./etcd-list.ts";
import type { EtcdWatchParts } from "./etcd-watch.ts";
import { WatchAssembly } from "./etcd-watch-assembly.ts";

/** What gRPC streams can do beyond what etcd3's type of them says. */
type Stream = IDuplexStream<IWatchRequest, IWatchResponse> & {
  pause(): void;
  resume(): void;
};

export interface WatchRequest {
  readonly prefix: string;
  readonly after: Revision;
  readonly signal: AbortSignal;
}

/**
 * One watch on one connection: ends without error when the signal aborts, with one when the
 * connection does.
 */
export async function* openWatchStream(
  parts: EtcdWatchParts,
  request: WatchRequest,
): AsyncGenerator<ChangeBatch> {
  const { client, lost } = parts.connection.stream();
  let isEnded = false;
  const asksForProgress = await hasOrderedProgress(client);
  const stream = (await client.watchClient.watch().catch((error: unknown) => {
    lost();
    throw etcdFailure(error, "watch");
  })) as Stream;
  const buffer = new WatchBuffer<ChangeBatch>({
    most: limits.watchBufferBytesMax,
    onFull: () => stream.pause(),
    onRoom: () => stream.resume(),
  });
  const end = (): void => buffer.finish();
  const close = (): void => buffer.finish(failure("Unavailable", "the store is closed"));
  request.signal.addEventListener("abort", end, { once: true });
  parts.closing.addEventListener("abort", close, { once: true });
  const stopAsking = askForProgress(parts, stream, asksForProgress);
  try {
    if (request.signal.aborted) return;
    listen(stream, new WatchAssembly(request.after), buffer, () => {
      if (!isEnded) lost();
    });
    stream.write(createRequest(request));
    for (let batch = await buffer.next(); batch; batch = await buffer.next()) {
      if (request.signal.aborted) return;
      yield batch;
    }
  } finally {
    // Cancelling ends the stream with an error, which says nothing of the member.
    isEnded = true;
    stopAsking();
    request.signal.removeEventListener("abort", end);
    parts.closing.removeEventListener("abort", close);
    stream.cancel();
  }
}

function listen(
  stream: Stream,
  assembly: WatchAssembly,
  buffer: WatchBuffer<ChangeBatch>,
  lost: () => void,
): void {
  const fail = (error: unknown): void => {
    lost();
    buffer.finish(etcdFailure(error, "watch"));
  };
  stream.on("error", fail);
  stream.on("end", () => fail(new Error("the stream ended")));
  stream.on("data", (response) => {
    if (response.canceled) {
      const compacted = BigInt(response.compact_revision);
      const error =
        compacted > 0n
          ? failure("Compacted", `history before revision ${compacted} is forgotten`)
          : new Error(`the watch was cancelled: ${response.cancel_reason}`);
      if (compacted > 0n) buffer.finish(error);
      else fail(error);
      return;
    }
    const batch = assembly.take(response);
    if (batch) buffer.push(batch, batchSize(batch));
  });
}

function batchSize({ changes }: ChangeBatch): number {
  // A mark of progress takes memory too, and a reader that never comes would gather them for ever.
  let bytes = 100;
  for (const change of changes) bytes += changeSize(change);
  return bytes;
}

/**
 * Begins at the last revision that was seen instead of after it: etcd then says so when that one is
 * forgotten too. Begun just after it, a remove at the compacted revision itself can go missing.
 */
function createRequest({ prefix, after }: WatchRequest): IWatchRequest {
  return {
    create_request: {
      ...keyRange(firstKey(prefix, undefined), prefix),
      start_revision: (after > 1n ? after : 1n).toString(),
      progress_notify: true,
      fragment: true,
    },
  };
}

/** Asks for a mark of progress now and then; etcd sends one on its own only every ten minutes. */
function askForProgress(parts: EtcdWatchParts, stream: Stream, isSafe: boolean): () => void {
  if (!isSafe) return () => undefined;
  let cancel = (): void => undefined;
  const again = (): void => {
    cancel = parts.clock.after(parts.progressMs, () => {
      stream.write({ progress_request: {} });
      again();
    });
  };
  again();
  return () => cancel();
}

/**
 * An asked-for mark could overtake changes that were still on their way (etcd issue 15220, mended
 * in 3.4.25 and 3.5.8; we ask from the releases after those): a watch that resumed from it would
 * miss them. Older members are not asked; we wait for the marks that they send on their own.
 */
async function hasOrderedProgress(client: Etcd3): Promise<boolean> {
  try {
    const { version } = await client.maintenance.status();
    return isOrderedVersion(version);
  } catch {
    // Some installations do not let every user ask; without an answer the careful way is right.
    return false;
  }
}

export function isOrderedVersion(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map((part) => Number.parseInt(part));
  if (major !== 3) return major > 3;
  if (minor >= 6) return true;
  return (minor === 5 && patch >= 9) || (minor === 4 && patch >= 26);
}
