import jwt from "jsonwebtoken";
import { expect, test } from "vitest";
import { seededRandom } from "@octoplane/shared/random";
import { VirtualClock } from "@octoplane/shared/virtual-clock";
import { TokenSigner } from "./signed-token.ts";

const random = seededRandom(7);
const [first, second, third] = [random.bytes(32), random.bytes(32), random.bytes(32)];
const clock = new VirtualClock(1_700_000_000_000);
const signer = (...keys: Buffer[]) => new TokenSigner(keys, clock, random);

test("keys are rotated: the first signs, all of them verify, one that is gone ends its tokens", () => {
  const before = signer(first).sign("alice");
  const during = signer(second, first);
  expect(during.verify(before)).toBe("alice");
  const after = during.sign("bob");
  expect(signer(second).verify(after)).toBe("bob");
  expect(() => signer(second).verify(before)).toThrow("the token is not valid");
  expect(() => signer(first).verify(after)).toThrow("the token is not valid");
  expect(() => signer()).toThrow("at least one token key");
});

test("the head names the key, and tells nothing about it", () => {
  const kid = (token: string) => jwt.decode(token, { complete: true })?.header.kid;
  const [one, other] = [signer(first).sign("a"), signer(second).sign("a")];
  expect(kid(one)).toMatch(/^[\w-]{16}$/);
  expect(kid(one)).toBe(kid(signer(first, third).sign("b")));
  expect(kid(one)).not.toBe(kid(other));
  expect(first.toString("base64url")).not.toContain(kid(one));
});

test("a token that names a key by which it was not signed is refused, one that names none is tried with all", () => {
  const claims = { sub: "alice", iss: "octoplane", aud: "octoplane", jti: "one", iat: 1 };
  const kid = jwt.decode(signer(second).sign("a"), { complete: true })?.header.kid ?? "";
  const both = signer(first, second);
  expect(() => both.verify(jwt.sign(claims, first, { keyid: kid }))).toThrow("not valid");
  expect(() => both.verify(jwt.sign(claims, first, { keyid: "other" }))).toThrow("not valid");
  expect(both.verify(jwt.sign(claims, second))).toBe("alice");
});

test("a token that lacks what it would be revoked by is refused", () => {
  const claims = { sub: "alice", iss: "octoplane", aud: "octoplane" };
  expect(() => signer(first).verify(jwt.sign(claims, first))).toThrow("no id (jti)");
  const undated = jwt.sign({ ...claims, jti: "one" }, first, { noTimestamp: true });
  expect(() => signer(first).verify(undated)).toThrow("when it was issued (iat)");
});

test("a token of another issuer is none of ours; one that says it is and is not is an error", () => {
  expect(signer(first).verify(jwt.sign({ sub: "a", iss: "else" }, first))).toBeUndefined();
  expect(signer(first).verify("no.jwt.x")).toBeUndefined();
  expect(() => signer(first).verify(jwt.sign({ sub: "a", iss: "octoplane" }, first))).toThrow();
});

test("a token ends when its time is over, also when it was seen before", () => {
  const tokens = signer(first);
  const token = tokens.sign("alice", 60);
  expect(tokens.userOf(token)).toBe(tokens.userOf(token));
  clock.advance(61_000);
  expect(() => tokens.userOf(token)).toThrow("the token has expired");
});

test("keys are replaced while it is in use: tokens of a key that goes end, though they were found good before", () => {
  const tokens = signer(first);
  const old = tokens.sign("alice");
  tokens.replaceKeys([second, first]);
  expect([tokens.verify(old), tokens.isNewest(old)]).toEqual(["alice", false]);
  const fresh = tokens.sign("alice");
  expect(tokens.isNewest(fresh)).toBe(true);
  tokens.replaceKeys([second]);
  expect(tokens.verify(fresh)).toBe("alice");
  expect(() => tokens.verify(old)).toThrow("the token is not valid");
  expect(() => tokens.replaceKeys([])).toThrow("at least one token key");
  expect(tokens.verify(fresh)).toBe("alice");
});
