import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseEvent, splitLines } from "./watch-stream.ts";

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function collect(lines: AsyncIterable<string>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

describe("lines of a stream", () => {
  it("are the same wherever the bytes are cut", async () => {
    const line = fc.string({ unit: "grapheme" }).filter((text) => /^[^\n]*\S[^\n]*$/.test(text));
    const cuts = fc.array(fc.nat(200), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(line), cuts, async (lines, at) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(""));
        const borders = [0, ...at.toSorted((a, b) => a - b), bytes.length];
        const chunks = borders.slice(1).map((end, index) => bytes.subarray(borders[index], end));
        expect(await collect(splitLines(streamOf(chunks), 10_000))).toEqual(lines);
      }),
    );
  });

  it("fail when the stream breaks off within one, or when one is too long", async () => {
    const broken = collect(splitLines(streamOf([Buffer.from("a\nb")]), 100));
    await expect(broken).rejects.toMatchObject({ reason: "Unreachable", retry: true });
    const long = collect(splitLines(streamOf([Buffer.from("a"), Buffer.alloc(100)]), 100));
    await expect(long).rejects.toMatchObject({ reason: "AnswerTooLarge", retry: false });
  });
});

describe("an event", () => {
  const object = { apiVersion: "v1", kind: "Pod", metadata: { name: "a", resourceVersion: "7" } };

  it("is read by its type", () => {
    expect(parseEvent(JSON.stringify({ type: "ADDED", object }))).toEqual({
      type: "ADDED",
      object,
    });
    expect(parseEvent(JSON.stringify({ type: "BOOKMARK", object }))).toEqual({
      type: "BOOKMARK",
      resourceVersion: "7",
    });
  });

  it("of an error is thrown with its status", () => {
    const status = { kind: "Status", code: 410, reason: "Expired", message: "too old" };
    expect(() => parseEvent(JSON.stringify({ type: "ERROR", object: status }))).toThrow(
      expect.objectContaining({ status: 410, reason: "Expired", retry: true }),
    );
  });

  it.each([
    "{",
    "[]",
    "null",
    '{"type":"ADDED"}',
    '{"type":"ODD","object":{}}',
    '{"type":"ERROR"}',
  ])("that is none (%s) is an error that repeats nothing of it", (line) => {
    expect(() => parseEvent(line)).toThrow(
      expect.objectContaining({
        reason: "NotKubernetes",
        message: expect.not.stringContaining(line),
      }),
    );
  });
});
