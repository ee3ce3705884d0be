import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readTar, tarEnd, tarHeader, tarPadding, type TarEntry } from "./tar-archive.ts";

const entry = (path: string, more: Partial<TarEntry> = {}): TarEntry => ({
  path,
  type: "file",
  mode: 0o644,
  size: 0,
  modified: 1_700_000_000,
  target: "",
  ...more,
});

function archiveOf(
  files: readonly { readonly entry: TarEntry; readonly content: Buffer }[],
): Buffer {
  const parts = files.flatMap(({ entry: one, content }) => [
    tarHeader({ ...one, size: content.length }),
    content,
    tarPadding(content.length),
  ]);
  return Buffer.concat([...parts, tarEnd]);
}

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readAll(bytes: Buffer, size = 1_000) {
  const found: { readonly entry: TarEntry; readonly content: Buffer }[] = [];
  for await (const member of readTar(cut(bytes, size))) {
    const chunks: Buffer[] = [];
    for await (const chunk of member.content) chunks.push(chunk);
    found.push({ entry: member.entry, content: Buffer.concat(chunks) });
  }
  return found;
}

test("what is written is read again, however it is chopped, whatever the names", async () => {
  const file = fc.record({
    path: fc.string({ unit: "grapheme", minLength: 1, maxLength: 300 }).filter(hasNoNul),
    content: fc.uint8Array({ maxLength: 2_000 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(file, { maxLength: 5 }),
      fc.integer({ min: 1, max: 3_000 }),
      async (files, size) => {
        const sent = files.map(({ path, content }) => ({
          entry: entry(path, { size: content.length }),
          content: Buffer.from(content),
        }));
        expect(await readAll(archiveOf(sent), size)).toEqual(sent);
      },
    ),
    { numRuns: 60 },
  );
});

function hasNoNul(text: string): boolean {
  return !text.includes("\0") && text === text.toWellFormed();
}

test("the tar of this machine reads it", () => {
  const long = `${"d".repeat(120)}/file`;
  const archive = archiveOf([
    { entry: entry("short"), content: Buffer.from("one") },
    { entry: entry(long), content: Buffer.from("two") },
  ]);
  const { stdout, status } = spawnSync("tar", ["tf", "-"], { input: archive });
  expect([status, stdout.toString()]).toEqual([0, `short\n${long}\n`]);
});

test("a member that nobody reads is skipped", async () => {
  const archive = archiveOf([
    { entry: entry("a"), content: Buffer.alloc(5_000, 1) },
    { entry: entry("b"), content: Buffer.from("b") },
  ]);
  const names: string[] = [];
  for await (const member of readTar(cut(archive, 700))) names.push(member.entry.path);
  expect(names).toEqual(["a", "b"]);
});

test("what is no archive, and one that is cut off, are errors", async () => {
  await expect(readAll(Buffer.from("sh: tar: not found\n".padEnd(600)))).rejects.toThrow(
    "no tar archive",
  );
  const archive = archiveOf([{ entry: entry("a"), content: Buffer.alloc(5_000, 1) }]);
  await expect(readAll(archive.subarray(0, 2_000))).rejects.toThrow("ends too early");
});
