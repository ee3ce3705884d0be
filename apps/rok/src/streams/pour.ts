import type { Io } from "../io.ts";
import { streamsOf, writerTo } from "./standard-streams.ts";
import { TerminalFilter } from "./terminal-filter.ts";

/**
 * Writes what comes to the standard output: as it is to a file or a pipe, without what it would obey to a terminal. Gives how many
 * bytes came.
 */
export async function pour(chunks: AsyncIterable<Uint8Array>, io: Io): Promise<number> {
  const write = writerTo(streamsOf(io).output, io.stop);
  const filter = io.columns === undefined ? undefined : new TerminalFilter();
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    await write(filter ? filter.push(chunk) : chunk);
  }
  if (filter) await write(filter.end());
  return bytes;
}

/** Work whose output may lose its reader (`| head`), which is no failure. */
export async function untilUnread<T>(
  { stop }: Pick<Io, "stop">,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (stop?.aborted === true) return undefined;
    throw error;
  }
}
