import { expect, test } from "vitest";
import type { Run } from "@octoplane/kinds/run";
import { csvOf, fieldTable, runFields } from "./compare-runs.ts";

function run(name: string, env: object, status: object = {}): Run {
  return {
    metadata: { name },
    spec: { application: "lab", workload: { name: "solve" }, env, note: "", args: ["--n", "5"] },
    status: {
      state: "COMPLETED",
      reason: null,
      cluster: { name: "berlin" },
      started: "2026-01-01T00:00:00Z",
      ended: "2026-01-01T00:01:30Z",
      exit_code: 0,
      last_lines: ["one", "two"],
      ...status,
    },
  } as unknown as Run;
}

test("a run tells what it was given and what came of it", () => {
  expect(runFields(run("a", { SEED: "7" }))).toMatchObject({
    name: "a",
    "env SEED": "7",
    args: "--n 5",
    seconds: "90",
    exit_code: "0",
    last_lines: "one\ntwo",
  });
  const waiting = { started: null, ended: null, exit_code: null, cluster: null };
  expect(runFields(run("b", {}, waiting))).toMatchObject({
    seconds: "",
    exit_code: "",
    cluster: "",
  });
});

test("runs with different variables have all of them in one table", () => {
  const { names, rows } = fieldTable([run("a", { SEED: "7" }), run("b", { SIZE: "big" })]);
  const seed = names.indexOf("env SEED");
  const size = names.indexOf("env SIZE");
  expect(rows.map((row) => [row[seed], row[size]])).toEqual([
    ["7", ""],
    ["", "big"],
  ]);
});

test("values with commas, quotes and lines stay values, and none becomes a formula", () => {
  expect(csvOf([["a", 'say "hi", twice', "x\ny", "=SUM(A1)", "-5", "-x"]])).toBe(
    `a,"say ""hi"", twice","x\ny",'=SUM(A1),-5,'-x\r\n`,
  );
});
