import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { failure, invalid } from "@octoplane/shared/errors";
import type { Random } from "@octoplane/shared/random";
import { fileProblem } from "../input/file-problem.ts";
import { makeFolder, writeWhole } from "../input/whole-file.ts";
import {
  issueAuthority,
  issueCertificate,
  purposeOf,
  type Authority,
  type Issued,
  type Moment,
  type Purpose,
} from "@octoplane/pki/certificate";

/** A folder with an authority (`ca.crt`, `ca.key`) and what it has issued (`NAME.crt`, `NAME.key`). */

/** Makes the folder and its authority. `AlreadyExists` when there is one: what it has issued hangs on it. */
export async function initFolder(folder: string, name: string, moment: Moment): Promise<Issued> {
  await makeFolder(folder);
  await demandAbsent(join(folder, "ca.key"));
  await demandAbsent(join(folder, "ca.crt"));
  const issued = await issueAuthority(name, moment);
  await writePair(folder, "ca", issued, moment.random);
  return issued;
}

/** Issues a pair of files. `AlreadyExists` when there are some of that name. */
export async function issueIn(
  folder: string,
  name: string,
  purpose: Purpose,
  moment: Moment,
): Promise<Issued> {
  checkName(name);
  await demandAbsent(join(folder, `${name}.crt`));
  await demandAbsent(join(folder, `${name}.key`));
  return await replaceIn(folder, name, purpose, moment);
}

/** The same in the place of what is there. */
export async function replaceIn(
  folder: string,
  name: string,
  purpose: Purpose,
  moment: Moment,
): Promise<Issued> {
  const issued = await issueCertificate(await readAuthority(folder), purpose, moment);
  await writePair(folder, name, issued, moment.random);
  return issued;
}

/** Issues the same again with a fresh key, and puts it in the place of the old. */
export async function renewIn(
  folder: string,
  name: string,
  moment: Omit<Moment, "days"> & { readonly days: number | undefined },
): Promise<Issued> {
  checkName(name);
  const { purpose, days } = await purposeOf(await readPem(join(folder, `${name}.crt`)));
  const authority = await readAuthority(folder);
  const issued = await issueCertificate(authority, purpose, {
    ...moment,
    days: moment.days ?? days,
  });
  await writePair(folder, name, issued, moment.random);
  return issued;
}

export async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw failure("Invalid", `${path} cannot be read: ${fileProblem(error)}`);
  }
}

async function readAuthority(folder: string): Promise<Authority> {
  const [certificate, key] = await Promise.all([
    readPem(join(folder, "ca.crt")),
    readPem(join(folder, "ca.key")),
  ]);
  return { certificate, key, names: { certificate: "ca.crt", key: "ca.key" } };
}

/** The key comes first: a server that looks between the two sees a pair that does not fit, and waits. */
async function writePair(
  folder: string,
  name: string,
  { certificate, key }: Issued,
  random: Random,
): Promise<void> {
  await writeWhole({ path: join(folder, `${name}.key`), text: key, mode: 0o600 }, random);
  await writeWhole({ path: join(folder, `${name}.crt`), text: certificate, mode: 0o644 }, random);
}

function checkName(name: string): void {
  const isName = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$/.test(name) && name !== "ca";
  if (isName) return;
  const message = `expected a name for two files, such as api (not ca), found ${name}`;
  throw invalid([{ field: "name", message }]);
}

async function demandAbsent(path: string): Promise<void> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (isThere) throw failure("AlreadyExists", `${path} exists already`);
}
