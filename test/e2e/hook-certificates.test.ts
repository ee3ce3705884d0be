import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import { startSim } from "@octoplane/kube-sim/start-sim";
import { issueAuthority, issueCertificate } from "@octoplane/pki/certificate";
import { rsaAuthorities } from "@octoplane/pki/testing/rsa-authority";
import { tlsFetch } from "@octoplane/rok/access/tls-fetch";
import { systemClock } from "@octoplane/shared/clock";
import { systemRandom as random } from "@octoplane/shared/random";
import { openConstellation } from "../constellation.ts";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { applications, Field, meddle, peek } from "./field.ts";
import { echo } from "./manifests.ts";

/** Applications that call back with a certificate, because the API is served with TLS (docs/hooks.md). */

let folder: string;
let field: Field;
const path = (name: string): string => join(folder, name);

/** A root for clients with a signer of RSA below it, and an authority of ECDSA for the server that signs as well. */
async function putFiles(): Promise<string> {
  const moment = { now: systemClock.now(), days: 365, random };
  const ca = await issueAuthority("authority of the server", moment);
  const authority = { ...ca, names: { certificate: "ca.crt", key: "ca.key" } };
  const purpose = { type: "server", hosts: ["127.0.0.1"] } as const;
  const server = await issueCertificate(authority, purpose, moment);
  const { root, intermediate } = await rsaAuthorities(moment.now);
  const texts = {
    "ca.crt": ca.certificate,
    "ca.key": ca.key,
    "clients.crt": `${root.certificate}${ca.certificate}`,
    "server.crt": server.certificate,
    "server.key": server.key,
    "signer.crt": intermediate.certificate,
    "signer.key": intermediate.key,
  };
  for (const [name, text] of Object.entries(texts)) await writeFile(path(name), text);
  return ca.certificate;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hook-certificates-"));
  const ca = await putFiles();
  const tls = {
    enabled: true,
    cert: path("server.crt"),
    key: path("server.key"),
    client_ca: path("clients.crt"),
  };
  const complete = {
    intermediate_src: path("signer.crt"),
    intermediate_key_src: path("signer.key"),
    ca_src: path("ca.crt"),
  };
  const shutdown = {
    intermediate_src: path("ca.crt"),
    intermediate_key_src: path("ca.key"),
    hook_user: "robot",
    cert_dest: "/certs",
  };
  const settings = {
    api: { tls },
    app_controller: { start_grace: 0.4, hooks: { complete, shutdown } },
  };
  const sim = await startSim({ clock: systemClock, random });
  field = new Field(await openConstellation({ settings, send: tlsFetch({ ca }) }), sim);
});

