import { readFile, writeFile } from "node:fs/promises";
import { failure, messageOf } from "@octoplane/shared/errors";
import type { Random } from "@octoplane/shared/random";

/** Keys of 32 bytes in files of their own, in base64, readable by their owner only. */

/** `Invalid` with the path when the file is not there or holds no key. */
export async function readKeyFile(path: string): Promise<Buffer> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw failure("Invalid", `the key file ${path} cannot be read: ${messageOf(error)}`);
  }
  const key = Buffer.from(text.trim(), "base64");
  if (key.length === 32) return key;
  throw failure(
    "Invalid",
    `${path} holds no key: expected 32 bytes in base64, found ${key.length}`,
  );
}

/** Reads the key, or makes one when the file is not there. Two that start at once end up with the same. */
export async function readOrMakeKeyFile(path: string, random: Random): Promise<Buffer> {
  try {
    const text = `${random.bytes(32).toString("base64")}\n`;
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as { readonly code?: string }).code !== "EEXIST") throw error;
  }
  return await readKeyFile(path);
}
