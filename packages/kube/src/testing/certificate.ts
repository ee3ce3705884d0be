import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";

/**
 * Certificates for tests of TLS (X.509 v3 in DER, ECDSA over P-256), made on the spot so that no
 * key lies in the repository. Only what Node's TLS looks at: names, times, whether it is an
 * authority, the addresses it is for.
 */

export interface TestCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
}

export interface CertificateOptions {
  readonly name: string;
  /** Signs itself, as an authority, when left out. */
  readonly issuer?: { readonly name: string; readonly key: string };
  readonly dnsNames?: readonly string[];
  readonly organizations?: readonly string[];
  /** For the year of this moment and the one after it. */
  readonly now: number;
}

export function issueCertificate(options: CertificateOptions): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const signer = options.issuer ? createPrivateKey(options.issuer.key) : privateKey;
  const body = bodyOf(options, publicKey);
  const signature = sign("sha256", body, signer);
  const certificate = der(0x30, [body, ecdsaWithSha256, bits(signature)]);
  return {
    certificate: pem(certificate),
    key,
  };
}

/** Text of lines of 64 characters. An empty line at the end, when the last one is full, would make it unreadable. */
export function pem(certificate: Buffer): string {
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

/** One value in DER: tag, length, content. */
function der(tag: number, parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length;
  const head =
    length < 128
      ? [tag, length]
      : length < 256
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

const oid = (hex: string): Buffer => der(0x06, [Buffer.from(hex, "hex")]);
const bits = (content: Buffer): Buffer => der(0x03, [Buffer.from([0]), content]);
const octets = (parts: readonly Buffer[]): Buffer => der(0x04, parts);
const yes = der(0x01, [Buffer.from([0xff])]);
/** 1.2.840.10045.4.3.2 */
const ecdsaWithSha256 = der(0x30, [oid("2a8648ce3d040302")]);

/** A distinguished name: organizations (2.5.4.10), and a common name (2.5.4.3). */
function nameOf(name: string, organizations: readonly string[] = []): Buffer {
  const part = (type: string, text: string): Buffer =>
    der(0x31, [der(0x30, [oid(type), der(0x0c, [Buffer.from(text)])])]);
  return der(0x30, [...organizations.map((text) => part("55040a", text)), part("550403", name)]);
}

function bodyOf(options: CertificateOptions, publicKey: KeyObject): Buffer {
  const year = new Date(options.now).getUTCFullYear();
  const timeOf = (text: string): Buffer => der(0x18, [Buffer.from(text)]);
  // Version 3, a serial number that differs by name, names, times, the key, extensions.
  return der(0x30, [
    der(0xa0, [der(0x02, [Buffer.from([2])])]),
    der(0x02, [Buffer.concat([Buffer.from([1]), Buffer.from(options.name)])]),
    ecdsaWithSha256,
    nameOf(options.issuer?.name ?? options.name),
    der(0x30, [timeOf(`${year}0101000000Z`), timeOf(`${year + 1}1231235959Z`)]),
    nameOf(options.name, options.organizations),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, [der(0x30, extensionsOf(options))]),
  ]);
}

/**
 * Basic constraints (2.5.29.19) of an authority, or alternative names (2.5.29.17) with 127.0.0.1
 * among them.
 */
function extensionsOf({ issuer, dnsNames = [] }: CertificateOptions): readonly Buffer[] {
  if (!issuer) return [der(0x30, [oid("551d13"), yes, octets([der(0x30, [yes])])])];
  const names = [
    ...dnsNames.map((name) => der(0x82, [Buffer.from(name)])),
    der(0x87, [Buffer.from([127, 0, 0, 1])]),
  ];
  return [der(0x30, [oid("551d11"), octets([der(0x30, names)])])];
}
