import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readAs } from "@octoplane/kinds/read-input";
import { issueAuthority, purposeOf } from "@octoplane/pki/certificate";
import { rsaAuthorities } from "@octoplane/pki/testing/rsa-authority";
import { systemRandom as random } from "@octoplane/shared/random";
import { AppControllerConfigSchema, type AppControllerConfig } from "../config.ts";
import { filesOf, freshPair, readSigners, type HookSigner } from "./hook-certificates.ts";

const now = Date.parse("2026-07-01T12:00:00Z");
const dayMs = 86_400_000;
let folder: string;
let texts: Readonly<Record<string, string>>;
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hook-certificates-"));
  const { root, intermediate } = await rsaAuthorities(now);
  const other = await issueAuthority("other", { now, days: 3_650, random });
  texts = {
    "root.crt": root.certificate,
    "signer.crt": intermediate.certificate,
    "signer.key": intermediate.key,
    "chain.crt": `for people\n${intermediate.certificate}${root.certificate}`,
    "other.crt": other.certificate,
    "other.key": other.key,
    "empty.crt": "nothing",
  };
  for (const [name, text] of Object.entries(texts)) await writeFile(path(name), text);
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

type Words = Readonly<Record<string, string>>;

async function read(complete: Words, shutdown: Words = {}) {
  const files = (words: Words): Words =>
    Object.fromEntries(
      Object.entries(words).map(([key, name]) => [key, key.endsWith("_src") ? path(name) : name]),
    );
  const hooks = { complete: files(complete), shutdown: files(shutdown) };
  const settings = readAs<AppControllerConfig>(AppControllerConfigSchema, { hooks });
  return await readSigners(settings.hooks, now);
}

const rsa = { intermediate_src: "chain.crt", intermediate_key_src: "signer.key" };
const ecdsa = { intermediate_src: "other.crt", intermediate_key_src: "other.key" };

async function signerOf(words: Words): Promise<HookSigner> {
  return (await read(words)).get("complete")!;
}

it("without files there are no certificates, and each hook may have its own", async () => {
  expect([...(await read({})).keys()]).toEqual([]);
  expect([...(await read({}, rsa)).keys()]).toEqual(["shutdown"]);
  expect([...(await read(rsa, ecdsa)).keys()]).toEqual(["complete", "shutdown"]);
});

it("a certificate comes with what leads to its root, and with the authorities to trust", async () => {
  const signer = await signerOf({ ...rsa, ca_src: "other.crt" });
  const pair = (await freshPair(signer, null, { now, random }))!;
  expect((await purposeOf(pair.certificate)).purpose).toEqual({
    type: "client",
    user: "system:complete-hook",
    groups: [],
  });
  expect(filesOf(signer, pair)).toEqual({
    folder: "/etc/krake_complete_certs/",
    bundle: [texts["signer.crt"], texts["root.crt"], texts["other.crt"]].join(""),
    certificate: `${pair.certificate}${texts["signer.crt"]}`,
    key: pair.key,
  });
  expect(filesOf(signer, undefined)).toBeUndefined();
  expect(filesOf(undefined, pair)).toBeUndefined();
});

it("a certificate stays until a third of its time is left", async () => {
  const signer = await signerOf(ecdsa);
  const { certificate } = (await freshPair(signer, null, { now, random }))!;
  const at = (days: number) => freshPair(signer, certificate, { now: now + days * dayMs, random });
  expect(new X509Certificate(certificate).validToDate.getTime()).toBe(now + 365 * dayMs);
  expect(await at(0)).toBeUndefined();
  expect(await at(242)).toBeUndefined();
  const next = (await at(245))!;
  expect(new X509Certificate(next.certificate).validToDate.getTime()).toBe(now + 610 * dayMs);
  expect(next.certificate).not.toBe(certificate);
});

it("it is made anew for another signer or user, and when it is none of ours", async () => {
  const signer = await signerOf(ecdsa);
  const { certificate } = (await freshPair(signer, null, { now, random }))!;
  const others = [await signerOf(rsa), await signerOf({ ...ecdsa, hook_user: "robot" })];
  for (const other of others) {
    expect(await freshPair(other, certificate, { now, random })).toBeDefined();
  }
  for (const wrong of ["", "what is this", texts["other.crt"]!]) {
    expect(await freshPair(signer, wrong, { now, random })).toBeDefined();
  }
});

it("no certificate outlives its signer, and none is made for nothing when that is soon over", async () => {
  const signer = await signerOf(rsa);
  const end = new X509Certificate(texts["signer.crt"]!).validToDate.getTime();
  const { certificate } = (await freshPair(signer, null, { now, random }))!;
  expect(new X509Certificate(certificate).validToDate.getTime()).toBe(end);
  expect(await freshPair(signer, certificate, { now: end - dayMs, random })).toBeUndefined();
  expect(await freshPair(signer, null, { now: end, random })).toBeUndefined();
});

it("what is wrong in the settings is told with the name of the setting and the file", async () => {
  const { intermediate_src: source, intermediate_key_src: key } = rsa;
  const alone = "hooks.complete.intermediate_src has no effect without hooks.complete.intermediate";
  await expect(read({ intermediate_src: source })).rejects.toThrow(alone);
  await expect(read({ intermediate_key_src: key })).rejects.toThrow("_key_src has no effect");
  await expect(read({ ca_src: "root.crt" })).rejects.toThrow("hooks.complete.ca_src has no effect");
  await expect(read({ ...rsa, intermediate_src: "no.crt" })).rejects.toThrow(path("no.crt"));
  await expect(read({}, { ...rsa, intermediate_key_src: "no.key" })).rejects.toThrow(
    `hooks.shutdown.intermediate_key_src ${path("no.key")} cannot be read`,
  );
  await expect(read({ ...rsa, ca_src: "empty.crt" })).rejects.toThrow("holds no certificate");
  await expect(read({ ...rsa, intermediate_key_src: "other.key" })).rejects.toThrow(
    "other.key is not the key of hooks.complete.intermediate_src",
  );
});

it("two hooks do not share a folder, whatever way it is written", async () => {
  const at = (folderName: string) => ({ ...rsa, cert_dest: folderName });
  for (const [one, other] of [
    ["/etc/krake_cert", "/etc/krake_cert"],
    ["/etc/krake_cert/", "/etc//krake_cert"],
    ["/certs", "/certs/shutdown"],
  ] as const) {
    await expect(read(at(one), at(other))).rejects.toThrow("expected two folders");
  }
  expect((await read(at("/certs/a"), at("/certs/ab"))).size).toBe(2);
  // Without certificates nothing is mounted.
  expect((await read(at("/certs"), { cert_dest: "/certs" })).size).toBe(1);
  for (const wrong of ["certs", "/", "/a:b"]) await expect(read(at(wrong))).rejects.toThrow();
});
