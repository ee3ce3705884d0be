import { expect, test } from "vitest";
import { checkIdentity, foreignUser } from "./identity-name.ts";

const credential = { what: "token", issued: 0, end: Infinity } as const;
const account = "system:serviceaccount:ci:bot";

test("nobody but a service account bears its name or is in its groups, whatever the settings allow", () => {
  for (const name of [account, "System:ServiceAccount:ci:bot", "system:serviceaccount"]) {
    expect(() => checkIdentity("it", name, [])).toThrow("as only service accounts are");
    for (const allowSystemNames of [true, false]) {
      const found = { name, groups: [], allowSystemNames, credential };
      expect(() => foreignUser("it", found)).toThrow(name);
    }
  }
  for (const group of ["system:serviceaccounts", "system:serviceaccounts:ci"]) {
    expect(() => checkIdentity("it", "alice", ["team", group])).toThrow(group);
    const groups = ["team", group, "system:masters"];
    const found = { name: "system:admin", groups, allowSystemNames: true, credential };
    expect(foreignUser("it", found)).toMatchObject({
      name: "system:admin",
      groups: ["team", "system:masters"],
      credential,
    });
    const free = { name: "alice", groups, allowSystemNames: false, credential };
    expect(foreignUser("it", free).groups).toEqual(["team"]);
  }
});
