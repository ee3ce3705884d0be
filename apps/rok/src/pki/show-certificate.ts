import { X509Certificate } from "node:crypto";
import { failure, messageOf } from "@octoplane/shared/errors";
import { isoTime } from "@octoplane/shared/clock";

/** What a certificate says, for people and for programs. */
export interface CertificateView {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  readonly not_before: string;
  readonly not_after: string;
  readonly days_left: number;
  readonly authority: boolean;
  readonly names: readonly string[];
  readonly usages: readonly string[];
  readonly sha256: string;
}

/** The certificates of a PEM text, in their order. `Invalid` when there is none, or one cannot be read. */
export function viewCertificates(text: string, path: string, now: number): CertificateView[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw failure("Invalid", `${path} holds no certificate (PEM)`);
  return blocks.map((block) => {
    try {
      return view(new X509Certificate(block), now);
    } catch (error) {
      throw failure(
        "Invalid",
        `${path} holds a certificate that cannot be read: ${messageOf(error)}`,
      );
    }
  });
}

function view(certificate: X509Certificate, now: number): CertificateView {
  const { validFromDate, validToDate } = certificate;
  return {
    subject: certificate.subject.split("\n").join(", "),
    issuer: certificate.issuer.split("\n").join(", "),
    serial: certificate.serialNumber.toLowerCase(),
    not_before: isoTime(validFromDate.getTime()),
    not_after: isoTime(validToDate.getTime()),
    days_left: Math.floor((validToDate.getTime() - now) / 86_400_000),
    authority: certificate.ca,
    names: (certificate.subjectAltName ?? "").split(", ").filter((name) => name !== ""),
    // Node gives the extended usages here, as numbers.
    usages: (certificate.keyUsage ?? []).map((usage) => usageNames[usage] ?? usage),
    sha256: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
  };
}

const usageNames: Readonly<Record<string, string>> = {
  "1.3.6.1.5.5.7.3.1": "server",
  "1.3.6.1.5.5.7.3.2": "client",
};
