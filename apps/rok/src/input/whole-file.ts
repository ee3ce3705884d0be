import { chmod, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { failure } from "@octoplane/shared/errors";
import type { Random } from "@octoplane/shared/random";
import { fileProblem } from "./file-problem.ts";

/** Files that others may read at any moment: whole or not at all, with the mode they shall have from the start. */

/** A file of a set that is written together. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
  /** 0o600 for what is secret. */
  readonly mode: number;
}

/** Writes or replaces a file by one rename. `Invalid` with the path when that fails. */
export async function writeWhole({ path, text, mode }: NewFile, random: Random): Promise<void> {
  const fresh = join(dirname(path), `.${random.uuid()}.new`);
  try {
    const file = await open(fresh, "wx", mode);
    try {
      // What the process masks of a new file's mode is put back.
      await file.chmod(mode);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw failure("Invalid", `${path} cannot be written: ${fileProblem(error)}`);
  }
}

/** A folder with those above it; one that is made here is for its owner only. */
export async function makeFolder(path: string): Promise<void> {
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o700 });
    if (made !== undefined) await chmod(path, 0o700);
  } catch (error) {
    throw failure("Invalid", `${path} cannot be made: ${fileProblem(error)}`);
  }
}
