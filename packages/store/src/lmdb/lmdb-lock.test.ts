import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockDirectory, startTime } from "./lmdb-lock.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "octoplane-lock-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("a directory is locked once at a time and leaves nothing behind", () => {
  const first = lockDirectory(directory);
  expect(() => lockDirectory(directory)).toThrow("in use by this process");
  first[Symbol.dispose]();
  using _second = lockDirectory(directory);
  expect(readdirSync(directory)).toEqual(["lock"]);
});

test("a directory under another name is the same directory", () => {
  const other = `${directory}-link`;
  symlinkSync(directory, other);
  try {
    using _first = lockDirectory(directory);
    expect(() => lockDirectory(other)).toThrow("in use by this process");
  } finally {
    rmSync(other);
  }
});

test("the lock of a living process holds, and falls when its number belongs to another", () => {
  const path = join(directory, "lock");
  const own = lockDirectory(directory);
  const holder: object = JSON.parse(readFileSync(path, "utf8"));
  own[Symbol.dispose]();
  writeFileSync(path, JSON.stringify(holder));
  expect(() => lockDirectory(directory)).toThrow(`in use by process ${process.pid}`);
  writeFileSync(path, JSON.stringify({ ...holder, started: "1" }));
  lockDirectory(directory)[Symbol.dispose]();
  writeFileSync(path, JSON.stringify({ ...holder, boot: "an earlier one" }));
  lockDirectory(directory)[Symbol.dispose]();
  writeFileSync(path, JSON.stringify({ ...holder, pid: 4_194_304 }));
  lockDirectory(directory)[Symbol.dispose]();
});

test("a lock file that a crash left empty does not block", () => {
  writeFileSync(join(directory, "lock"), "");
  lockDirectory(directory)[Symbol.dispose]();
});

test("the start of a process is read past a name with brackets and blanks", () => {
  const fields = Array.from({ length: 30 }, (_, field) => `${field + 3}`);
  expect(startTime(`12 (a) b (c) ${fields.join(" ")}`)).toBe("22");
});
