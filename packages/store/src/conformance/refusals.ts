import { limits } from "@octoplane/shared/limits";
import { expect, test } from "vitest";
import type { Guard, Write } from "../store.ts";
import { codeOf, put, type Open } from "./harness.ts";

const value = new Uint8Array();

/** What is refused, with what: the same on every store. */
const cases: readonly (readonly [string, (prefix: string) => readonly Write[], string])[] = [
  ["an empty key", () => [put("", "x")], "Invalid"],
  ["a key with a NUL", (prefix) => [put(`${prefix}\0`, "x")], "Invalid"],
  ["a key that is no text", (prefix) => [put(`${prefix}\ud800`, "x")], "Invalid"],
  [
    "a key that is one byte too long",
    (prefix) => [put(prefix.padEnd(limits.keyBytesMax + 1, "k"), "x")],
    "Invalid",
  ],
  [
    "a key twice in one commit",
    (prefix) => [put(`${prefix}a`, "1"), { key: `${prefix}a`, remove: true }],
    "Invalid",
  ],
  [
    "one operation too many",
    (prefix) =>
      Array.from({ length: limits.commitOperationsMax + 1 }, (_, number) => ({
        key: `${prefix}${number}`,
        value,
      })),
    "TooLarge",
  ],
  [
    "one byte too many",
    (prefix) => [{ key: `${prefix}a`, value: new Uint8Array(limits.commitBytesMax) }],
    "TooLarge",
  ],
];

export function refusalChapter(open: Open): void {
  for (const [name, writes, code] of cases) {
    test(`${name} is refused`, async () => {
      const { store, prefix } = await open();
      expect(await codeOf(store.commit([], writes(prefix)))).toBe(code);
    });
  }

  test("what is just small enough is taken", async () => {
    const { store, prefix } = await open();
    const long = prefix.padEnd(limits.keyBytesMax, "k");
    const room = limits.commitBytesMax - limits.keyBytesMax;
    await store.commit([], [{ key: long, value: new Uint8Array(room).fill(7) }]);
    expect((await store.get(long))?.value).toHaveLength(room);
    const keys = Array.from({ length: limits.commitOperationsMax }, (_, at) => `${prefix}${at}`);
    const guards = keys.map((key): Guard => ({ key, revision: 0n }));
    const many = Math.floor(limits.commitBytesMax / limits.commitOperationsMax) - 100;
    await store.commit(
      guards,
      keys.map((key) => ({ key, value: new Uint8Array(many) })),
    );
    expect((await store.list(prefix)).entries).toHaveLength(limits.commitOperationsMax + 1);
  });

  test("large commits that arrive together are all taken", async () => {
    const { store, prefix } = await open();
    const size = Math.floor(limits.commitBytesMax / 3);
    await Promise.all(
      Array.from({ length: 12 }, (_, number) =>
        store.commit([], [{ key: `${prefix}${number}`, value: new Uint8Array(size).fill(number) }]),
      ),
    );
    const { entries } = await store.list(prefix);
    expect(entries.map((entry) => entry.value.byteLength)).toEqual(Array(12).fill(size));
  });

  test("pages and revisions that cannot be are refused", async () => {
    const { store, prefix } = await open();
    const revision = await store.commit([], [put(`${prefix}a`, "1")]);
    expect(await codeOf(store.list(prefix, { limit: 0 }))).toBe("Invalid");
    expect(await codeOf(store.list(prefix, { at: 0n }))).toBe("Invalid");
    expect(await codeOf(store.list(prefix, { at: revision + 1_000_000n }))).toBe("Invalid");
    expect(await codeOf(store.compact(revision + 1_000_000n))).toBe("Invalid");
    expect(await codeOf(store.get(""))).toBe("Invalid");
  });
}
