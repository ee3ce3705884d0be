import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "@octoplane/shared/clock";
import type { Io } from "../io.ts";
import { readSecret, type SecretSource } from "./secret-flag.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rok-secret-"));
  await writeFile(join(folder, "one"), "from file\n");
  await writeFile(join(folder, "two"), "a\nb\n");
  await writeFile(join(folder, "none"), "\n");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const asked: string[] = [];
const io = (more: Partial<Io> = {}): Io => ({
  out: () => undefined,
  err: () => undefined,
  columns: undefined,
  readInput: async () => "from input\r\n",
  environment: (name) => ({ SECOND: "from environment", EMPTY: "" })[name],
  cwd: folder,
  clock: systemClock,
  ...more,
});
const atTerminal = io({
  async askSecret(question) {
    asked.push(question);
    return "from terminal";
  },
});
const read = async (source: Partial<SecretSource>, where: Io = io()): Promise<string | undefined> =>
  await readSecret(
    { noun: "password", value: undefined, file: undefined, variables: [], ask: false, ...source },
    where,
  );

test("a credential comes from its flag, its file, the input, the environment or the terminal", async () => {
  expect(await read({ value: "from flag", variables: ["SECOND"] })).toBe("from flag");
  expect(await read({ file: "one", variables: ["SECOND"] })).toBe("from file");
  expect(await read({ file: "-" })).toBe("from input");
  expect(await read({ variables: ["FIRST", "EMPTY", "SECOND"], ask: true }, atTerminal)).toBe(
    "from environment",
  );
  expect(asked).toEqual([]);
  expect(await read({ ask: true }, atTerminal)).toBe("from terminal");
  expect(asked).toEqual(["password: "]);
});

test("it is asked for only where somebody sits, and when it is needed", async () => {
  expect(await read({ ask: true })).toBeUndefined();
  expect(await read({}, atTerminal)).toBeUndefined();
});

test("a file without one line, or none at all, is refused and never shown", async () => {
  for (const file of ["two", "none"]) {
    await expect(read({ file })).rejects.toThrow(`--password-file: expected one line in ${file}`);
  }
  await expect(read({ file: "missing" })).rejects.toThrow("missing cannot be read");
  await expect(read({ file: "one", value: "x" })).rejects.toThrow("not both");
});
