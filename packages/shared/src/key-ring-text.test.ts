import fc from "fast-check";
import { expect, test } from "vitest";
import { messageOf } from "./errors.ts";
import {
  hasStagedKey,
  keyLine,
  parseKeyRing,
  sealingKeyId,
  withFirstKeyOnly,
  withNewKey,
  withPromotedKey,
  withStagedKey,
  type KeyRing,
} from "./key-ring-text.ts";
import { limits } from "./limits.ts";

const key = (fill: number): Buffer => Buffer.alloc(32, fill);
const idsOf = (ring: KeyRing): readonly string[] => ring.map(sealingKeyId);
const ids = (...fills: readonly number[]) => fills.map((fill) => sealingKeyId(key(fill)));
const text = (...fills: readonly number[]) => fills.map((one) => `${keyLine(key(one))}\n`).join("");

const arbitraryKey = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes));
const silence = fc.constantFrom("", "  ", "# a remark", "\t# 2026");
const arbitraryText = fc
  .tuple(
    fc.array(fc.tuple(fc.array(silence), arbitraryKey, fc.constantFrom("", " ", " # old", "\r")), {
      minLength: 1,
      maxLength: 8,
    }),
    fc.array(silence),
  )
  .map(([entries, rest]) => ({
    keys: entries.map(([, bytes]) => bytes),
    text: [
      ...entries.flatMap(([before, bytes, after]) => [...before, keyLine(bytes) + after]),
      ...rest,
    ].join("\n"),
  }));

test("keys are read in the order of their lines, whatever stands between them", () => {
  fc.assert(
    fc.property(arbitraryText, (made) => {
      expect(parseKeyRing(made.text, "f")).toEqual(made.keys);
    }),
  );
});

test("a new key comes in front, a staged one behind the first and in front once promoted, and pruning leaves one", () => {
  fc.assert(
    fc.property(arbitraryText, arbitraryKey, (made, fresh) => {
      const [first, ...others] = made.keys;
      expect(parseKeyRing(withNewKey(made.text, fresh), "f")).toEqual([fresh, ...made.keys]);
      const staged = withStagedKey(made.text, fresh);
      expect(parseKeyRing(staged, "f")).toEqual([first, fresh, ...others]);
      const promoted = withPromotedKey(staged);
      expect(parseKeyRing(promoted, "f")).toEqual([fresh, ...made.keys]);
      expect(hasStagedKey(promoted)).toBe(false);
      expect(parseKeyRing(withFirstKeyOnly(promoted), "f")).toEqual([fresh]);
    }),
  );
});

test("comments stay when keys come and go", () => {
  const before = `# of the site in Kiel\n${text(1)}\n# end\n`;
  expect(withFirstKeyOnly(withNewKey(before, key(2)))).toBe(
    `# of the site in Kiel\n${text(2)}\n# end\n`,
  );
});

test("what is no key is told by file and line, and never shown", () => {
  const wrong = [
    "c2hvcnQ=",
    `${keyLine(key(3))}AAAA`,
    "not base64 at all, sorry, but a secret of mine",
  ];
  for (const line of wrong) {
    let message = "";
    try {
      parseKeyRing(`${text(1)}\n${line}\n`, "/etc/sealing.key");
    } catch (error) {
      message = messageOf(error);
    }
    expect(message).toBe("/etc/sealing.key:3: expected 32 bytes in base64");
  }
});

test("a text without a key, and one with more than a ring may hold, are refused", () => {
  expect(() => parseKeyRing("# nothing\n\n", "f")).toThrow("f holds no key");
  const many = Array.from({ length: limits.keyRingMax + 1 }, (_none, fill) => fill);
  expect(() => parseKeyRing(text(...many), "f")).toThrow(`${limits.keyRingMax} may be`);
});

test("while a key is staged no other may come or go, and only a staged one is promoted", () => {
  const staged = withStagedKey(text(1), key(2));
  expect(idsOf(parseKeyRing(staged, "f"))).toEqual(ids(1, 2));
  for (const change of [withNewKey, withStagedKey]) {
    expect(() => change(staged, key(3))).toThrow("promote it first");
  }
  expect(() => withFirstKeyOnly(staged)).toThrow("promote it first");
  expect(() => withPromotedKey(text(1, 2))).toThrow("no key is staged");
});
