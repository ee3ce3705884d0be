import { expect, test } from "vitest";
import { parse } from "yaml";
import { anyKind } from "@octoplane/kinds/kind";
import { MetricKind } from "@octoplane/kinds/metric";
import { systemClock } from "@octoplane/shared/clock";
import type { Io } from "../io.ts";
import { printMany, printOne } from "./print-resource.ts";
import { readFormat } from "./output-format.ts";
import { Session } from "../session.ts";

const kind = anyKind(MetricKind);
const evil = "x\u001b[2J\u009b\u202e";
const metric = {
  api: "core",
  kind: "Metric",
  metadata: {
    name: "load",
    namespace: "n",
    labels: { a: "1", b: evil },
    created: "2026-07-01T10:09:56.123Z",
    modified: "2026-07-01T10:09:57.000Z",
    deleted: null,
  },
  spec: { min: 0, max: 1, allowed_values: [], provider: { name: "p", metric: "m" } },
} as never;

async function printed(output: string, columns?: number, many = true): Promise<string> {
  const parts: string[] = [];
  const io: Io = {
    out: (text) => void parts.push(text),
    err: () => undefined,
    columns,
    readInput: async () => "",
    environment: () => undefined,
    cwd: "/",
    clock: systemClock,
  };
  const session = new Session(io, { output: readFormat(output) });
  await (many ? printMany(session, kind, [metric]) : printOne(session, kind, metric));
  return parts.join("");
}

test("a list has the common columns, then the kind's own, in one line per object", async () => {
  const [titles, row] = (await printed("table")).split("\n");
  expect(titles?.split(/ {2,}/)).toEqual([
    "name",
    "namespace",
    "labels",
    "created",
    "modified",
    "deleted",
    "provider",
    "min",
    "max",
    "allowed_values",
  ]);
  expect(row).toContain("a=1, b=x\ufffd[2J\ufffd\ufffd  2026-07-01 10:09:56Z");
});

test("a list fits the terminal", async () => {
  for (const line of (await printed("table", 80)).split("\n")) {
    expect([...line].length).toBeLessThanOrEqual(80);
  }
});

test("one object shows its wide columns too", async () => {
  const text = await printed("table", undefined, false);
  expect(text).toMatch(/^labels +a=1\n {2,}b=x/m);
  expect(text).toMatch(/^direction +higher$/m);
});

test("JSON and YAML give back the very object, harmless to a terminal", async () => {
  const json = await printed("json");
  const yaml = await printed("yaml");
  expect(JSON.parse(json)).toEqual([metric]);
  expect(parse(yaml)).toEqual([metric]);
  expect(json + yaml).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});
