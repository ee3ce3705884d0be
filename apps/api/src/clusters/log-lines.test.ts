import fc from "fast-check";
import { expect, test } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { logLines } from "./log-lines.ts";

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function linesOf(bytes: Buffer, size: number): Promise<readonly Buffer[]> {
  const lines: Buffer[] = [];
  for await (const line of logLines(cut(bytes, size))) lines.push(line);
  return lines;
}

test("no byte is lost, and each line has its end, however they are chopped", async () => {
  const texts = fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", "")));
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1, max: 40 }), async (lines, size) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      expect((await linesOf(bytes, size)).map(String)).toEqual(lines.map((line) => `${line}\n`));
    }),
  );
});

test("the last line gets an end, and a line that is too long is cut", async () => {
  expect((await linesOf(Buffer.from("a\nb"), 1)).map(String)).toEqual(["a\n", "b\n"]);
  const long = await linesOf(Buffer.alloc(limits.logLineBytesMax * 2.5, "x"), 65_536);
  expect(long.map(({ length }) => length)).toEqual([
    limits.logLineBytesMax + 1,
    limits.logLineBytesMax + 1,
    limits.logLineBytesMax / 2 + 1,
  ]);
});
