import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueCertificate, type TestCertificate } from "@octoplane/kube/testing/certificate";
import { tlsFetch } from "@octoplane/rok/access/tls-fetch";
import { findAccess } from "@octoplane/rok/access/find-server";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import type { OpenServer, ServerBench } from "./server-bench.ts";

const now = Date.now();
const authority = (name: string) => ({ name, ...issueCertificate({ name, now }) });

/** TLS, certificates of clients, certificates that change, and clients that are slow. */
export function tlsSuite(open: OpenServer): void {
  const folder = mkdtempSync(join(tmpdir(), "octoplane-tls-"));
  const path = (name: string): string => join(folder, name);
  const put = (name: string, text: string): string => {
    writeFileSync(path(name), text);
    return path(name);
  };
  const ca = authority("the authority");
  const strangers = authority("another authority");
  const putServer = (issuer: typeof ca): void => {
    const { certificate, key } = issueCertificate({ name: "octoplane", issuer, now });
    put("server.crt", certificate);
    put("server.key", key);
  };
  const tls = () => ({
    enabled: true,
    cert: path("server.crt"),
    key: path("server.key"),
    client_ca: put("ca.crt", ca.certificate),
    reload_interval: 0.05,
  });
  let server: ServerBench;
  beforeAll(async () => {
    putServer(ca);
    server = await open({ tls: tls() });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const client = (name: string, issuer = ca, organizations: readonly string[] = []) =>
    issueCertificate({ name, issuer, organizations, now });
  const call = async (
    certificate?: TestCertificate,
    options: {
      readonly token?: string;
      readonly trust?: string;
      readonly path?: string;
      readonly at?: string;
    } = {},
  ): Promise<{ readonly status: number; readonly body: Json }> => {
    const fetch = tlsFetch({
      ca: options.trust ?? ca.certificate,
      ...(certificate ? { cert: certificate.certificate, key: certificate.key } : {}),
    });
    const { token } = options;
    const response = await fetch(`${options.at ?? server.address}${options.path ?? "/me"}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    return { status: response.status, body: await response.json() };
  };

  it("speaks TLS only, and shows a certificate that its clients can check", async () => {
    expect(server.address).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const token = server.tokenOf("system:admin");
    expect((await call(undefined, { token })).body.user).toBe("system:admin");
    await expect(call(undefined, { trust: strangers.certificate })).rejects.toThrow();
    await expect(fetch(server.address.replace("https", "http"))).rejects.toThrow();
    const old = new Promise((resolve, reject) => {
      const port = Number(new URL(server.address).port);
      const options = {
        port,
        host: "127.0.0.1",
        maxVersion: "TLSv1.1",
        ca: ca.certificate,
      } as const;
      connectTls({ ...options, minVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" })
        .on("secureConnect", resolve)
        .on("error", reject);
    });
    await expect(old).rejects.toThrow();
  });

  it("takes the name and the groups of a client from its certificate, and its rights from both", async () => {
    const dora = client("dora", ca, ["team-a", "team-b"]);
    expect(await call(dora)).toEqual({
      status: 200,
      body: { user: "dora", groups: ["team-a", "team-b"], roles: [] },
    });
    expect((await call(dora, { path: "/core/roles" })).status).toBe(403);
    const admin = client("system:admin");
    expect((await call(admin, { path: "/core/roles" })).status).toBe(200);
    expect((await call()).status).toBe(401);
  });

  it("takes who shows no certificate for the static user, and never who shows a wrong one", async () => {
    const strategy = { static: { enabled: true, name: "team-lead" } };
    await using other = await open({ tls: tls(), authentication: { strategy } });
    const of = (certificate?: TestCertificate) => call(certificate, { at: other.address });
    expect((await of()).body.user).toBe("team-lead");
    expect((await of(client("dora"))).body.user).toBe("dora");
    expect((await of(client("dora", strangers))).status).toBe(401);
  });

  it("refuses a certificate of another authority, or without a name, whatever token comes with it", async () => {
    const forged = client("system:admin", { ...strangers, name: ca.name });
    const foreign = client("system:admin", strangers);
    const itself = issueCertificate({ name: "system:admin", now });
    for (const certificate of [
      forged,
      foreign,
      itself,
      client(""),
      client("a\nb"),
      client("x".repeat(256)),
    ]) {
      for (const token of [undefined, server.tokenOf("system:admin")]) {
        const { status, body } = await call(certificate, token === undefined ? {} : { token });
        expect([status, body.detail]).toEqual([401, expect.stringContaining("certificate")]);
      }
    }
  });

  it("takes new certificates over without a restart, and keeps the old ones while the new are wrong", async () => {
    const token = server.tokenOf("system:admin");
    const works = async (issuer: typeof ca): Promise<boolean> =>
      (await call(undefined, { token, trust: issuer.certificate }).catch(() => undefined)) !==
      undefined;
    put("server.key", "nonsense");
    await waitFor("the warning", () => server.logged().includes("do not do; the old ones stay"));
    expect(await works(ca)).toBe(true);
    putServer(strangers);
    await waitFor("the new certificate", () => works(strangers));
    expect(await works(ca)).toBe(false);
    putServer(ca);
    await waitFor("the old certificate", () => works(ca));
    put("ca.crt", strangers.certificate);
    const foreign = client("eve", strangers);
    await waitFor("the new authority", async () => (await call(foreign)).status === 200);
    expect((await call(client("eve"))).status).toBe(401);
    put("ca.crt", ca.certificate);
    await waitFor("the old authority", async () => (await call(foreign)).status === 401);
  });

  it("ends at once though clients hold connections, with requests and without", async () => {
    const other = await open({ tls: tls() });
    const port = Number(new URL(other.address).port);
    const idle = connectTcp(port, "127.0.0.1");
    await new Promise((resolve) => idle.once("connect", resolve));
    const greeted = connectTls({ port, host: "127.0.0.1", ca: ca.certificate });
    await new Promise((resolve) => greeted.once("secureConnect", resolve));
    const ends = [idle, greeted].map(closed);
    const began = performance.now();
    await other[Symbol.asyncDispose]();
    await Promise.all(ends);
    expect(performance.now() - began).toBeLessThan(8_000);
  });

  it("a request under way when the server ends comes to its own end", async () => {
    const other = await open({ tls: tls() });
    const port = Number(new URL(other.address).port);
    const socket = connectTls({ port, host: "127.0.0.1", ca: ca.certificate });
    const text = textOf(socket);
    const body = JSON.stringify({ metadata: { name: "late" }, rules: [] });
    socket.write(
      `POST /core/roles HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${other.tokenOf("system:admin")}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n` +
        "Expect: 100-continue\r\n\r\n",
    );
    const first = await new Promise((resolve) =>
      socket.once("data", (part) => resolve(String(part))),
    );
    expect(first).toMatch(/^HTTP\/1.1 100 /);
    const ended = other[Symbol.asyncDispose]();
    await waitFor("no new connections", async () => {
      const probe = connectTcp(port, "127.0.0.1");
      const isOpen = await new Promise<boolean>((resolve) => {
        probe.once("connect", () => resolve(true)).once("error", () => resolve(false));
      });
      probe.destroy();
      return !isOpen;
    });
    socket.write(body);
    expect(await text).toContain("HTTP/1.1 200 ");
    await ended;
  });

  describe("settings", () => {
    it("that are wrong stop the start, and are named", async () => {
      const wrong: readonly [object, string][] = [
        [{ enabled: true }, "tls.cert: expected a file"],
        [{ ...tls(), key: path("none") }, `tls.key ${path("none")} cannot be read`],
        [{ ...tls(), key: put("other.key", strangers.key) }, "tls: certificate, key"],
      ];
      for (const [settings, message] of wrong) {
        await expect(open({ tls: settings })).rejects.toThrow(message);
      }
    });
  });

  it("rok finds authority, certificate and key in its file, and sends them to no other server", async () => {
    const me = client("rok-user");
    put("me.crt", me.certificate);
    put("me.key", me.key);
    const block =
      "tls: {enabled: true, client_ca: ca.crt, client_cert: me.crt, client_key: me.key}";
    put("rok.yaml", `api_url: ${server.address}\n${block}\n`);
    const io = { cwd: folder, environment: () => undefined };
    const access = await findAccess({}, io);
    const response = await tlsFetch(access.tls ?? {})(`${access.address}/me`);
    expect(((await response.json()) as Json).user).toBe("rok-user");
    expect((await findAccess({ server: "https://127.0.0.1:1" }, io)).tls).toBeUndefined();
  });
}

/** Clients that do not get to the end of what they send. */
export function slowClientSuite(open: OpenServer): void {
  it("a client that sends its headers or its body slowly is cut off, others are served meanwhile", async () => {
    await using server = await open({ request_timeout: 0.3 });
    const port = Number(new URL(server.address).port);
    const token = server.tokenOf("system:admin");
    const head =
      `POST /core/roles HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
      "Content-Type: application/json\r\nContent-Length: 100\r\n";
    const sockets = ["GET / HTTP/1.1\r\nHo", head, `${head}\r\n{"meta`].map((text) => {
      const socket = connectTcp(port, "127.0.0.1");
      socket.write(text);
      return { socket, text: textOf(socket) };
    });
    expect((await server.call("GET", "/me")).status).toBe(200);
    for (const { text } of sockets) expect(await text).toMatch(/^(HTTP\/1.1 408 |$)/);
    expect((await server.call("GET", "/core/roles")).body.items).toHaveLength(11);
  });
}

function closed(socket: Socket | TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.on("error", () => undefined);
    socket.once("close", () => resolve());
    socket.resume();
  });
}

async function textOf(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await closed(socket);
  return text;
}
