import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "@octoplane/shared/clock";
import { keyLine, parseKeyRing, sealingKeyId } from "@octoplane/shared/key-ring-text";
import { systemRandom } from "@octoplane/shared/random";
import { exitStatus } from "../exit-status.ts";
import { readKeyText, replaceKeyText } from "./key-file.ts";
import { pruneProblem } from "./rotate-keys.ts";
import { run } from "../run.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rok-key-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function rok(line: string) {
  let [out, err] = ["", ""];
  const status = await run(line.split(" "), {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    columns: undefined,
    readInput: async () => "",
    environment: (name) => ({ HOME: folder })[name],
    cwd: folder,
    clock: systemClock,
  });
  return { status, out, err };
}

const path = (name: string): string => join(folder, name);
const idsIn = async (name: string): Promise<readonly string[]> =>
  parseKeyRing(await readFile(path(name), "utf8"), name).map(sealingKeyId);

test("a new file is for its owner only, and never takes the place of another", async () => {
  const made = await rok("key new a.key");
  const [id] = await idsIn("a.key");
  expect(made).toEqual({
    status: exitStatus.ok,
    out: `key       state\n${id}  current\n`,
    err: "",
  });
  expect((await stat(path("a.key"))).mode & 0o777).toBe(0o600);
  const again = await rok("key new a.key");
  expect([again.status, again.err]).toEqual([
    exitStatus.refused,
    expect.stringContaining("exists already"),
  ]);
  expect(await idsIn("a.key")).toEqual([id]);
});

test("a rotation puts a key in front and keeps the mode, the link and the comments; pruning leaves it alone", async () => {
  await writeFile(path("real.key"), `# of Kiel\n${keyLine(systemRandom.bytes(32))}\n`);
  await chmod(path("real.key"), 0o640);
  await symlink("real.key", path("a.key"));
  const [old] = await idsIn("a.key");
  expect((await rok("key rotate a.key")).status).toBe(0);
  const [fresh, ...others] = await idsIn("real.key");
  expect(others).toEqual([old]);
  expect((await stat(path("real.key"))).mode & 0o777).toBe(0o640);
  expect((await readdir(folder)).toSorted()).toEqual(["a.key", "real.key"]);
  const listed = await rok("key list a.key -o json");
  expect(JSON.parse(listed.out)).toEqual([
    { id: fresh, state: "current" },
    { id: old, state: "old" },
  ]);
  expect((await rok("key prune --offline a.key")).status).toBe(0);
  expect(await idsIn("a.key")).toEqual([fresh]);
  expect(await readFile(path("a.key"), "utf8")).toMatch(/^# of Kiel\n/);
});

test("a staged key waits behind the first until it is promoted", async () => {
  await rok("key new a.key");
  const [first] = await idsIn("a.key");
  const staged = await rok("key rotate --stage a.key -o json");
  const [, second] = await idsIn("a.key");
  expect(JSON.parse(staged.out)).toEqual([
    { id: first, state: "current" },
    { id: second, state: "staged" },
  ]);
  for (const line of ["key rotate a.key", "key prune --offline a.key"]) {
    expect((await rok(line)).err).toContain("promote it first");
  }
  expect((await rok("key promote a.key")).status).toBe(0);
  expect(await idsIn("a.key")).toEqual([second, first]);
  const again = await rok("key promote a.key");
  expect([again.status, again.err]).toEqual([exitStatus.refused, "rok: no key is staged here\n"]);
});

test("a file that holds what is no key is told by its line, and nothing of it is shown or changed", async () => {
  const text = `${keyLine(systemRandom.bytes(32))}\nmy-passphrase\n`;
  await writeFile(path("a.key"), text);
  for (const line of ["key list a.key", "key rotate a.key", "key prune --offline a.key"]) {
    const { status, out, err } = await rok(line);
    expect([status, out]).toEqual([exitStatus.refused, ""]);
    expect(err).toBe(`rok: ${path("a.key")}:2: expected 32 bytes in base64\n`);
  }
  expect(await readFile(path("a.key"), "utf8")).toBe(text);
});

test("pruning asks the server first, and does nothing without an answer", async () => {
  await rok("key new a.key");
  await rok("key rotate a.key");
  const ids = await idsIn("a.key");
  const { status } = await rok("key prune a.key --server http://127.0.0.1:1 --token t");
  expect([status, await idsIn("a.key")]).toEqual([exitStatus.unreachable, ids]);
});

test("a file that somebody else changed meanwhile is left to them", async () => {
  await rok("key new a.key");
  const before = await readKeyText(path("a.key"));
  await rok("key rotate a.key");
  const ids = await idsIn("a.key");
  const late = replaceKeyText(path("a.key"), before, before.text, systemRandom);
  await expect(late).rejects.toThrow("changed by somebody else");
  expect([await idsIn("a.key"), await readdir(folder)]).toEqual([ids, ["a.key"]]);
});

test("the server's answer tells whether the other keys are still needed", () => {
  const [now, old] = [
    { id: "new", state: "current", records: 3 } as const,
    { id: "old", state: "old", records: 0 } as const,
  ];
  expect(pruneProblem(["new", "old"], [now, old])).toBeUndefined();
  expect(pruneProblem(["new", "old", "older"], [now, old])).toBeUndefined();
  expect(pruneProblem(["new", "old"], [now, { ...old, records: 2 }])).toContain("2 with old");
  expect(pruneProblem(["newer", "new"], [now, old])).toContain(
    "does not seal with the first key, newer",
  );
  expect(pruneProblem(["old", "new"], [now, old])).toContain(
    "does not seal with the first key, old",
  );
  expect(pruneProblem(["a", "b"], [now, old])).toContain("knows none of these keys");
});
