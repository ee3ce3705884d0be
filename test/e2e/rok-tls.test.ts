import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { issueCertificate } from "@octoplane/kube/testing/certificate";
import { exitStatus } from "@octoplane/rok/exit-status";
import { systemClock } from "@octoplane/shared/clock";
import { openRokField, type RokField } from "./rok-field.ts";
import type { RokRun } from "./rok-run.ts";

/** The command line against the whole system over TLS. */
let field: RokField;

beforeAll(async () => {
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
  const settings = (folder: string): object => {
    const at = (name: string): string => join(folder, name);
    const [cert, key, client_ca] = [at("server.crt"), at("server.key"), at("ca.crt")];
    return { api: { tls: { enabled: true, cert, key, client_ca } } };
  };
  field = await openRokField([], { files, settings });
});

afterAll(async () => await field?.[Symbol.asyncDispose]());

const rok = (...line: readonly string[]): Promise<RokRun> => field.rok(line);

it("the server of a data directory is found by its address of https, and trusted with --ca only", async () => {
  expect(field.server.address).toMatch(/^https:/);
  const refused = await rok("kube", "app", "list");
  expect([refused.status, refused.out]).toEqual([exitStatus.unreachable, ""]);
  const listed = await rok("core", "role", "list", "--ca", "ca.crt");
  expect([listed.err, listed.status]).toEqual(["", exitStatus.ok]);
  expect(listed.out).toContain("role:system");
});

it("a file of Krake's form shows a certificate, whose groups may have a role; a watch goes over TLS too", async () => {
  const binding = "metadata: {name: operators}\nusers: []\ngroups: [ops]\nroles: ['role:system']\n";
  await writeFile(join(field.folder, "binding.yaml"), binding);
  const made = await rok("core", "rolebinding", "create", "-f", "binding.yaml", "--ca", "ca.crt");
  expect([made.err, made.status]).toEqual(["", exitStatus.ok]);
  const block = "tls: {enabled: true, client_ca: ca.crt, client_cert: me.crt, client_key: me.key}";
  const url = field.server.address.replace("https", "http");
  await writeFile(join(field.folder, "krake.yaml"), `api_url: ${url}\nuser: kay\n${block}\n`);
  const config = ["--config", "krake.yaml"];
  const manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, namespace: default}\n";
  await writeFile(join(field.folder, "app.yaml"), manifest);
  const app = await rok("kube", "app", "create", "one", "-f", "app.yaml", ...config);
  expect([app.err, app.status]).toEqual(["", exitStatus.ok]);
  const wait = ["--wait", "--timeout", "20s"];
  const gone = await rok("kube", "app", "delete", "one", ...wait, ...config);
  expect([gone.err, gone.status]).toEqual([expect.any(String), exitStatus.ok]);
});
