import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { tlsFetch } from "@octoplane/rok/access/tls-fetch";
import { runRok } from "./rok-run.ts";

/** Certificates of `rok pki` between real ends of TLS. */
let folder: string;
const at = (name: string): string => join(folder, "pki", name);
const pem = (name: string): string => readFileSync(at(name), "utf8");
const rok = (...args: readonly string[]) => runRok(["pki", ...args], { folder });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rok-pki-"));
  for (const line of [
    "init pki",
    "issue pki api --server --host localhost --host 127.0.0.1 --host ::1",
    "issue pki elsewhere --server --host other.example",
    "issue pki kay --client --group ops --group dev",
  ]) {
    const made = await rok(...line.split(" "));
    expect([line, made.err, made.status]).toEqual([line, "", exitStatus.ok]);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function serve(pair: string): Promise<Server & AsyncDisposable> {
  const options = { cert: pem(`${pair}.crt`), key: pem(`${pair}.key`), ca: pem("ca.crt") };
  const asks = { requestCert: true, rejectUnauthorized: false, minVersion: "TLSv1.2" } as const;
  const server = createServer({ ...options, ...asks }, (request, response) => {
    const socket = request.socket as TLSSocket;
    const { CN, O } = socket.getPeerCertificate().subject ?? {};
    response.end(JSON.stringify({ isTrusted: socket.authorized, CN, O }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function ask(server: Server, client?: string): Promise<unknown> {
  const { port } = server.address() as AddressInfo;
  const own = client ? { cert: pem(`${client}.crt`), key: pem(`${client}.key`) } : {};
  const response = await tlsFetch({ ca: pem("ca.crt"), ...own })(`https://127.0.0.1:${port}/`, {
    headers: { connection: "close" },
  });
  return await response.json();
}

it("a client trusts the server by its address, and the server knows the client by name and groups", async () => {
  await using server = await serve("api");
  expect(await ask(server, "kay")).toEqual({ isTrusted: true, CN: "kay", O: ["ops", "dev"] });
  expect(await ask(server)).toEqual({ isTrusted: false });
});

it("a certificate is good for what it was issued for only", async () => {
  await using server = await serve("api");
  // That of a server is none of a client, and the other way round.
  expect(await ask(server, "elsewhere")).toMatchObject({ isTrusted: false });
  await using other = await serve("elsewhere");
  await expect(ask(other)).rejects.toThrow(/altnames/);
  await using client = await serve("kay");
  await expect(ask(client)).rejects.toThrow();
});

it("a renewed certificate is for the same, with another key and serial number", async () => {
  const before = [pem("kay.crt"), pem("kay.key")];
  expect(await rok("renew", "pki", "kay")).toMatchObject({ err: "", status: exitStatus.ok });
  expect(pem("kay.crt")).not.toBe(before[0]);
  expect(pem("kay.key")).not.toBe(before[1]);
  await using server = await serve("api");
  expect(await ask(server, "kay")).toEqual({ isTrusted: true, CN: "kay", O: ["ops", "dev"] });
});

it("keys are for their owner only, and nothing is overwritten", async () => {
  for (const name of ["ca", "api", "kay"])
    expect(statSync(at(`${name}.key`)).mode & 0o777).toBe(0o600);
  const before = pem("ca.crt");
  expect((await rok("init", "pki")).err).toContain("exists already");
  expect((await rok("issue", "pki", "kay", "--client")).status).toBe(exitStatus.refused);
  expect((await rok("issue", "pki", "../x", "--client")).err).toContain("expected a name");
  expect((await rok("issue", "pki", "ca", "--client")).err).toContain("not ca");
  expect((await rok("issue", "pki", "x", "--client", "--host", "y")).status).toBe(exitStatus.usage);
  expect((await rok("issue", "pki", "x", "--server")).status).toBe(exitStatus.usage);
  expect(pem("ca.crt")).toBe(before);
});

it("what a certificate says is shown, to programs too", async () => {
  const shown = await rok("show", "pki/api.crt", "-o", "json");
  expect(JSON.parse(shown.out)).toMatchObject([
    { subject: "CN=localhost", authority: false, usages: ["server"], days_left: 364 },
  ]);
  expect((await rok("show", "pki/kay.crt")).out).toContain("O=ops, O=dev, CN=kay");
  expect((await rok("show", "pki/kay.key")).err).toContain("holds no certificate");
});

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

it.runIf(hasOpenssl)(
  "openssl finds nothing wrong with them, not for fifty years either",
  async () => {
    const long = await rok("init", "long", "--days", "18250");
    expect(long.status).toBe(exitStatus.ok);
    const verify = (...args: readonly string[]): string =>
      execFileSync("openssl", ["verify", "-x509_strict", "-CAfile", ...args], { encoding: "utf8" });
    expect(verify(at("ca.crt"), "-purpose", "sslserver", at("api.crt"))).toContain("OK");
    expect(verify(at("ca.crt"), "-purpose", "sslclient", at("kay.crt"))).toContain("OK");
    const authority = join(folder, "long/ca.crt");
    expect(verify(authority, authority)).toContain("OK");
  },
);
