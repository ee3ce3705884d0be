import { expect, test } from "vitest";
import { readAs } from "@octoplane/kinds/read-input";
import { ApiConfigSchema, type ApiConfig } from "../config.ts";
import { userWithoutCredentials } from "./no-credentials.ts";
import { anonymous } from "./user.ts";

const userOf = (authentication: object) =>
  userWithoutCredentials(readAs<ApiConfig>(ApiConfigSchema, { authentication }).authentication);
const fixed = (name?: string) => ({
  static: { enabled: true, ...(name === undefined ? {} : { name }) },
});

test("nobody is somebody without credentials unless the settings say so", () => {
  expect(userOf({})).toBeUndefined();
  expect(userOf({ strategy: { static: { name: "system:admin" } } })).toBeUndefined();
  expect(userOf({ allow_anonymous: true })).toBe(anonymous);
});

test("the static user comes before anonymous, is not anonymous, and has no credential", () => {
  const user = { name: "system", groups: [], isAnonymous: false };
  expect(userOf({ strategy: fixed() })).toStrictEqual(user);
  const both = userOf({ allow_anonymous: true, strategy: fixed("system:admin") });
  expect(both).toStrictEqual({ ...user, name: "system:admin" });
});

test("a name that none can have stops the start, unless the strategy is off", () => {
  for (const name of ["a\nb", "\u202eboss", "system:serviceaccount:ci:bot"]) {
    expect(() => userOf({ strategy: fixed(name) })).toThrow("authentication.strategy.static.name");
    expect(userOf({ strategy: { static: { name } } })).toBeUndefined();
  }
});
