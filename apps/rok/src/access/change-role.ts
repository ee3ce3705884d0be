import type { Rule } from "@octoplane/kinds/role";
import { usageError } from "../exit-status.ts";
import type { NamedResource } from "./rights.ts";

/** What the flags of `core role` and `core rolebinding` ask for; pure. */

export interface RoleFlags {
  readonly file?: readonly string[];
  readonly verb?: readonly string[];
  readonly resource?: readonly string[];
  readonly api?: string;
  readonly in?: readonly string[];
  readonly removeExistingRules?: boolean;
}

/** How verbs and resources are read; they need to know the kinds. */
export interface RoleWords {
  readVerb(text: string): Rule["verbs"][number];
  readResource(text: string): NamedResource;
}

/**
 * The rules that the flags name: one for each part of the API that the resources are of. `*` stands
 * for any, and so does leaving out the namespaces.
 */
export function rulesOf(flags: RoleFlags, { readVerb, readResource }: RoleWords): readonly Rule[] {
  const { verb = [], resource = [], api } = flags;
  if (verb.length === 0 && resource.length === 0) {
    if (api === undefined && flags.in === undefined) return [];
    throw usageError("--api and --in belong to --verb and --resource");
  }
  if (verb.length === 0) throw usageError("expected --verb beside --resource");
  if (resource.length === 0) throw usageError("expected --resource beside --verb");
  const verbs = verb.flatMap((text) =>
    text === "*" ? (["create", "list", "get", "update", "delete"] as const) : [readVerb(text)],
  );
  const byApi = new Map<string, string[]>();
  for (const text of resource) {
    const isGiven = text === "*" || api !== undefined;
    const found = isGiven
      ? { api: api === "*" ? "" : (api ?? ""), resource: text === "*" ? "" : plural(text) }
      : readResource(text);
    byApi.set(found.api, [...(byApi.get(found.api) ?? []), found.resource]);
  }
  const namespaces = (flags.in ?? ["*"]).map((name) => (name === "*" ? "" : name));
  return [...byApi].map(([group, resources]) => ({
    api: group,
    resources: [...new Set(resources)],
    namespaces,
    verbs: [...new Set(verbs)],
  }));

  /** In a part of the API that is named, a kind has its plural; anything else stays as it is written. */
  function plural(text: string): string {
    try {
      const named = readResource(`${api}/${text}`);
      return named.api === api ? named.resource : text;
    } catch {
      return text;
    }
  }
}

interface RoleLike {
  readonly rules: readonly Rule[];
}

export function changeRole<R extends RoleLike>(role: R, flags: RoleFlags, words: RoleWords): R {
  const before = flags.removeExistingRules === true ? [] : role.rules;
  return { ...role, rules: [...before, ...rulesOf(flags, words)] };
}

export interface BindingFlags {
  readonly file?: readonly string[];
  readonly role?: readonly string[];
  readonly user?: readonly string[];
  readonly group?: readonly string[];
  readonly removeRole?: readonly string[];
  readonly removeUser?: readonly string[];
  readonly removeGroup?: readonly string[];
}

interface BindingLike {
  readonly roles: readonly string[];
  readonly users: readonly string[];
  readonly groups?: readonly string[];
}

/** A usage error names what is to be removed and is not there. */
export function changeBinding<B extends BindingLike>(binding: B, flags: BindingFlags): B {
  const list = (
    flag: "role" | "user" | "group",
    before: readonly string[],
    without: readonly string[] | undefined,
  ): readonly string[] => {
    const missing = (without ?? []).find((name) => !before.includes(name));
    if (missing !== undefined) throw usageError(`--remove-${flag}: there is no ${missing} in it`);
    const kept = before.filter((name) => without?.includes(name) !== true);
    return [...new Set([...kept, ...(flags[flag] ?? [])])];
  };
  const groups = list("group", binding.groups ?? [], flags.removeGroup);
  return {
    ...binding,
    roles: list("role", binding.roles, flags.removeRole),
    users: list("user", binding.users, flags.removeUser),
    ...(groups.length > 0 || binding.groups ? { groups } : {}),
  };
}

/** A new one. A usage error says what is missing. */
export function newBinding(name: string, flags: BindingFlags): object {
  if (!flags.role) throw usageError("expected --role");
  if (!flags.user && !flags.group) throw usageError("expected --user or --group");
  return changeBinding({ metadata: { name }, roles: [], users: [] }, flags);
}
