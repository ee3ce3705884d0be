import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { utf8Text, wholeText } from "./whole-text.ts";

test("what is text comes back as it was, with its byte order mark", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const bytes = Buffer.from(`\uFEFF${text}\uFFFD`);
      expect(utf8Text("a", bytes)).toBe(bytes.toString("utf8"));
    }),
  );
});

test("the byte that is told is the first that no UTF-8 could have", () => {
  const messageFor = (bytes: Uint8Array): string => {
    try {
      utf8Text("a", bytes);
      return "";
    } catch (error) {
      return error instanceof Error ? error.message : "";
    }
  };
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.uint8Array(), (text, noise) => {
      const bytes = Buffer.concat([Buffer.from(text), Buffer.from("é\uFFFD"), noise]);
      const start = bytes.length - noise.length;
      const offset = Number(/offset (\d+)/.exec(messageFor(bytes))?.[1] ?? -1);
      expect(offset >= 0).toBe(!isUtf8(bytes));
      if (offset < 0) return;
      expect(offset).toBeGreaterThanOrEqual(start);
      expect(isUtf8(bytes.subarray(0, offset))).toBe(true);
    }),
  );
});

test.each([
  [Buffer.from("\uFEFFa: 1", "utf16le"), "it looks like UTF-16: save it as UTF-8"],
  [
    Buffer.from([0x50, 0x4b, 3, 4, 9]),
    "a CSAR archive is given as a file, with -f, or by its address",
  ],
  [Buffer.from([0x1f, 0x8b, 8]), "a packed Helm chart is given with --chart"],
])("%o is called by its name", (bytes, message) => {
  expect(() => utf8Text("a.yaml", bytes)).toThrow(message);
});

test("a source without an end is left at the limit", async () => {
  let given = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      given += 1024 * 1024;
      yield new Uint8Array(1024 * 1024);
    }
  }
  await expect(wholeText("a", endless())).rejects.toThrow(/^a: longer than/);
  expect(given).toBeLessThanOrEqual(limits.rokSourceBytesMax + 1024 * 1024);
});
