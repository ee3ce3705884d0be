import { generateKeyPairSync, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { systemRandom } from "@octoplane/shared/random";
import {
  checkAuthority,
  hostNames,
  issueAuthority,
  issueCertificate,
  purposeOf,
  type Authority,
} from "./certificate.ts";
import { rsaAuthorities } from "./testing/rsa-authority.ts";

const moment = { now: Date.parse("2026-07-01T12:00:00Z"), days: 30, random: systemRandom };
const names = { certificate: "ca.crt", key: "ca.key" };

async function authorityOf(name: string, days = moment.days): Promise<Authority> {
  return { ...(await issueAuthority(name, { ...moment, days })), names };
}

it("hosts are told apart into names and addresses, once each", () => {
  expect(hostNames(["localhost", "127.0.0.1", "[::1]", "*.example.org", "localhost"])).toEqual([
    { type: "dns", value: "localhost" },
    { type: "ip", value: "127.0.0.1" },
    { type: "ip", value: "::1" },
    { type: "dns", value: "*.example.org" },
  ]);
  expect(hostNames(["köln.example"])).toEqual([{ type: "dns", value: "xn--kln-sna.example" }]);
});

it("what is neither a name nor an address is refused", () => {
  for (const host of ["", "a b", "http://x", "x:80", "300.1.2.3", "a..b", "*", "-x", "a/b"]) {
    expect(() => hostNames([host]), host).toThrow("--host");
  }
});

it("whatever a client is called, its successor is for the same", async () => {
  const authority = await authorityOf("authority");
  const name = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(name, fc.array(name, { maxLength: 3 }), async (user, groups) => {
      const purpose = { type: "client", user, groups } as const;
      const issued = await issueCertificate(authority, purpose, moment);
      expect(await purposeOf(issued.certificate)).toEqual({ purpose, days: 30 });
    }),
    { numRuns: 40 },
  );
});

it("nothing outlives its authority, and an authority that is over issues nothing", async () => {
  const authority = await authorityOf("authority", 10);
  const purpose = { type: "server", hosts: ["localhost"] } as const;
  const issued = await issueCertificate(authority, purpose, moment);
  expect(issued.notAfter).toBe(moment.now + 10 * 86_400_000);
  const later = { ...moment, now: moment.now + 11 * 86_400_000 };
  await expect(issueCertificate(authority, purpose, later)).rejects.toThrow("has expired");
});

it("a key of another authority, and a certificate that is none, are refused", async () => {
  const one = await authorityOf("one");
  const other = await authorityOf("other");
  const purpose = { type: "client", user: "kay", groups: [] } as const;
  const mixed = { ...one, key: other.key };
  await expect(issueCertificate(mixed, purpose, moment)).rejects.toThrow("is not the key");
  const leaf = await issueCertificate(one, purpose, moment);
  await expect(issueCertificate({ ...leaf, names }, purpose, moment)).rejects.toThrow(
    "no authority",
  );
});

it("an authority with a key of RSA signs as well, and is named by its own identifier", async () => {
  const { intermediate } = await rsaAuthorities(moment.now);
  const purpose = { type: "client", user: "kay", groups: [] } as const;
  const issued = await issueCertificate({ ...intermediate, names }, purpose, moment);
  const [signer, leaf] = [intermediate, issued].map((one) => new X509Certificate(one.certificate));
  expect(leaf!.verify(signer!.publicKey)).toBe(true);
  expect(leaf!.checkIssued(signer!)).toBe(true);
  expect(leaf!.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
  expect(leaf!.serialNumber).toMatch(/^[0-9A-F]{32}$/);
  expect(await purposeOf(issued.certificate)).toEqual({ purpose, days: 30 });
});

it("what is wrong with a file is told with its name, and nothing of what is in it", async () => {
  const authority = await authorityOf("authority");
  const cases = [
    [{ ...authority, certificate: "s3cret" }, "ca.crt: expected a certificate (PEM)"],
    [{ ...authority, key: "s3cret" }, "ca.key: expected a private key without a password (PEM)"],
    [{ ...authority, key: ed448() }, "ca.key is not the key of ca.crt"],
  ] as const;
  for (const [wrong, message] of cases) {
    expect(() => checkAuthority(wrong, moment.now)).toThrow(message);
    expect(() => checkAuthority(wrong, moment.now)).not.toThrow("s3cret");
  }
});

function ed448(): string {
  const { privateKey } = generateKeyPairSync("ed448");
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
