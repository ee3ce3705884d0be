import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { posix } from "node:path";
import { hookNames, type HookName } from "@octoplane/kinds/application-hook";
import type { HookFiles } from "@octoplane/delivery/hook-objects";
import {
  checkAuthority,
  issueCertificate,
  purposeOf,
  type Authority,
} from "@octoplane/pki/certificate";
import { failure, messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Random } from "@octoplane/shared/random";

/** Certificates with which applications call back where the API asks for them (contract section 6.7). */

export interface SignerSettings {
  readonly hook_user: string;
  readonly intermediate_src: string | null;
  readonly intermediate_key_src: string | null;
  readonly ca_src: string | null;
  readonly cert_dest: string;
}

/** Who signs the certificates of a hook, and what goes with them. */
export interface HookSigner {
  readonly authority: Authority;
  readonly user: string;
  readonly folder: string;
  /** What leads from the signing certificate to its root, without that: it is sent along with each certificate. */
  readonly chain: string;
  readonly bundle: string;
}

export type HookSigners = ReadonlyMap<HookName, HookSigner>;

/** PEM. */
export interface HookPair {
  readonly certificate: string;
  readonly key: string;
}

/** Reads the files that are named in the settings. `Invalid` names the setting or the file that is wrong. */
export async function readSigners(
  settings: Readonly<Record<HookName, SignerSettings>>,
  now: number,
): Promise<HookSigners> {
  const signers = new Map<HookName, HookSigner>();
  for (const hook of hookNames) {
    const signer = await readSigner(`hooks.${hook}`, settings[hook], now);
    if (signer !== undefined) signers.set(hook, signer);
  }
  demandApart(settings, signers);
  return signers;
}

async function readSigner(
  at: string,
  settings: SignerSettings,
  now: number,
): Promise<HookSigner | undefined> {
  const { intermediate_src: source, intermediate_key_src: keySource, ca_src: ca } = settings;
  if (source === null || keySource === null) {
    const named = [
      { field: "intermediate_src", other: "intermediate_key_src", isSet: source !== null },
      { field: "intermediate_key_src", other: "intermediate_src", isSet: keySource !== null },
      { field: "ca_src", other: "intermediate_src", isSet: ca !== null },
    ].find(({ isSet }) => isSet);
    if (named === undefined) return undefined;
    throw failure("Invalid", `${at}.${named.field} has no effect without ${at}.${named.other}`);
  }
  const names = {
    certificate: `${at}.intermediate_src ${source}`,
    key: `${at}.intermediate_key_src ${keySource}`,
  };
  const chain = certificatesIn(await read(names.certificate, source), names.certificate);
  const authority = { certificate: chain[0]!, key: await read(names.key, keySource), names };
  checkAuthority(authority, now);
  const servers = ca === null ? [] : certificatesIn(await read(`${at}.ca_src ${ca}`, ca), ca);
  return {
    authority,
    user: settings.hook_user,
    folder: settings.cert_dest,
    chain: chain.filter((one) => !isRoot(one)).join(""),
    bundle: [...new Set([...chain, ...servers])].join(""),
  };
}

/** Two folders that are one, or one in the other, cannot both be mounted. */
function demandApart(
  settings: Readonly<Record<HookName, SignerSettings>>,
  signers: HookSigners,
): void {
  const [one, other] = [...signers.keys()].map(
    (hook) => `${posix.resolve(settings[hook].cert_dest)}/`,
  );
  if (one === undefined || other === undefined) return;
  if (!one.startsWith(other) && !other.startsWith(one)) return;
  throw failure(
    "Invalid",
    `hooks.complete.cert_dest (${settings.complete.cert_dest}) and hooks.shutdown.cert_dest ` +
      `(${settings.shutdown.cert_dest}): expected two folders, neither in the other`,
  );
}

async function read(name: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw failure("Invalid", `${name} cannot be read: ${messageOf(error)}`);
  }
}

function certificatesIn(text: string, name: string): readonly string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw failure("Invalid", `${name} holds no certificate (PEM)`);
  for (const block of blocks) {
    try {
      new X509Certificate(block);
    } catch {
      throw failure("Invalid", `${name} holds a certificate that cannot be read`);
    }
  }
  return blocks.map((block) => `${block}\n`);
}

function isRoot(text: string): boolean {
  const certificate = new X509Certificate(text);
  return certificate.checkIssued(certificate);
}

/** A certificate in the place of the one that there is; `undefined` while that does, or when the signer is over itself. */
export async function freshPair(
  signer: HookSigner,
  known: string | null,
  { now, random }: { readonly now: number; readonly random: Random },
): Promise<HookPair | undefined> {
  const { authority, user } = signer;
  const end = new X509Certificate(authority.certificate).validToDate.getTime();
  if (now >= end || (known !== null && (await isGood(signer, known, now)))) return undefined;
  const days = limits.certificateDays;
  const purpose = { type: "client", user, groups: [] } as const;
  const { certificate, key } = await issueCertificate(authority, purpose, { now, days, random });
  return { certificate, key };
}

/** One that Krake made, or that cannot be read, says nothing of what it is for: it is replaced as well. */
async function isGood(
  { authority, user }: HookSigner,
  known: string,
  now: number,
): Promise<boolean> {
  const told = await purposeOf(known).catch(() => undefined);
  if (told?.purpose.type !== "client" || told.purpose.user !== user) return false;
  const signer = new X509Certificate(authority.certificate);
  const certificate = new X509Certificate(known);
  if (!certificate.checkIssued(signer) || !certificate.verify(signer.publicKey)) return false;
  const [begin, end] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
  // Another one would not be good for longer than its signer either.
  return end - now >= (end - begin) / 3 || end >= signer.validToDate.getTime();
}

/** What is put into containers; nothing without a certificate. Pure. */
export function filesOf(
  signer: HookSigner | undefined,
  pair: HookPair | undefined,
): HookFiles | undefined {
  if (signer === undefined || pair === undefined) return undefined;
  const { folder, bundle, chain } = signer;
  return { folder, bundle, certificate: `${pair.certificate}${chain}`, key: pair.key };
}
