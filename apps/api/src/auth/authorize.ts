import type { Rule, Verb } from "@octoplane/kinds/role";

/** What somebody wants to do. */
export interface Wish {
  readonly api: string;
  /** A plural, or `plural/sub-resource`. */
  readonly resource: string;
  readonly verb: Verb;
}

/**
 * The namespaces in which the rules allow a wish: all of them, or a set. Rules only ever allow. The empty text means
 * "any" for api, resources and namespaces, never for verbs (contract section 2.3). Pure.
 */
export function namespacesAllowed(rules: readonly Rule[], wish: Wish): "all" | ReadonlySet<string> {
  const namespaces = new Set<string>();
  for (const rule of rules) {
    if (!matches(rule, wish)) continue;
    if (rule.namespaces.includes("")) return "all";
    for (const namespace of rule.namespaces) namespaces.add(namespace);
  }
  return namespaces;
}

/**
 * For kinds without a namespace, any rule that names the resource will do, as in Krake. A rule for "any" resource in
 * some namespaces means what is in them: it would else hand the roles themselves to every tenant.
 */
export function allowsGlobal(rules: readonly Rule[], wish: Wish): boolean {
  return rules.some(
    (rule) =>
      matches(rule, wish) &&
      (rule.namespaces.includes("") || rule.resources.includes(wish.resource)),
  );
}

function matches(rule: Rule, wish: Wish): boolean {
  return (
    (rule.api === "" || rule.api === wish.api) &&
    rule.verbs.includes(wish.verb) &&
    (rule.resources.includes("") || rule.resources.includes(wish.resource))
  );
}
