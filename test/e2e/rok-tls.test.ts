import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readAs } from "@octoplane/kinds/read-input";
import { issueCertificate } from "@octoplane/kube/testing/certificate";
import { exitStatus } from "@octoplane/rok/exit-status";
import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { StandaloneConfigSchema, type StandaloneConfig } from "@octoplane/standalone/config";
import { start, type Standalone } from "@octoplane/standalone/start";
import { runRok, type RokRun } from "./rok-run.ts";

/** The command line against the whole system over TLS. */
let folder: string;
let server: Standalone;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rok-tls-"));
  const now = systemClock.now();
  const ca = { name: "authority", ...issueCertificate({ name: "authority", now }) };
  const own = issueCertificate({ name: "octoplane", issuer: ca, now });
  const me = issueCertificate({ name: "kay", organizations: ["ops"], issuer: ca, now });
  const files = {
    "ca.crt": ca.certificate,
    "server.crt": own.certificate,
    "server.key": own.key,
    "me.crt": me.certificate,
    "me.key": me.key,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const at = (name: string): string => join(folder, name);
  const tls = {
    enabled: true,
    cert: at("server.crt"),
    key: at("server.key"),
    client_ca: at("ca.crt"),
  };
  const settings = { data_dir: at("data"), listen: "127.0.0.1:0", api: { tls } };
  server = await start(readAs<StandaloneConfig>(StandaloneConfigSchema, settings), silentLog);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const rok = (...line: readonly string[]): Promise<RokRun> => runRok(line, { folder });

it("the server of a data directory is found by its address of https, and trusted with --ca only", async () => {
  expect(server.address).toMatch(/^https:/);
  const refused = await rok("kube", "app", "list");
  expect([refused.status, refused.out]).toEqual([exitStatus.unreachable, ""]);
  const listed = await rok("core", "role", "list", "--ca", "ca.crt");
  expect([listed.err, listed.status]).toEqual(["", exitStatus.ok]);
  expect(listed.out).toContain("role:system");
});

it("a file of Krake's form shows a certificate, whose groups may have a role; a watch goes over TLS too", async () => {
  const binding = "metadata: {name: operators}\nusers: []\ngroups: [ops]\nroles: ['role:system']\n";
  await writeFile(join(folder, "binding.yaml"), binding);
  const made = await rok("core", "rolebinding", "create", "-f", "binding.yaml", "--ca", "ca.crt");
  expect([made.err, made.status]).toEqual(["", exitStatus.ok]);
  const block = "tls: {enabled: true, client_ca: ca.crt, client_cert: me.crt, client_key: me.key}";
  const url = server.address.replace("https", "http");
  await writeFile(join(folder, "krake.yaml"), `api_url: ${url}\nuser: kay\n${block}\n`);
  const config = ["--config", "krake.yaml"];
  const manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, namespace: default}\n";
  await writeFile(join(folder, "app.yaml"), manifest);
  const app = await rok("kube", "app", "create", "one", "-f", "app.yaml", ...config);
  expect([app.err, app.status]).toEqual(["", exitStatus.ok]);
  const wait = ["--wait", "--timeout", "20s"];
  const gone = await rok("kube", "app", "delete", "one", ...wait, ...config);
  expect([gone.err, gone.status]).toEqual([expect.any(String), exitStatus.ok]);
});
