import { readKeyFile } from "@octoplane/process/key-file";

/** The keys that tokens are signed (the first) and verified with (all of them): the list, or else the one file. */
export async function readTokenKeys(
  files: readonly string[],
  single: () => Promise<Buffer>,
): Promise<readonly Buffer[]> {
  if (files.length === 0) return [await single()];
  return await Promise.all(files.map((file) => readKeyFile(file)));
}
