import fc from "fast-check";
import { expect, test } from "vitest";
import { accountOf, accountUser, isAccountName } from "@octoplane/kinds/service-account";
import { isFailure } from "@octoplane/shared/errors";
import { claimsOf, userOfClaims } from "./token-claims.ts";
import { foreignTokenId } from "./token-id.ts";

const now = fc.integer({ min: 1, max: 4e12 });
const life = fc.option(fc.integer({ min: 1, max: 3_155_760_000 }), { nil: undefined });
const part = fc.string({ minLength: 1, maxLength: 40 });
const accountName = part.filter((text) => !text.includes(":"));

const travelled = (claims: object) =>
  JSON.parse(JSON.stringify(claims)) as Readonly<Record<string, unknown>>;

test("what is written into a token is read from it, to the millisecond", () => {
  const name = fc.string({ minLength: 1 }).filter((text) => !isAccountName(text));
  fc.assert(
    fc.property(name, now, life, (user, at, expiresInSeconds) => {
      const subject = { user, ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }) };
      const read = userOfClaims(travelled(claimsOf(subject, { id: "i", now: at })));
      const end =
        expiresInSeconds === undefined
          ? Infinity
          : (Math.floor(at / 1_000) + expiresInSeconds) * 1_000;
      expect(read).toEqual({
        name: user,
        groups: [],
        isAnonymous: false,
        credential: { what: "token", id: "i", issued: at, end },
      });
    }),
  );
});

test("a service account is read from its own tokens, and no two accounts are one user", () => {
  fc.assert(
    fc.property(
      part,
      accountName,
      part,
      accountName,
      now,
      (namespace, name, otherSpace, otherName, at) => {
        const account = { namespace, name, uid: "u" };
        const user = accountUser(namespace, name);
        const claims = travelled(claimsOf({ user, account }, { id: "i", now: at }));
        const read = userOfClaims(claims);
        expect([read.name, read.credential?.account]).toEqual([user, account]);
        expect(read.groups).toEqual([
          "system:serviceaccounts",
          `system:serviceaccounts:${namespace}`,
        ]);
        expect(isAccountName(user) && read.groups.every(isAccountName)).toBe(true);
        const isSame = namespace === otherSpace && name === otherName;
        expect(accountUser(otherSpace, otherName) === user).toBe(isSame);
        expect(accountOf(user)).toEqual({ namespace, name });
        const { service_account: _dropped, ...bare } = claims;
        expect(() => userOfClaims(bare)).toThrow("service account");
        if (!isSame) {
          const swapped = { ...account, namespace: otherSpace, name: otherName };
          expect(() => userOfClaims({ ...claims, service_account: swapped })).toThrow(
            "not its user",
          );
        }
      },
    ),
  );
});

test("any claims give a user with an id and a time, or are refused as unauthenticated", () => {
  const anything = fc.anything();
  const claims = fc.record(
    { sub: anything, jti: anything, iat: anything, exp: anything, service_account: anything },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(claims, (found) => {
      try {
        const { name, credential } = userOfClaims(found);
        expect([name, credential?.id]).toEqual([found.sub, found.jti]);
        expect(credential?.issued).toBeTypeOf("number");
      } catch (error) {
        expect(isFailure(error, "Unauthenticated")).toBe(true);
      }
    }),
  );
});

test("the id of a token from elsewhere is that of what it says, whatever its signature looks like", () => {
  expect(foreignTokenId("aa.bb.cc")).toBe(foreignTokenId("aa.bb.dd"));
  expect(foreignTokenId("aa.bb.cc")).not.toBe(foreignTokenId("aa.bc.cc"));
  expect(foreignTokenId("opaque")).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(foreignTokenId("opaque")).not.toBe(foreignTokenId("opaquf"));
});
