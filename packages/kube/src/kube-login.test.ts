import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { systemClock } from "@octoplane/shared/clock";
import { afterEach, describe, expect, it } from "vitest";
import { connectKube } from "./http-kube.ts";
import { readLogin } from "./kube-login.ts";
import type { KubeVersion } from "./kube.ts";
import { issueCertificate } from "./testing/certificate.ts";
import { sendJson, startScriptedServer } from "./testing/scripted-server.ts";

const now = systemClock.now();
const authority = issueCertificate({ name: "authority", now });
const issuer = { name: "authority", key: authority.key };
const serving = issueCertificate({ name: "server", issuer, dnsNames: ["cluster.test"], now });
const client = issueCertificate({ name: "ann", issuer, now });
const stranger = issueCertificate({ name: "stranger", now });
const answer: KubeVersion = { gitVersion: "v1.2.3", major: "1", minor: "2" };

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const part of open.splice(0).toReversed()) await part[Symbol.asyncDispose]();
});

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function kubeconfigFor(server: string, cluster: object = {}, user: object = {}): object {
  return {
    clusters: [{ name: "c", cluster: { server, ...cluster } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
  };
}

function versionBy(kubeconfig: object): Promise<KubeVersion> {
  const kube = connectKube(kubeconfig, { clock: systemClock });
  open.push(kube);
  return kube.version();
}

async function tlsServer(): Promise<{ readonly url: string; readonly names: string[] }> {
  const names: string[] = [];
  const server = await startScriptedServer(
    (_request, response) => {
      const { subject } = (response.socket as TLSSocket).getPeerCertificate();
      names.push(String(subject?.CN ?? "nobody"));
      sendJson(response, answer);
    },
    {
      cert: serving.certificate,
      key: serving.key,
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: false,
    },
  );
  open.push(server);
  return { url: server.url, names };
}

describe("a server with TLS", () => {
  const trusted = { "certificate-authority-data": base64(authority.certificate) };

  it("is recognised by its authority, and sees the user's certificate", async () => {
    const { url, names } = await tlsServer();
    const user = {
      "client-certificate-data": base64(client.certificate),
      "client-key-data": base64(client.key),
    };
    expect(await versionBy(kubeconfigFor(url, trusted, user))).toEqual(answer);
    expect(await versionBy(kubeconfigFor(url, trusted))).toEqual(answer);
    expect(names).toEqual(["ann", "nobody"]);
  });

  it.each([
    ["of an authority that nobody named", {}],
    ["of another authority", { "certificate-authority-data": base64(stranger.certificate) }],
    ["for another name", { ...trusted, "tls-server-name": "other.test" }],
  ])("with a certificate %s is not talked to", async (_name, cluster) => {
    const { url, names } = await tlsServer();
    await expect(versionBy(kubeconfigFor(url, cluster, { token: "s3cret" }))).rejects.toMatchObject(
      {
        status: 0,
        reason: "ForeignCertificate",
        retry: false,
        message: expect.stringContaining("certificate-authority-data"),
      },
    );
    expect(names).toEqual([]);
  });

  it("may be known by a name of its own, or be trusted blindly on request", async () => {
    const { url } = await tlsServer();
    const named = { ...trusted, "tls-server-name": "cluster.test" };
    expect(await versionBy(kubeconfigFor(url, named))).toEqual(answer);
    const blind = { "insecure-skip-tls-verify": true };
    expect(await versionBy(kubeconfigFor(url, blind))).toEqual(answer);
  });

  it("that is asked without TLS, or has none when asked with it, does not answer", async () => {
    const { url } = await tlsServer();
    const plain = await startScriptedServer((_request, response) => sendJson(response, answer));
    open.push(plain);
    for (const address of [url.replace("https", "http"), plain.url.replace("http", "https")]) {
      await expect(versionBy(kubeconfigFor(address, trusted))).rejects.toMatchObject({
        reason: "Unreachable",
        retry: true,
      });
    }
  });

  it("is reached through a proxy that tunnels", async () => {
    const { url } = await tlsServer();
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on("connect", (request, socket) => {
      asked.push(String(request.url));
      const [host, port] = String(request.url).split(":");
      const upstream = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(socket).pipe(upstream);
      });
      socket.once("close", () => upstream.destroy());
      upstream.once("close", () => socket.destroy());
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    open.push({ [Symbol.asyncDispose]: async () => void proxy.close() });
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const kubeconfig = kubeconfigFor(url, { ...trusted, "proxy-url": proxyUrl });
    expect(await versionBy(kubeconfig)).toEqual(answer);
    expect(asked).toEqual([new URL(url).host]);
  });
});

describe("a kubeconfig", () => {
  const server = "https://10.0.0.1:6443/";

  it("gives what a connection needs", () => {
    const login = readLogin(kubeconfigFor(server, {}, { token: "s3cret" }));
    expect(login).toMatchObject({
      origin: "https://10.0.0.1:6443",
      basePath: "",
      defaultNamespace: "default",
      headers: { authorization: "Bearer s3cret" },
      tls: { rejectUnauthorized: true },
    });
  });

  it.each<[string, unknown]>([
    ["exec", kubeconfigFor(server, {}, { exec: { command: "touch", args: ["/tmp/x"] } })],
    ["auth-provider", kubeconfigFor(server, {}, { "auth-provider": { name: "gcp" } })],
    ["token-file", kubeconfigFor(server, {}, { "token-file": "/etc/hostname" })],
    ["client-key", kubeconfigFor(server, {}, { "client-key": "/etc/hostname" })],
    ["certificate-authority", kubeconfigFor(server, { "certificate-authority": "/ca" })],
    ["certificates or its key", kubeconfigFor(server, {}, { "client-key-data": base64("key") })],
    ["no http or https URL", kubeconfigFor("ftp://10.0.0.1")],
    ["proxy-url", kubeconfigFor(server, { "proxy-url": "socks5://10.0.0.2" })],
    ["has no cluster", {}],
    ["cannot be used", "text"],
    ["cannot be used", null],
  ])("with trouble in %s is refused before anything happens", (problem, kubeconfig) => {
    expect(() => connectKube(kubeconfig, { clock: systemClock })).toThrow(
      expect.objectContaining({
        reason: "InvalidKubeconfig",
        retry: false,
        message: expect.stringContaining(problem),
      }),
    );
  });
});
