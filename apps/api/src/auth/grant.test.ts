import fc from "fast-check";
import { expect, test } from "vitest";
import type { Rule, Verb } from "@octoplane/kinds/role";
import { allowsGlobal, namespacesAllowed } from "./authorize.ts";
import { missingPermission, permissionText, type IsNamespaced } from "./grant.ts";

const verbs: readonly Verb[] = ["create", "list", "get", "update", "delete"];
const apis = ["core", "kubernetes"];
const local = ["applications", "applications/status", "metrics"];
const global = ["roles", "roles/escalate", "tokens"];
const namespaces = ["a", "b", "c"];
const isNamespaced: IsNamespaced = (_api, resource) => local.includes(resource);

const some = (values: readonly string[]) =>
  fc.array(fc.constantFrom("", ...values), { maxLength: 3 });
const anyRule: fc.Arbitrary<Rule> = fc.record({
  api: fc.constantFrom("", ...apis),
  resources: some([...local, ...global]),
  namespaces: some(namespaces),
  verbs: fc.array(fc.constantFrom(...verbs), { maxLength: 3 }),
});
const anyRules = fc.array(anyRule, { maxLength: 4 });

/** Everything that rules allow, asked for one by one as requests do, with names that no rule has among them. */
function allowedBy(rules: readonly Rule[]): ReadonlySet<string> {
  const allowed = new Set<string>();
  for (const api of [...apis, "other"]) {
    for (const verb of verbs) {
      for (const resource of [...local, "elsewhere"]) {
        const wish = { api, resource, verb };
        const where = namespacesAllowed(rules, wish);
        for (const namespace of [...namespaces, "other"]) {
          const isAllowed = where === "all" || where.has(namespace);
          if (isAllowed) allowed.add(`${verb} ${api}/${resource} ${namespace}`);
        }
      }
      for (const resource of [...global, "unnamed"]) {
        const wish = { api, resource, verb };
        if (allowsGlobal(rules, wish)) allowed.add(`${verb} ${api}/${resource}`);
      }
    }
  }
  return allowed;
}

test("what is granted never allows anything that is not held", () => {
  fc.assert(
    fc.property(anyRules, anyRules, (held, granted) => {
      fc.pre(missingPermission(held, granted, isNamespaced) === undefined);
      const before = allowedBy(held);
      for (const wish of allowedBy(granted)) expect(before).toContain(wish);
    }),
    { numRuns: 3_000 },
  );
});

test("one rule that allows less than one that is held may be granted", () => {
  const narrower = anyRule.chain((rule) =>
    fc.record({
      held: fc.constant(rule),
      granted: fc.record({
        api: rule.api === "" ? fc.constantFrom("", ...apis) : fc.constant(rule.api),
        resources: fc.subarray(rule.resources),
        namespaces: fc.subarray(rule.namespaces),
        verbs: fc.subarray(rule.verbs),
      }),
    }),
  );
  fc.assert(
    fc.property(narrower, anyRules, ({ held, granted }, others) => {
      expect(missingPermission([...others, held], [granted], isNamespaced)).toBeUndefined();
    }),
  );
});

test("the right to everything covers every rule", () => {
  const all: Rule = { api: "", resources: [""], namespaces: [""], verbs: [...verbs] };
  fc.assert(
    fc.property(anyRules, (granted) => {
      expect(missingPermission([all], granted, isNamespaced)).toBeUndefined();
    }),
  );
  const krake: Rule = { ...all, verbs: ["list_all"] };
  expect(missingPermission([all], [krake], isNamespaced)).toBeUndefined();
});

test("a right over everything in a namespace is none over what is in no namespace", () => {
  const held: Rule = { api: "", resources: [""], namespaces: ["a"], verbs: ["get"] };
  const grab = (resource: string, namespace = "a"): string | undefined => {
    const granted: Rule = { ...held, resources: [resource], namespaces: [namespace] };
    const missing = missingPermission([held], [granted], isNamespaced);
    return missing && permissionText(missing);
  };
  expect(grab("applications")).toBeUndefined();
  expect(grab("")).toBeUndefined();
  expect(grab("roles")).toBe("get */roles");
  expect(grab("", "b")).toBe("get */* in namespace b");
  expect(grab("applications", "")).toBe("get */applications in every namespace");
});
