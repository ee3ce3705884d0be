import { systemClock } from "@octoplane/shared/clock";
import { isFailure } from "@octoplane/shared/errors";
import { silentLog } from "@octoplane/shared/log";
import { lineOf, put, Watcher } from "@octoplane/store/conformance/harness";
import { openStore, type StoreOptions } from "@octoplane/store/open";
import type { Store } from "@octoplane/store/store";
import { Etcd3 } from "etcd3";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasEtcd, startEtcd } from "./etcd-server.ts";

const parts = { clock: systemClock, log: silentLog };

describe.runIf(hasEtcd())("an etcd that lets not everyone in", () => {
  test("is used with a user and a password, also when it no longer knows our token", async () => {
    await using server = await startEtcd({ fsync: false });
    await enableUsers(server.hosts[0]!);
    const options = { user: "root", password: "secret" };
    await using store = await openStore(server.url, options, parts);
    const revision = await store.commit([], [put("/a", "1")]);
    await using watcher = new Watcher(store, "/", revision);
    // Tokens are kept in memory, so a restart forgets them as their time would.
    await server.kill();
    await server.restart();
    await commitAgain(store, "2");
    await watcher.until(() => watcher.changes.length > 0);
    expect(watcher.changes.map(lineOf)).toEqual(["put /a 2"]);
    expect(await codeWith(server.url, {})).toBe("Unavailable");
    expect(await codeWith(server.url, { user: "root", password: "wrong" })).toBe("Unavailable");
  });

  test("is spoken to over TLS, with a certificate of ours when it asks for one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "octoplane-tls-"));
    try {
      const { ca, cert, key, args } = makeCertificates(folder);
      await using server = await startEtcd({ fsync: false, scheme: "https", args });
      await using store = await openStore(server.url, { ca, cert, key }, parts);
      const revision = await store.commit([], [put("/a", "1")]);
      expect((await store.get("/a"))?.revision).toBe(revision);
      await using watcher = new Watcher(store, "/", 0n);
      await watcher.until(() => watcher.changes.length === 1);
      expect(await codeWith(server.url, { ca })).toBe("Unavailable");
      expect(await codeWith(server.url, {})).toBe("Unavailable");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

async function codeWith(url: string, options: StoreOptions): Promise<string | undefined> {
  await using store = await openStore(url, options, parts);
  const error: unknown = await store.get("/a").catch((reason: unknown) => reason);
  return isFailure(error) ? error.code : undefined;
}

/** The first request after a restart may still meet the old connection. */
async function commitAgain(store: Store, value: string): Promise<void> {
  for (;;) {
    try {
      await store.commit([], [put("/a", value)]);
      return;
    } catch (error) {
      if (!isFailure(error, "Unavailable")) throw error;
    }
  }
}

async function enableUsers(host: string): Promise<void> {
  const client = new Etcd3({ hosts: `http://${host}` });
  await client.auth.userAdd({ name: "root", password: "secret" });
  await client.auth.roleAdd({ name: "root" });
  await client.auth.userGrantRole({ user: "root", role: "root" });
  await client.auth.authEnable();
  client.close();
}

/** One authority, one certificate for both sides, made by openssl in the folder. */
function makeCertificates(folder: string): {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly args: readonly string[];
} {
  const run = (...args: readonly string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const authority = ["-CA", "ca.crt", "-CAkey", "ca.key"];
  const address = ["-addext", "subjectAltName=IP:127.0.0.1"];
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
  run("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=ca");
  const own = ["-keyout", "it.key", "-out", "it.crt", "-subj", "/CN=it"];
  run("req", "-x509", ...newKey, ...own, ...authority, ...address, ...leaf);
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  return {
    ca: read("ca.crt"),
    cert: read("it.crt"),
    key: read("it.key"),
    args: Object.entries({
      "--cert-file": join(folder, "it.crt"),
      "--key-file": join(folder, "it.key"),
      "--trusted-ca-file": join(folder, "ca.crt"),
      "--client-cert-auth": "true",
    }).map(([name, value]) => `${name}=${value}`),
  };
}
