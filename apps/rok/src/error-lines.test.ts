import { expect, test } from "vitest";
import { failure, invalid } from "@octoplane/shared/errors";
import { errorLines } from "./error-lines.ts";
import { exitStatusOf, usageError } from "./exit-status.ts";

const access = {
  address: "http://a",
  addressFrom: "/data/address",
  tokenFrom: "/data/admin.token",
};

test("each thing that is wrong with an input gets its line", () => {
  const error = invalid([
    { field: "spec.min", message: "expected less than max (1)" },
    { field: "", message: "expected an object" },
  ]);
  expect(errorLines(error, access)).toEqual([
    "rok: spec.min: expected less than max (1)",
    "rok: expected an object",
  ]);
});

test("a caret below a constraint keeps its place", () => {
  const message = 'Invalid label constraint: expected "("\n  a in x\n       ^';
  expect(errorLines(invalid([{ field: "labels[0]", message }]))).toEqual([
    'rok: labels[0]: Invalid label constraint: expected "("\n  a in x\n       ^',
  ]);
});

test("nothing that a server says can move the cursor", () => {
  expect(errorLines(failure("NotFound", "x\u001b[2Jy\u009bz\u202e"))).toEqual([
    "rok: x\ufffd[2Jy\ufffdz\ufffd",
  ]);
});

test("a refused token and an address without a server name where they came from", () => {
  expect(errorLines(failure("Unavailable", "nobody"), access)).toEqual([
    "rok: nobody (address from /data/address)",
  ]);
  expect(errorLines(failure("Unauthenticated", "expired"), access)).toEqual([
    "rok: expired (token from /data/admin.token)",
  ]);
  const without = { address: "http://a", addressFrom: "--server" };
  expect(errorLines(failure("Unauthenticated", "no"), without)[0]).toContain("no token was found");
});

test("every sort of failure has its exit status", () => {
  const statuses = [
    [usageError("x"), 2],
    [failure("NotFound", ""), 3],
    [failure("Invalid", ""), 4],
    [failure("NoChange", ""), 4],
    [failure("Conflict", ""), 4],
    [failure("Unauthenticated", ""), 5],
    [failure("Forbidden", ""), 5],
    [failure("Unavailable", ""), 6],
    [failure("Timeout", ""), 7],
    [failure("Internal", ""), 1],
    [new Error("a bug"), 1],
  ] as const;
  expect(statuses.map(([error]) => exitStatusOf(error))).toEqual(statuses.map(([, one]) => one));
});
