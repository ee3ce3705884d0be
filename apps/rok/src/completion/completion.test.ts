import { describe, expect, test } from "vitest";
import { systemClock } from "@octoplane/shared/clock";
import { completionOf } from "./completion.ts";
import { buildProgram } from "../program.ts";

const program = buildProgram({
  io: {
    out: () => undefined,
    err: () => undefined,
    columns: undefined,
    readInput: async () => "",
    environment: () => undefined,
    cwd: "/",
    clock: systemClock,
  },
  session: undefined,
  status: 0,
});

function texts(line: string): readonly string[] {
  const { candidates, prefix, front } = completionOf(program, line.split(" "));
  return candidates.filter(({ text }) => text.startsWith(prefix)).map(({ text }) => front + text);
}

describe("what fits at the end of a command line", () => {
  const cases: readonly (readonly [line: string, expected: readonly string[]])[] = [
    ["ku", ["kube"]],
    ["kubern", ["kubernetes"]],
    ["kube ", ["cluster", "app", "run", "proxy", "policy", "globalpolicy", "help"]],
    ["kube app expl", ["explain"]],
    ["kube app list --watc", ["--watch"]],
    ["kube app list -o js", ["json", "jsonpath="]],
    ["kube app list --output=y", ["--output=yaml"]],
    ["kube app list --color ", ["auto", "always", "never"]],
    ["--server http://x kube clu", ["cluster"]],
    ["completion ", ["bash", "zsh", "fish"]],
    ["core mp create x --type k", ["kafka"]],
    ["core gm create ", []],
  ];
  for (const [line, expected] of cases) {
    test(`rok ${line}`, () => expect(texts(line)).toEqual(expected));
  }

  test("names, kinds and files are looked for elsewhere", () => {
    const also = (line: string): unknown => completionOf(program, line.split(" ")).also;
    expect(also("get ")).toEqual({ type: "kinds" });
    expect(also("describe app ")).toEqual({ type: "names", kind: "app" });
    expect(also("kube app get ")).toMatchObject({ type: "names", kind: { noun: "application" } });
    expect(also("core mp update ")).toMatchObject({ kind: { noun: "metrics provider" } });
    expect(also("apply -f ")).toEqual({ type: "files" });
    expect(also("get app --data-dir ")).toEqual({ type: "folders" });
    expect(also("auth can-i ")).toEqual({ type: "verbs" });
  });

  test("the flags that lead to the server are taken from the line, a provider's token is not", () => {
    const { flags } = completionOf(program, ["-n", "a", "get", "--server=http://x", "app", ""]);
    expect(flags).toEqual({ namespace: "a", server: "http://x" });
    const provider = ["core", "mp", "update", "p", "--token", "t", "--org", ""];
    expect(completionOf(program, provider).flags).toEqual({});
  });

  test("what helps completion itself is not offered", () => {
    expect(texts("__")).toEqual([]);
  });
});
