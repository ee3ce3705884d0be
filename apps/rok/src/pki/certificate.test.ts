import fc from "fast-check";
import { expect, it } from "vitest";
import { systemRandom } from "@octoplane/shared/random";
import { hostNames, issueAuthority, issueCertificate, purposeOf } from "./certificate.ts";

const moment = { now: Date.parse("2026-07-01T12:00:00Z"), days: 30, random: systemRandom };

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
  const authority = await issueAuthority("authority", moment);
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
  const authority = await issueAuthority("authority", { ...moment, days: 10 });
  const purpose = { type: "server", hosts: ["localhost"] } as const;
  const issued = await issueCertificate(authority, purpose, moment);
  expect(issued.notAfter).toBe(moment.now + 10 * 86_400_000);
  const later = { ...moment, now: moment.now + 11 * 86_400_000 };
  await expect(issueCertificate(authority, purpose, later)).rejects.toThrow("has expired");
});

it("a key of another authority, and a certificate that is none, are refused", async () => {
  const one = await issueAuthority("one", moment);
  const other = await issueAuthority("other", moment);
  const purpose = { type: "client", user: "kay", groups: [] } as const;
  const mixed = { certificate: one.certificate, key: other.key };
  await expect(issueCertificate(mixed, purpose, moment)).rejects.toThrow("is not the key");
  const leaf = await issueCertificate(one, purpose, moment);
  await expect(issueCertificate(leaf, purpose, moment)).rejects.toThrow("no authority");
});
