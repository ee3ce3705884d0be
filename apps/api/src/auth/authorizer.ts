import { failure } from "@octoplane/shared/errors";
import type { ApiConfig } from "../config.ts";
import type { Rule } from "@octoplane/kinds/role";
import { allowsGlobal, namespacesAllowed, type Wish } from "./authorize.ts";
import type { RoleBook } from "./role-book.ts";
import type { User } from "./user.ts";

/** Decides what a user may do, in the mode that the configuration names. */
export class Authorizer {
  readonly #mode: ApiConfig["authorization"];
  readonly #roles: RoleBook;

  constructor(mode: ApiConfig["authorization"], roles: RoleBook) {
    this.#mode = mode;
    this.#roles = roles;
  }

  /** `Forbidden` (for anonymous: `Unauthenticated`) unless the user may do it in this namespace. */
  demand(user: User, wish: Wish, namespace: string | undefined): void {
    if (!this.allows(user, wish, namespace)) throw refusal(user, wish, namespace);
  }

  allows(user: User, wish: Wish, namespace: string | undefined): boolean {
    if (this.#mode !== "RBAC") return this.#mode === "always-allow";
    const rules = this.#roles.rulesOf(user);
    if (namespace === undefined) return allowsGlobal(rules, wish);
    const allowed = namespacesAllowed(rules, wish);
    return allowed === "all" || allowed.has(namespace);
  }

  /**
   * For lists and watches over all namespaces: which ones the user may see. A role for one namespace shows that one only;
   * without any, the list is refused.
   */
  demandSome(user: User, wish: Wish): "all" | ReadonlySet<string> {
    const allowed = this.visible(user, wish);
    if (allowed !== "all" && allowed.size === 0) throw refusal(user, wish, undefined);
    return allowed;
  }

  /** Everything that the user may do. */
  rulesOf(user: User): readonly Rule[] {
    if (this.#mode === "always-deny") return [];
    return this.#mode === "always-allow" ? everyRule : this.#roles.rulesOf(user);
  }

  visible(user: User, wish: Wish): "all" | ReadonlySet<string> {
    if (this.#mode === "always-allow") return "all";
    if (this.#mode === "always-deny") return new Set();
    return namespacesAllowed(this.#roles.rulesOf(user), wish);
  }
}

/** What no role can say more than. */
export const everyRule: readonly Rule[] = [
  {
    api: "",
    resources: [""],
    namespaces: [""],
    verbs: ["create", "list", "get", "update", "delete"],
  },
];

function refusal(user: User, wish: Wish, namespace: string | undefined): Error {
  if (user.isAnonymous)
    return failure("Unauthenticated", "anonymous may not do this; send a token");
  const place = namespace === undefined ? "" : ` in namespace ${namespace}`;
  const what = `${wish.verb} ${wish.api}/${wish.resource}${place}`;
  return failure("Forbidden", `${user.name} may not ${what}`);
}
