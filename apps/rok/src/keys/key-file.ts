import { open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { failure, messageOf } from "@octoplane/shared/errors";
import { keyLine, parseKeyRing, type KeyRing } from "@octoplane/shared/key-ring-text";
import type { Random } from "@octoplane/shared/random";

/** Files of keys as an operator changes them: whole or not at all, for a server may read at any moment. */

export interface KeyText {
  readonly text: string;
  readonly ring: KeyRing;
}

/** `Invalid` with the path, and the line, when the file is not there or holds what is no key. */
export async function readKeyText(path: string): Promise<KeyText> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw failure("Invalid", `${path} cannot be read: ${messageOf(error)}`);
  }
  return { text, ring: parseKeyRing(text, path) };
}

/** A file with one fresh key, for its owner only. `AlreadyExists` when there is a file. */
export async function makeKeyText(path: string, random: Random): Promise<KeyText> {
  const key = random.bytes(32);
  const text = `${keyLine(key)}\n`;
  try {
    await writeNew(path, text, 0o600);
  } catch (error) {
    if ((error as { readonly code?: string }).code === "EEXIST") {
      throw failure(
        "AlreadyExists",
        `${path} exists already; a key that is lost opens nothing again`,
      );
    }
    throw failure("Invalid", `${path} cannot be written: ${messageOf(error)}`);
  }
  return { text, ring: [key] };
}

/**
 * Replaces what the file holds by one rename; mode and owner stay. `Conflict` when somebody else changed it since it was read.
 */
export async function replaceKeyText(
  path: string,
  before: KeyText,
  text: string,
  random: Random,
): Promise<KeyText> {
  const ring = parseKeyRing(text, path);
  try {
    // The file itself is replaced, and not a link to it.
    const real = await realpath(path);
    const { mode, uid, gid } = await stat(real);
    const fresh = join(dirname(real), `.${random.uuid()}.key`);
    try {
      await writeNew(fresh, text, mode & 0o777, { uid, gid });
      if ((await readFile(real, "utf8")) !== before.text) {
        throw failure(
          "Conflict",
          `${path} was changed by somebody else meanwhile; nothing is done`,
        );
      }
      await rename(fresh, real);
    } catch (error) {
      await rm(fresh, { force: true });
      throw error;
    }
    await syncFolder(dirname(real));
  } catch (error) {
    if ((error as { readonly code?: string }).code === "Conflict") throw error;
    throw failure("Invalid", `${path} cannot be written: ${messageOf(error)}`);
  }
  return { text, ring };
}

/** On the disk when it resolves: whoever is told of a new key may destroy the old one. */
async function writeNew(
  path: string,
  text: string,
  mode: number,
  owner?: { readonly uid: number; readonly gid: number },
): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    const own = await file.stat();
    if (owner && (own.uid !== owner.uid || own.gid !== owner.gid)) {
      await file.chown(owner.uid, owner.gid);
    }
    // What the process masks of a new file's mode is put back.
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
