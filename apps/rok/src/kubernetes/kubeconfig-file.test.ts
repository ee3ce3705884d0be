import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "@octoplane/shared/clock";
import { readKubeconfig } from "./kubeconfig-file.ts";
import type { Io } from "../io.ts";

let folder: string;
let io: Io;

const two = `
apiVersion: v1
kind: Config
current-context: work
clusters:
- {name: one, cluster: {server: "https://one:6443", certificate-authority: pki/ca.crt}}
- {name: two, cluster: {server: "https://two:6443", certificate-authority: nowhere.crt,
    certificate-authority-data: aW5saW5l}}
contexts:
- {name: work, context: {cluster: one, user: someone}}
- {name: play, context: {cluster: two, user: robot}}
- {name: cloud, context: {cluster: two, user: aws}}
users:
- {name: someone, user: {client-certificate: pki/me.crt, client-key: pki/me.key}}
- {name: robot, user: {tokenFile: pki/token, token: old}}
- {name: aws, user: {exec: {command: aws, args: [eks, get-token]}}}
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rok-kubeconfig-"));
  await mkdir(join(folder, "kube", "pki"), { recursive: true });
  const files = {
    config: two,
    "pki/ca.crt": "CA\u00e9",
    "pki/me.crt": "CERT",
    "pki/me.key": "KEY",
  };
  for (const [name, text] of Object.entries({ ...files, "pki/token": "fresh\n" })) {
    await writeFile(join(folder, "kube", name), text);
  }
  io = {
    out: () => undefined,
    err: () => undefined,
    columns: undefined,
    readInput: async () => two,
    environment: (name) => (name === "HOME" ? folder : undefined),
    cwd: folder,
    clock: systemClock,
  };
});

afterAll(() => rm(folder, { recursive: true }));

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

test("files are looked for beside the kubeconfig and put into it, byte for byte", async () => {
  const { kubeconfig, clusterName } = await readKubeconfig({ path: "kube/config" }, io);
  expect(clusterName).toBe("one");
  expect(kubeconfig).toEqual({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "work",
    contexts: [{ name: "work", context: { cluster: "one", user: "someone" } }],
    clusters: [
      {
        name: "one",
        cluster: {
          server: "https://one:6443",
          "certificate-authority-data": base64("CA\u00e9"),
        },
      },
    ],
    users: [
      {
        name: "someone",
        user: {
          "client-certificate-data": base64("CERT"),
          "client-key-data": base64("KEY"),
        },
      },
    ],
  });
});

test("what is inline wins over its file, a token file over its token", async () => {
  const { kubeconfig } = await readKubeconfig({ path: "kube/config", context: "play" }, io);
  expect(kubeconfig).toMatchObject({
    clusters: [{ cluster: { "certificate-authority-data": "aW5saW5l" } }],
    users: [{ user: { token: "fresh" } }],
  });
  expect(JSON.stringify(kubeconfig)).not.toMatch(/nowhere|tokenFile|old/);
});

test("a program that logs in is refused, with a way out", async () => {
  const reading = readKubeconfig({ path: "kube/config", context: "cloud" }, io);
  await expect(reading).rejects.toThrow(/users\[0\]\.user\.exec: .*\(aws\).*kubectl create token/);
});

test("without a path it is $KUBECONFIG, or the file in the home folder", async () => {
  const environment = (name: string) =>
    name === "KUBECONFIG" ? join(folder, "kube", "config") : undefined;
  const { clusterName } = await readKubeconfig({}, { ...io, environment });
  expect(clusterName).toBe("one");
  const several = {
    ...io,
    environment: (name: string) => (name === "KUBECONFIG" ? "a:b" : undefined),
  };
  await expect(readKubeconfig({}, several)).rejects.toThrow("names 2 files");
  await expect(readKubeconfig({}, io)).rejects.toThrow(join(folder, ".kube", "config"));
});

test("the standard input has its files beside the working folder", async () => {
  const inside = { ...io, cwd: join(folder, "kube") };
  expect((await readKubeconfig({ path: "-" }, inside)).clusterName).toBe("one");
  await expect(readKubeconfig({ path: "-" }, io)).rejects.toThrow(
    /certificate-authority .*ca\.crt/,
  );
});

test("a context that is not there is named with those that are", async () => {
  const reading = readKubeconfig({ path: "kube/config", context: "x" }, io);
  await expect(reading).rejects.toThrow("work, play, cloud");
});
