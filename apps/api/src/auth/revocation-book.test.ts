import fc from "fast-check";
import { expect, test } from "vitest";
import type { TokenRevocation } from "@octoplane/kinds/token-revocation";
import { isoTime } from "@octoplane/shared/clock";
import { RevocationBook } from "./revocation-book.ts";
import { namedUser } from "./user.ts";

interface Model {
  readonly token_id: string | null;
  readonly user: string | null;
  readonly before: number | null;
  readonly expires: number | null;
  readonly isMarked: boolean;
}

const created = 50_000;

function revocation(name: string, model: Model): TokenRevocation {
  const moment = (ms: number | null) => (ms === null ? null : isoTime(ms));
  return {
    api: "core",
    kind: "TokenRevocation",
    metadata: {
      name,
      namespace: null,
      labels: {},
      inherit_labels: false,
      finalizers: [],
      owners: [],
      uid: `uid-${name}`,
      created: isoTime(created),
      modified: isoTime(created),
      deleted: model.isMarked ? isoTime(created) : null,
      generation: 1,
      resource_version: "1",
    },
    spec: {
      token_id: model.token_id,
      user: model.user,
      before: moment(model.before),
      expires: moment(model.expires),
      reason: "",
    },
  };
}

const moment = fc.integer({ min: 0, max: 100 }).map((seconds) => seconds * 1_000);
const maybe = fc.option(moment);
const model: fc.Arbitrary<Model> = fc
  .record({
    isToken: fc.boolean(),
    named: fc.constantFrom("a", "b", "c"),
    before: maybe,
    expires: maybe,
    isMarked: fc.boolean(),
  })
  .map(({ isToken, named, before, expires, isMarked }) => ({
    token_id: isToken ? named : null,
    user: isToken ? null : named,
    before: isToken ? null : before,
    expires,
    isMarked,
  }));
const step = fc.record({
  name: fc.constantFrom("one", "two", "three", "four"),
  put: fc.option(model),
});

test("after any puts and removals it refuses just what a walk over all that is left refuses", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      fc.array(moment, { minLength: 1 }),
      (steps, times) => {
        const book = new RevocationBook();
        const left = new Map<string, Model>();
        for (const { name, put } of steps) {
          if (put === null) book.remove(name);
          else book.put(revocation(name, put));
          left.delete(name);
          if (put !== null && !put.isMarked) left.set(name, put);
        }
        expect(book.size).toBe(left.size);
        for (const id of ["a", "b", "c", "d"]) {
          for (const name of ["a", "b", "c", "d"]) {
            for (const issued of [...times, -Infinity]) {
              const credential = { what: "token", id, issued, end: Infinity } as const;
              const refused = [...left.values()].some(
                ({ token_id, user, before }) =>
                  token_id === id || (user === name && issued < (before ?? created + 1)),
              );
              const reason = book.reason(namedUser(name, [], credential));
              expect([id, name, issued, reason !== undefined]).toEqual([id, name, issued, refused]);
            }
          }
        }
        const at = times[0]!;
        const over = [...left].filter(([, { expires }]) => expires !== null && expires < at);
        expect(new Set(book.expired(at, 100).map(({ name }) => name))).toEqual(
          new Set(over.map(([name]) => name)),
        );
        expect(book.expired(at, 1).length).toBe(Math.min(1, over.length));
      },
    ),
  );
});

test("it says nothing of users without a credential, and nothing of certificates", () => {
  const book = new RevocationBook();
  book.put(
    revocation("one", { token_id: null, user: "a", before: null, expires: null, isMarked: false }),
  );
  expect(book.reason(namedUser("a"))).toBeUndefined();
  const certificate = { what: "client certificate", issued: 0, end: Infinity } as const;
  expect(book.reason(namedUser("a", [], certificate))).toBeUndefined();
  // A token of which another server is asked has no id, and is older than any moment.
  const asked = { what: "token", issued: -Infinity, end: Infinity } as const;
  expect(book.reason(namedUser("a", [], asked))).toContain("were revoked");
  expect(book.reason(namedUser("b", [], asked))).toBeUndefined();
});
