import type { Rule, Verb } from "@octoplane/kinds/role";

/** One thing that a rule allows; the empty text is "any". */
export interface Permission {
  readonly api: string;
  readonly resource: string;
  readonly verb: Verb;
  /** `undefined`: over what is in no namespace. */
  readonly namespace: string | undefined;
}

/** Whether every object of a resource (`plural` or `plural/sub-resource`) of an API ("": any) is in a namespace. */
export type IsNamespaced = (api: string, resource: string) => boolean;

/**
 * The first permission of the granted rules that no single held rule includes; `undefined` when all are held. Nothing is
 * allowed by the granted rules that the held ones do not allow, in the sense of `namespacesAllowed` and `allowsGlobal`. Pure.
 */
export function missingPermission(
  held: readonly Rule[],
  granted: readonly Rule[],
  isNamespaced: IsNamespaced,
): Permission | undefined {
  for (const rule of granted) {
    for (const permission of permissionsOf(rule, isNamespaced)) {
      if (!held.some((candidate) => includes(candidate, permission))) return permission;
    }
  }
  return undefined;
}

function* permissionsOf(rule: Rule, isNamespaced: IsNamespaced): Iterable<Permission> {
  const { api } = rule;
  for (const resource of rule.resources) {
    // A rule that names a resource without namespaces allows it, whatever namespaces it lists.
    const isGlobal = resource !== "" && !isNamespaced(api, resource);
    const namespaces = isGlobal ? [...rule.namespaces, undefined] : rule.namespaces;
    for (const verb of rule.verbs) {
      for (const namespace of namespaces) yield { api, resource, verb, namespace };
    }
  }
}

function includes(held: Rule, { api, resource, verb, namespace }: Permission): boolean {
  if (held.api !== "" && held.api !== api) return false;
  // Nothing asks for `list_all`, a word of Krake's: a list over all namespaces shows what `list` allows.
  const asked = verb === "list_all" ? "list" : verb;
  if (!held.verbs.includes(asked) && !held.verbs.includes(verb)) return false;
  if (!held.resources.includes("") && !held.resources.includes(resource)) return false;
  if (held.namespaces.includes("")) return true;
  return namespace === undefined
    ? held.resources.includes(resource)
    : held.namespaces.includes(namespace);
}

export function permissionText({ api, resource, verb, namespace }: Permission): string {
  const place =
    namespace === undefined
      ? ""
      : namespace === ""
        ? " in every namespace"
        : ` in namespace ${namespace}`;
  return `${verb} ${api || "*"}/${resource || "*"}${place}`;
}
