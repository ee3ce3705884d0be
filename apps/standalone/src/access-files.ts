import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TokenSigner } from "@octoplane/api/auth/signed-token";

/** How a command line on this machine finds the server and may speak to it: two small files in the data directory. */

const administrator = "system:admin";

/** The administrator's token stands alone in `admin.token`; one that is good and signed with the newest key is kept. */
export async function writeAdminToken(dataDir: string, signer: TokenSigner): Promise<string> {
  const path = join(dataDir, "admin.token");
  const known = await readToken(path);
  if (known !== undefined && isGood(known, signer)) return known;
  const token = signer.sign(administrator);
  await replaceFile(path, `${token}\n`);
  return token;
}

/** The address stands in `address` while the server runs. */
export async function writeAddress(dataDir: string, address: string): Promise<AsyncDisposable> {
  const path = join(dataDir, "address");
  await replaceFile(path, `${address}\n`);
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

async function readToken(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch {
    return undefined;
  }
}

function isGood(token: string, signer: TokenSigner): boolean {
  try {
    return signer.verify(token) === administrator && signer.isNewest(token);
  } catch {
    return false;
  }
}

/** Whole or not at all, and never readable by others, not even for a moment. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, content, { mode: 0o600, flag: "wx" });
  await rename(fresh, path);
}
