import fc from "fast-check";
import { expect, test } from "vitest";
import { readLines } from "./json-lines.ts";

function streamOf(chunks: readonly Uint8Array[]) {
  let index = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks[index];
      index += 1;
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
}

async function collect(chunks: readonly Uint8Array[], charsMax = 1_000): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(streamOf(chunks), charsMax)) lines.push(line);
  return lines;
}

test("lines are the same however the bytes are cut into chunks", async () => {
  const texts = fc.array(fc.string({ unit: "grapheme", maxLength: 20 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(texts, fc.array(fc.nat({ max: 50 })), async (raw, cuts) => {
      const lines = raw.map((line) => line.replace(/[\r\n\uFEFF]/g, ""));
      const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
      const edges = [0, ...cuts.filter((cut) => cut < bytes.length), bytes.length];
      edges.sort((a, b) => a - b);
      const chunks = edges.slice(1).map((end, index) => bytes.slice(edges[index], end));
      expect(await collect(chunks)).toEqual(lines);
    }),
  );
});

test("what stands after the last line end is left out", async () => {
  expect(await collect([new TextEncoder().encode('{"a":1}\n{"b":')])).toEqual(['{"a":1}']);
});

test("a line that never ends is an error before it fills the memory", async () => {
  const endless = Array.from({ length: 100 }, () => new Uint8Array(50).fill(97));
  await expect(collect(endless)).rejects.toMatchObject({ code: "TooLarge" });
});

test("a reader that stops early cancels the stream", async () => {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("a\nb\n")),
    cancel: () => void (cancelled = true),
  });
  for await (const line of readLines(stream, 10)) if (line === "a") break;
  expect(cancelled).toBe(true);
});
