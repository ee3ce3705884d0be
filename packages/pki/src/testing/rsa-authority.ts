import { KeyObject, type webcrypto } from "node:crypto";

/** Authorities for tests as many have them: a root with a key of RSA, and another one that it has signed. */

export interface TestAuthority {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
}

const algorithm = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2_048,
} as const;

/** Good for a year around `now`, in milliseconds. */
export async function rsaAuthorities(
  now: number,
): Promise<{ readonly root: TestAuthority; readonly intermediate: TestAuthority }> {
  const root = await rsaAuthority("an RSA root", now);
  const intermediate = await rsaAuthority("an RSA signer", now, root);
  return { root, intermediate };
}

type Signer = TestAuthority & { readonly name: string; readonly keys: webcrypto.CryptoKeyPair };

async function rsaAuthority(name: string, now: number, issuer?: Signer): Promise<Signer> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const signer = issuer ?? { name, keys };
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: issuer === undefined ? "01" : "02",
    subject: `CN=${name}`,
    issuer: `CN=${signer.name}`,
    notBefore: new Date(now - halfYearMs),
    notAfter: new Date(now + halfYearMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: signer.keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(signer.keys.publicKey),
    ],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" }).toString();
  return { name, keys, certificate: `${certificate.toString("pem").trim()}\n`, key };
}

const halfYearMs = 183 * 86_400_000;
