import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "@octoplane/shared/random";
import { sealedKeyId, Sealer } from "./sealer.ts";

const random = seededRandom(11);
const [first, second, third] = [random.bytes(32), random.bytes(32), random.bytes(32)];

test("the first key seals, and every key of the ring opens what was sealed with it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), (text, place) => {
      const before = new Sealer(first, random).seal(text, place);
      const ring = new Sealer([second, first], random);
      expect(ring.open(before, place)).toBe(text);
      expect(sealedKeyId(ring.seal(text, place))).toBe(ring.keyIds[0]);
    }),
  );
});

test("a key that is not in the ring is named, and nothing opens with another", () => {
  const sealed = new Sealer(first, random).seal("secret", "here");
  const [id] = new Sealer(first, random).keyIds;
  const stranger = new Sealer([second, third], random);
  expect(() => stranger.open(sealed, "here")).toThrow(`the key ${id}, which is not here`);
  const renamed = sealed.replace(id, stranger.keyIds[0]);
  expect(() => stranger.open(renamed, "here")).toThrow("does not open");
  expect(() => stranger.open("plain", "here")).toThrow("is not sealed");
});

test("keys are replaced while it is in use, also for what was derived before", () => {
  const sealer = new Sealer(first, random);
  const tokens = sealer.derive("page tokens");
  expect(sealer.derive("page tokens")).toBe(tokens);
  const [text, token] = [sealer.seal("a", "p"), tokens.seal("b", "p")];
  sealer.replaceKeys([second, first]);
  expect([sealer.open(text, "p"), tokens.open(token, "p")]).toEqual(["a", "b"]);
  expect(sealedKeyId(tokens.seal("c", "p"))).toBe(tokens.keyIds[0]);
  expect(tokens.keyIds).toHaveLength(2);
  sealer.replaceKeys([second]);
  expect(() => sealer.open(text, "p")).toThrow("not here");
  expect(() => tokens.open(token, "p")).toThrow("not here");
});

test("a ring without keys, or with one of another length, is refused and changes nothing", () => {
  expect(() => new Sealer([], random)).toThrow("at least one");
  const sealer = new Sealer(first, random);
  expect(() => sealer.replaceKeys([second, Buffer.alloc(16)])).toThrow("32 bytes");
  expect(sealer.keyIds).toEqual(new Sealer(first, random).keyIds);
});
