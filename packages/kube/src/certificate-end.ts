import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** When a certificate (PEM, the first of several) ends, in milliseconds since the epoch; `undefined` when it cannot be read. */
export function certificateEnd(pem: Buffer): number | undefined {
  try {
    return moment(new X509Certificate(pem).validTo);
  } catch {
    return undefined;
  }
}

/** The same of the certificate that the other side of a connection has shown. */
export function peerCertificateEnd(socket: Socket): number | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerCertificate();
  // Without a certificate it is an empty object.
  return "valid_to" in certificate ? moment(certificate.valid_to) : undefined;
}

function moment(text: string): number | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
