import { resolve } from "node:path";
import type { Client } from "@octoplane/client/client";
import { readLines } from "@octoplane/client/json-lines";
import type { BackupHeader, BackupTrailer } from "@octoplane/kinds/backup-format";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Io } from "../io.ts";
import { BackupCheck } from "./backup-check.ts";
import { openBackupFile, type LineSink } from "./backup-file.ts";
import { Progress } from "./progress.ts";

export interface TakenBackup {
  readonly header: BackupHeader;
  readonly trailer: BackupTrailer;
  /** Keys of records that are damaged in the store, and not in the backup. */
  readonly unreadable: readonly string[];
}

/**
 * Takes a backup of the server into a file, or to the standard output for `-`. The file is there when the backup is whole,
 * and not at all when it is not.
 */
export async function takeBackup(client: Client, target: string, io: Io): Promise<TakenBackup> {
  const sink = target === "-" ? outputOf(io) : await openBackupFile(resolve(io.cwd, target));
  try {
    const taken = await copyLines(client, sink, io);
    await sink.keep();
    return taken;
  } catch (error) {
    await sink.discard();
    throw error;
  }
}

async function copyLines(client: Client, sink: LineSink, io: Io): Promise<TakenBackup> {
  const check = new BackupCheck();
  const progress = new Progress(io);
  const unreadable: string[] = [];
  const silence = new AbortController();
  const watch = (): (() => void) =>
    io.clock.after(limits.backupSilenceMs, () => {
      silence.abort(failure("Timeout", "nothing more came of the backup"));
    });
  let cancel = watch();
  try {
    const stream = await client.transport.stream("/core/backup", { signal: silence.signal });
    for await (const text of readLines(stream, limits.clientLineCharsMax)) {
      cancel();
      cancel = watch();
      const line = check.take(text);
      if (line.is === "unreadable") unreadable.push(line.key);
      await sink.write(text);
      progress.tell(() => `${check.records} records so far`);
    }
  } catch (error) {
    throw silence.signal.aborted ? silence.signal.reason : brokenOff(error, client);
  } finally {
    cancel();
  }
  return { ...check.end(), unreadable };
}

/** What a stream throws that ends in the middle says nothing of it. */
function brokenOff(error: unknown, client: Client): unknown {
  if (!(error instanceof TypeError) && !(error instanceof DOMException)) return error;
  const message = `the backup broke off: ${client.address} ended the connection`;
  return failure("Unavailable", message, { cause: error });
}

function outputOf(io: Io): LineSink {
  return {
    write: async (line) => io.out(`${line}\n`),
    keep: async () => undefined,
    discard: async () => undefined,
  };
}
