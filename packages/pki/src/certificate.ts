import {
  createPrivateKey,
  KeyObject,
  type webcrypto,
  X509Certificate as NodeCertificate,
} from "node:crypto";
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { AuthorityKeyIdentifierExtension, X509Certificate } from "@peculiar/x509";
import { failure, invalid } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Random } from "@octoplane/shared/random";

/** Certificates (X.509 v3, RFC 5280) for keys of ECDSA over P-256; made, and nothing of them written. */

export interface Issued {
  /** PEM. */
  readonly certificate: string;
  /** PEM (PKCS #8). */
  readonly key: string;
  readonly notAfter: number;
}

/** Who signs: with RSA, ECDSA or Ed25519. */
export interface Authority {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** What its files are called in messages. */
  readonly names: { readonly certificate: string; readonly key: string };
}

/** What a certificate is for: a server under some names, or a client who is a user. */
export type Purpose =
  | { readonly type: "server"; readonly hosts: readonly string[] }
  | { readonly type: "client"; readonly user: string; readonly groups: readonly string[] };

export interface Moment {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly days: number;
  readonly random: Random;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** An authority that signs itself, and may sign certificates of servers and clients but no other authority. */
export async function issueAuthority(name: string, moment: Moment): Promise<Issued> {
  const x509 = await loadX509();
  const keys = await freshKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(moment.random),
    name: new x509.Name([{ CN: [{ utf8String: name }] }]),
    ...validity(moment),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: keyPem(keys.privateKey), notAfter: endOf(moment) };
}

/** A certificate of the authority, never for longer than that. `Invalid` when the authority does not do. */
export async function issueCertificate(
  authority: Authority,
  purpose: Purpose,
  moment: Moment,
): Promise<Issued> {
  const x509 = await loadX509();
  const signer = new x509.X509Certificate(authority.certificate);
  checkAuthority(authority, moment.now);
  const { signingKey, signingAlgorithm } = await readKey(authority.key);
  const keys = await freshKeys();
  const end = Math.min(endOf(moment), signer.notAfter.getTime());
  const isServer = purpose.type === "server";
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(moment.random),
    subject: new x509.Name(subjectOf(purpose)),
    issuer: signer.subjectName,
    ...validity(moment),
    notAfter: new Date(end),
    signingAlgorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        isServer ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
      ]),
      ...(isServer ? [new x509.SubjectAlternativeNameExtension(hostNames(purpose.hosts))] : []),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await signerIdentifier(x509, signer),
    ],
  });
  return { certificate: pem(certificate), key: keyPem(keys.privateKey), notAfter: end };
}

/** What a certificate of ours is for, and for how many days it was made; for its successor. */
export async function purposeOf(
  certificate: string,
): Promise<{ readonly purpose: Purpose; readonly days: number }> {
  const x509 = await loadX509();
  const old = new x509.X509Certificate(certificate);
  const days = Math.max(1, Math.round((old.notAfter.getTime() - old.notBefore.getTime()) / dayMs));
  const usages = old.getExtension(x509.ExtendedKeyUsageExtension)?.usages ?? [];
  if (usages.includes(x509.ExtendedKeyUsage.serverAuth)) {
    const names = old.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
    return { purpose: { type: "server", hosts: names.map(({ value }) => value) }, days };
  }
  const [user] = old.subjectName.getField("CN");
  if (!usages.includes(x509.ExtendedKeyUsage.clientAuth) || user === undefined) {
    throw failure("Invalid", "the certificate is neither for a server nor for a client");
  }
  return { purpose: { type: "client", user, groups: old.subjectName.getField("O") }, days };
}