afterAll(async () => {
  await field?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** What a container finds of a hook on its cluster. */
function foundIn(cluster: SimCluster, app: string, hook: string) {
  const texts = (secret: string): Readonly<Record<string, string>> => {
    const data: Json = peek(cluster, "Secret", `${app}-krake-${hook}-secret-${secret}`).data;
    return Object.fromEntries(
      Object.entries<string>(data).map(([key, text]) => [
        key,
        Buffer.from(text, "base64").toString(),
      ]),
    );
  };
  const words = texts("token");
  const files = texts("certs");
  const show = {
    ca: files["ca-bundle.pem"]!,
    cert: files["cert.pem"]!,
    key: files["key.pem"]!,
  };
  return { token: words[`krake_${hook}_token`]!, url: words[`krake_${hook}_url`]!, ...show };
}

/** A call with the certificate, and with nothing else. */
async function call(
  found: ReturnType<typeof foundIn>,
  method: string,
  url: string,
  token?: string,
): Promise<{ readonly status: number; readonly body: Json }> {
  const response = await tlsFetch(found)(url, {
    method,
    headers: { "content-type": "application/json" },
    ...(token === undefined ? {} : { body: JSON.stringify({ token }) }),
  });
  return { status: response.status, body: await response.json() };
}

async function create(
  name: string,
  cluster: SimCluster,
  hooks: readonly string[],
): Promise<string> {
  await field.createOn(cluster, name, { manifest: echo(name), hooks });
  await field.untilRuns(name, cluster);
  return name;
}

it("an application completes with the certificate that it finds, as the user that this names", async () => {
  const cluster = await field.cluster();
  const app = await create("done", cluster, ["complete"]);
  const { template } = peek(cluster, "Deployment", "done").spec;
  expect(template.spec.volumes).toMatchObject([
    { name: "krake-complete-certs", secret: { secretName: `${app}-krake-complete-secret-certs` } },
  ]);
  expect(template.spec.containers[0].volumeMounts).toMatchObject([
    { mountPath: "/etc/krake_complete_certs/", readOnly: true },
  ]);
  const found = foundIn(cluster, app, "complete");
  expect(found.url).toMatch(/^https:/);
  const me = await call(found, "GET", `${field.octoplane.address}/me`);
  expect(me.body.user).toBe("system:complete-hook");
  expect((await call(found, "PUT", found.url, "a wrong one")).status).toBe(401);
  expect(await call(found, "PUT", found.url, found.token)).toMatchObject({ status: 200 });
  await field.untilGone(app);
  expect(peek(cluster, "Secret", `${app}-krake-complete-secret-certs`)).toBeUndefined();
});

it("another user has the rights that its roles give it, and no more", async () => {
  const cluster = await field.cluster();
  const app = await create("robotic", cluster, ["shutdown"]);
  const found = foundIn(cluster, app, "shutdown");
  const { template } = peek(cluster, "Deployment", "robotic").spec;
  expect(template.spec.containers[0].volumeMounts).toMatchObject([{ mountPath: "/certs" }]);
  expect((await call(found, "GET", `${field.octoplane.address}/me`)).body.user).toBe("robot");
  expect((await call(found, "PUT", found.url, found.token)).status).toBe(403);
  await field.rest.ok("POST", "/core/rolebindings", {
    metadata: { name: "robots" },
    users: ["robot"],
    groups: [],
    roles: ["role:system:shutdown-hook"],
  });
  await waitFor("the robot may call", async () => {
    const { status } = await call(found, "PUT", found.url, found.token);
    return status === 200;
  });
  await field.rest.ok("DELETE", `${applications}/${app}?force=True`);
});

it("the files are put right, the key is told to nobody, and both go with the hook", async () => {
  const cluster = await field.cluster();
  const app = await create("kept", cluster, ["complete", "shutdown"]);
  const before = foundIn(cluster, app, "complete");
  const { status } = await field.read(app);
  expect(status).toMatchObject({ complete_key: "REDACTED", shutdown_key: "REDACTED" });
  expect(before.cert.startsWith(status.complete_cert)).toBe(true);
  const events = await field.rest.ok("GET", `${applications}/${app}/events`);
  expect(JSON.stringify([status, events])).not.toContain("PRIVATE KEY");
  const secret = `${app}-krake-complete-secret-certs`;
  await meddle(cluster, `/api/v1/namespaces/default/secrets/${secret}`, {
    data: { "cert.pem": "eA==" },
  });
  await waitFor("it is put right", () => foundIn(cluster, app, "complete").cert === before.cert);
  // What is put into Pods for hooks is no difference to what somebody wrote.
  const { spec } = await field.read(app);
  const same = await field.rest.ok("POST", `${applications}/${app}/differences`, { spec });
  expect(same.items).toEqual([]);
  await field.change(app, (changed) => void (changed.hooks = ["shutdown"]));
  await field.untilRuns(app, cluster);
  expect(peek(cluster, "Secret", secret)).toBeUndefined();
  const { volumes } = peek(cluster, "Deployment", "kept").spec.template.spec;
  expect(volumes).toMatchObject([{ name: "krake-shutdown-certs" }]);
  const after = (await field.read(app)).status;
  expect([after.complete_cert, after.complete_key]).toEqual([null, null]);
  await field.rest.ok("DELETE", `${applications}/${app}?force=True`);
});

it("another signer makes another certificate, once, and the Pods stay", async () => {
  const cluster = await field.cluster();
  const app = await create("renewed", cluster, ["complete"]);
  const before = foundIn(cluster, app, "complete");
  const pods = JSON.stringify(peek(cluster, "Deployment", "renewed").spec.template);
  const next = await issueAuthority("next", { now: systemClock.now(), days: 30, random });
  await field.octoplane.restart(async () => {
    await writeFile(path("signer.crt"), next.certificate);
    await writeFile(path("signer.key"), next.key);
  });
  await waitFor("it is renewed", () => foundIn(cluster, app, "complete").cert !== before.cert);
  const { cert } = foundIn(cluster, app, "complete");
  const signer = new X509Certificate(next.certificate);
  expect(new X509Certificate(cert).verify(signer.publicKey)).toBe(true);
  expect(JSON.stringify(peek(cluster, "Deployment", "renewed").spec.template)).toBe(pods);
  const stored = (await field.read(app)).status.complete_cert;
  await field.octoplane.restart();
  await field.change(app, (spec) => void (spec.manifest[0].spec.replicas = 2));
  await field.untilRuns(app, cluster);
  expect((await field.read(app)).status.complete_cert).toBe(stored);
  expect(foundIn(cluster, app, "complete").cert).toBe(cert);
  await field.remove(app);
});
