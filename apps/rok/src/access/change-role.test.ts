import { expect, test } from "vitest";
import { changeBinding, changeRole, newBinding, rulesOf } from "./change-role.ts";
import { readResource, readVerb } from "./rights.ts";

const words = { readVerb, readResource };

test("a rule for each part of the API, with the plurals of the kinds", () => {
  const flags = { verb: ["get", "list"], resource: ["app", "cluster/kubeconfig", "gm"], in: ["a"] };
  expect(rulesOf(flags, words)).toEqual([
    {
      api: "kubernetes",
      resources: ["applications", "clusters/kubeconfig"],
      namespaces: ["a"],
      verbs: ["get", "list"],
    },
    { api: "core", resources: ["globalmetrics"], namespaces: ["a"], verbs: ["get", "list"] },
  ]);
});

test("* is any, and so is a namespace that is left out", () => {
  const all = ["create", "list", "get", "update", "delete"];
  expect(rulesOf({ verb: ["*"], resource: ["*"] }, words)).toEqual([
    { api: "", resources: [""], namespaces: [""], verbs: all },
  ]);
  expect(rulesOf({ verb: ["get"], resource: ["cluster"], api: "openstack" }, words)).toEqual([
    { api: "openstack", resources: ["magnumclusters"], namespaces: [""], verbs: ["get"] },
  ]);
});

test("what does not go together, or is unknown, is refused", () => {
  expect(() => rulesOf({ verb: ["get"] }, words)).toThrow(/expected --resource/);
  expect(() => rulesOf({ resource: ["app"] }, words)).toThrow(/expected --verb/);
  expect(() => rulesOf({ in: ["a"] }, words)).toThrow(/belong to/);
  expect(() => rulesOf({ verb: ["gett"], resource: ["app"] }, words)).toThrow(/did you mean get/);
  expect(() => rulesOf({ verb: ["get"], resource: ["ap"] }, words)).toThrow(/did you mean app/);
});

test("rules are added, or take the place of all", () => {
  const rule = { api: "core", resources: ["roles"], namespaces: [""], verbs: ["get" as const] };
  const flags = { verb: ["get"], resource: ["app"] };
  expect(changeRole({ rules: [rule] }, flags, words).rules).toHaveLength(2);
  const cleared = changeRole({ rules: [rule] }, { ...flags, removeExistingRules: true }, words);
  expect(cleared.rules.map(({ api }) => api)).toEqual(["kubernetes"]);
});

test("a binding gets and loses users, groups and roles, each once", () => {
  const binding = { roles: ["r"], users: ["a", "b"] };
  expect(changeBinding(binding, { user: ["c", "a"], removeUser: ["b"], group: ["g"] })).toEqual({
    roles: ["r"],
    users: ["a", "c"],
    groups: ["g"],
  });
  expect(() => changeBinding(binding, { removeRole: ["x"] })).toThrow(/there is no x/);
  expect(() => newBinding("n", { role: ["r"] })).toThrow(/expected --user or --group/);
});
