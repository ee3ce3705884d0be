import { readFile } from "node:fs/promises";

/** What one process had resident (VmRSS of proc(5)) while bytes went through it, in MB. */
export interface Course {
  /** When the first byte came. */
  readonly before: number;
  /** The most until a quarter of the bytes had come, and until all had. */
  readonly quarter: number;
  readonly whole: number;
}

const lookMs = 20;

/** Looks at a process again and again during the work; `share` says how much of it has come, 0 to 1. */
export async function watchResident(
  pid: number,
  share: () => number,
  work: Promise<unknown>,
): Promise<Course> {
  let isOver = false;
  const end = work.finally(() => (isOver = true));
  // Whoever waits for the work is told of its failure once, below.
  end.catch(() => undefined);
  let [before, quarter, whole] = [NaN, 0, 0];
  while (!isOver) {
    const now = await resident(pid);
    // A process that has just ended has no memory.
    if (now !== undefined) {
      if (Number.isNaN(before) || share() === 0) before = now;
      else whole = Math.max(whole, now);
      const isEarly = share() <= 0.25 || quarter === 0;
      if (share() > 0 && isEarly) quarter = Math.max(quarter, now);
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  await end;
  return { before, quarter, whole };
}

async function resident(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kib = /VmRSS:\s+(\d+)/.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) / 1_024;
}