/** Hosts as certificates have them: addresses stay, names become those of DNS. `Invalid` for what is neither. */
export function hostNames(
  hosts: readonly string[],
): { readonly type: "ip" | "dns"; readonly value: string }[] {
  return [...new Set(hosts)].map((host) => {
    const bare = host.replace(/^\[(.*)\]$/, "$1");
    if (isIP(bare) !== 0) return { type: "ip", value: bare };
    const name = /[\s/?#@:\\%]/.test(host) ? "" : domainToASCII(host.replace(/^\*\./, ""));
    const isName = /^(?!-)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(name) && name.length <= 253;
    if (!isName || /^[\d.]+$/.test(name)) {
      throw invalid([{ field: "--host", message: `${host} is neither a name nor an address` }]);
    }
    return { type: "dns", value: host.startsWith("*.") ? `*.${name}` : name };
  });
}

const dayMs = 86_400_000;

/** The library keeps its parts in a container that needs metadata to be there before; together a tenth of a second. */
async function loadX509(): Promise<typeof import("@peculiar/x509")> {
  await import("reflect-metadata");
  return await import("@peculiar/x509");
}

async function freshKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

function subjectOf(purpose: Purpose): { [name: string]: { utf8String: string }[] }[] {
  if (purpose.type === "server") {
    // The name is in the alternative names; that of the subject is for people, and 64 characters at most.
    return [{ CN: [{ utf8String: (purpose.hosts[0] ?? "server").slice(0, 64) }] }];
  }
  return [
    ...purpose.groups.map((group) => ({ O: [{ utf8String: group }] })),
    { CN: [{ utf8String: purpose.user }] },
  ];
}

/** 127 random bits, positive, and never 0. */
function serial(random: Random): string {
  const bytes = random.bytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString("hex");
}

function validity(moment: Moment): { readonly notBefore: Date; readonly notAfter: Date } {
  return {
    notBefore: new Date(moment.now - limits.certificateBackdateMs),
    notAfter: new Date(endOf(moment)),
  };
}

function endOf({ now, days }: Moment): number {
  return now + days * dayMs;
}

/** As the signer itself says, whichever way its identifier was made. */
async function signerIdentifier(
  x509: typeof import("@peculiar/x509"),
  signer: X509Certificate,
): Promise<AuthorityKeyIdentifierExtension> {
  const own = signer.getExtension(x509.SubjectKeyIdentifierExtension);
  return own
    ? new x509.AuthorityKeyIdentifierExtension(own.keyId)
    : await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey);
}

async function readKey(text: string): Promise<{
  readonly signingKey: webcrypto.CryptoKey;
  readonly signingAlgorithm: ReturnType<typeof signingWith>;
}> {
  const key = createPrivateKey(text);
  const der = new Uint8Array(key.export({ type: "pkcs8", format: "der" }));
  const signingAlgorithm = signingWith(key);
  const usages: webcrypto.KeyUsage[] = ["sign"];
  const signingKey = await crypto.subtle.importKey("pkcs8", der, signingAlgorithm, false, usages);
  return { signingKey, signingAlgorithm };
}

/** How a key signs; `undefined` for one that does not sign certificates here. */
function signingOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject) {
  if (type === "rsa") return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;
  if (type === "ed25519") return { name: "Ed25519" } as const;
  const curve = type === "ec" ? curves[details?.namedCurve ?? ""] : undefined;
  return curve && { name: "ECDSA", ...curve };
}

const curves: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: "P-256", hash: "SHA-256" },
  secp384r1: { namedCurve: "P-384", hash: "SHA-384" },
  secp521r1: { namedCurve: "P-521", hash: "SHA-512" },
};

/**
 * Whether an authority may issue certificates at a moment. `Invalid` with the name of the file that is wrong, and never
 * with anything of its key.
 */
export function checkAuthority({ certificate, key, names }: Authority, now: number): void {
  const signer = readable(names.certificate, "certificate", () => new NodeCertificate(certificate));
  const signing = readable(names.key, "private key without a password", () =>
    createPrivateKey(key),
  );
  if (!signer.ca) throw failure("Invalid", `${names.certificate} is no authority`);
  if (!signer.checkPrivateKey(signing)) {
    throw failure("Invalid", `${names.key} is not the key of ${names.certificate}`);
  }
  signingWith(signing, names.key);
  if (signer.validToDate.getTime() <= now) {
    throw failure("Invalid", `${names.certificate} has expired; make a new authority`);
  }
}

function signingWith(key: KeyObject, name = "the key") {
  const signing = signingOf(key);
  if (signing) return signing;
  throw failure(
    "Invalid",
    `${name}: expected a key of RSA, ECDSA (P-256, P-384, P-521) or Ed25519`,
  );
}

function readable<T>(name: string, what: string, read: () => T): T {
  try {
    return read();
  } catch {
    // What the library says of a key is not repeated.
    throw failure("Invalid", `${name}: expected a ${what} (PEM)`);
  }
}

function pem(certificate: { toString(format: "pem"): string }): string {
  return `${certificate.toString("pem").trim()}\n`;
}

function keyPem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: "pkcs8", format: "pem" }).toString();
}
