import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { systemClock } from "@octoplane/shared/clock";
import { expect, test } from "vitest";
import { certificateEnd } from "./certificate-end.ts";
import { connectKube } from "./http-kube.ts";
import { issueCertificate } from "./testing/certificate.ts";

test("the end of a certificate is read from its text, and nothing from any other text", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const { certificate } = issueCertificate({ name: "one", now });
  expect(certificateEnd(Buffer.from(certificate))).toBeGreaterThan(now);
  for (const text of ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA"]) {
    expect(certificateEnd(Buffer.from(text))).toBeUndefined();
  }
});

test("a connection tells when the first of both certificates ends", async () => {
  const now = systemClock.now();
  const { certificate, key } = issueCertificate({ name: "127.0.0.1", now });
  const server = createServer({ cert: certificate, key }, (_request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ gitVersion: "v1.36.3", major: "1", minor: "36" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    clusters: [
      {
        name: "c",
        cluster: { server: `https://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
      },
    ],
    users: [{ name: "u", user: { token: "t" } }],
  };
  try {
    await using kube = connectKube(kubeconfig, { clock: systemClock });
    expect(kube.certificateExpires()).toBeUndefined();
    await kube.version();
    expect(kube.certificateExpires()).toBe(certificateEnd(Buffer.from(certificate)));
  } finally {
    server.close();
  }
});
