import { messageOf } from "@octoplane/shared/errors";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Type } from "typebox";
import { afterEach, beforeEach, expect, it } from "vitest";
import { processSchema } from "./process-config.ts";
import { loadSettings } from "./settings.ts";

const closed = { additionalProperties: false } as const;
const schema = processSchema(
  Type.Object({
    listen: Type.String({ default: "127.0.0.1:8080" }),
    tls: Type.Object(
      {
        enabled: Type.Boolean({ default: false }),
        cert: Type.Union([Type.String(), Type.Null()], { default: null }),
      },
      { ...closed, default: {} },
    ),
    issuers: Type.Array(Type.Object({ url: Type.String() }, closed), { default: [] }),
  }),
);

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "octoplane-settings-"))));
afterEach(() => rm(folder, { recursive: true }));

async function load(text: string, ...args: readonly string[]) {
  const file = join(folder, "api.yaml");
  await writeFile(file, text);
  return await loadSettings<Record<string, unknown>>(
    schema,
    ["--config", file, ...args],
    "api.yaml",
  );
}

it("flags win over the file, also one that says what is the default", async () => {
  const { settings } = await load(
    "listen: 1.2.3.4:1\nlog-level: debug\n",
    "--listen",
    "127.0.0.1:8080",
  );
  expect(settings).toMatchObject({ listen: "127.0.0.1:8080", log_level: "debug" });
});

it("the same holds over Krake's file", async () => {
  const text = "host: 1.2.3.4\nport: 1\netcd: {host: db}\n";
  const { settings } = await load(text, "--listen", "127.0.0.1:8080");
  expect(settings).toMatchObject({ listen: "127.0.0.1:8080", store: "etcd://db:2379" });
});

it("what is wrong is told with file, line, key and what was expected", async () => {
  const text = "listen: 7\ntls:\n  certt: x\n  enabled: maybe\nissuers:\n  - url: a\n  - ulr: b\n";
  const file = join(folder, "api.yaml");
  await expect(load(text, "--key-reload-interval", "0")).rejects.toMatchObject({
    fields: [
      { field: `${file}:3: tls.certt`, message: "unknown key (did you mean cert?)" },
      { field: `${file}:7: issuers[1].ulr`, message: "unknown key (did you mean url?)" },
      { field: "--key-reload-interval", message: expect.stringContaining("0.05") as string },
      { field: `${file}:1: listen`, message: "expected string (found number)" },
      { field: `${file}:4: tls.enabled`, message: "expected boolean (found string)" },
      { field: `${file}:7: issuers[1].url`, message: "expected, but missing" },
    ].map((field) => expect.objectContaining(field) as object),
  });
});

it("a value that came from one of Krake's keys is told with that key", async () => {
  const text = "port: 8080\nlog:\n  level: loud\ntls: {enabled: false, key: 5}\n";
  const file = join(folder, "api.yaml");
  await expect(load(text)).rejects.toMatchObject({
    fields: [
      { field: `${file}:3: log.level` },
      { field: `${file}:4: tls.key`, message: "expected text" },
    ],
  });
});

it("YAML that is none is told with its line, and none of its text", async () => {
  const error: unknown = await load("token: secret\n  x: [\n").catch((caught: unknown) => caught);
  expect(messageOf(error)).toMatch(/api\.yaml:\d: /);
  expect(messageOf(error)).not.toContain("secret");
  await expect(load("a: 1\n---\nb: 2\n")).rejects.toThrow(/api\.yaml/);
  await expect(load("- a\n")).rejects.toThrow("expected a YAML file of keys and values");
  await expect(load("log-level: info\nlog_level: info\n")).rejects.toThrow("stands twice");
});

it("one of Krake's files is refused where all processes are one, and none is read when none is wanted", async () => {
  const file = join(folder, "api.yaml");
  await writeFile(file, "host: localhost\n");
  await expect(loadSettings(schema, ["-c", file])).rejects.toThrow("one of Krake's files");
  const { settings } = await loadSettings(schema, ["-c", "none"], "api.yaml");
  expect(settings).toMatchObject({ listen: "127.0.0.1:8080" });
});
