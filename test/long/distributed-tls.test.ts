import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DistributedConfigSchema, type DistributedConfig } from "@octoplane/distributed/config";
import { start } from "@octoplane/distributed/start";
import { readAs } from "@octoplane/kinds/read-input";
import { issueCertificate } from "@octoplane/kube/testing/certificate";
import { tlsFetch } from "@octoplane/rok/access/tls-fetch";
import { systemClock } from "@octoplane/shared/clock";
import { keyLine } from "@octoplane/shared/key-ring-text";
import { systemRandom } from "@octoplane/shared/random";
import { hasEtcd, startEtcd, type EtcdServer } from "../conformance/etcd-server.ts";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";

describe.runIf(hasEtcd())("separate processes with TLS and keys of their own", () => {
  let etcd: EtcdServer;
  let folder: string;
  let running: Awaited<ReturnType<typeof start>>;
  const path = (name: string): string => join(folder, name);
  const tokenKeys: readonly string[] = ["one.key", "two.key"];

  beforeAll(async () => {
    etcd = await startEtcd({ fsync: false });
    folder = await mkdtemp(join(tmpdir(), "octoplane-distributed-tls-"));
    const now = systemClock.now();
    const ca = { name: "authority", ...issueCertificate({ name: "authority", now }) };
    const own = issueCertificate({ name: "octoplane", issuer: ca, now });
    const me = issueCertificate({ name: "kay", issuer: ca, now });
    const files = {
      "ca.crt": ca.certificate,
      "server.crt": own.certificate,
      "server.key": own.key,
      "me.crt": me.certificate,
      "me.key": me.key,
      ...Object.fromEntries(tokenKeys.map((name) => [name, keyLine(systemRandom.bytes(32))])),
    };
    for (const [name, text] of Object.entries(files)) {
      await writeFile(path(name), text, { mode: 0o600 });
    }
    const config = readAs<DistributedConfig>(DistributedConfigSchema, {
      store: etcd.url,
      listen: "127.0.0.1:0",
      data_dir: path("data"),
      log_level: "silent",
      key_reload_interval: 0.1,
      token_keys: tokenKeys.map(path),
      tls: {
        enabled: true,
        cert: path("server.crt"),
        key: path("server.key"),
        client_ca: path("ca.crt"),
      },
    });
    running = await start(config, () => undefined);
  });
  afterAll(async () => {
    await running?.[Symbol.asyncDispose]();
    await etcd?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const pem = (name: string): Promise<string> => readFile(path(name), "utf8");
  const ask = async (
    file: string,
    { token, as }: { readonly token?: string; readonly as?: string } = {},
  ): Promise<[number, Json]> => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const own =
      as === undefined ? {} : { cert: await pem(`${as}.crt`), key: await pem(`${as}.key`) };
    const fetch = tlsFetch({ ca: await pem("ca.crt"), ...own });
    const response = await fetch(`${running.address}${file}`, { headers });
    return [response.status, await response.json()];
  };
  const adminToken = async () => (await readFile(path("data/admin.token"), "utf8")).trim();

  it("the API is served over TLS, and knows users by their certificates", async () => {
    expect(running.address).toMatch(/^https:/);
    const [, me] = await ask("/me", { as: "me" });
    expect(me.user).toBe("kay");
    expect((await ask("/me"))[0]).toBe(401);
  });

  it("tokens are signed by the first of the named files; a rotation reaches every process", async () => {
    const token = await adminToken();
    expect((await ask("/me", { token }))[1].user).toBe("system:admin");
    await expect(stat(path("data/token.key"))).rejects.toThrow("ENOENT");
    await writeFile(path("one.key"), keyLine(systemRandom.bytes(32)));
    await waitFor("tokens of the old key have ended", async () => {
      return (await ask("/me", { token }))[0] === 401;
    });
    const renewed = await waitFor("the administrator's token is renewed", async () => {
      const found = await adminToken();
      return found !== token && found;
    });
    expect((await ask("/me", { token: renewed }))[0]).toBe(200);
  });

  it("credentials stay readable while the sealing key is rotated under all processes", async () => {
    const file = path("data/sealing.key");
    const text = await readFile(file, "utf8");
    await writeFile(file, `${keyLine(systemRandom.bytes(32))}\n${text}`);
    const [status, keys] = await ask("/core/secrets/keys", { token: await adminToken() });
    expect([status, keys.items.map(({ state }: Json) => state)]).toEqual([200, ["current", "old"]]);
  });
});
