import { RoleBindingKind } from "@octoplane/kinds/role-binding";
import { RoleKind, type Rule } from "@octoplane/kinds/role";
import type { Resources } from "@octoplane/resources/resources";

/** Who may do what, from memory: the roles and bindings of two feeds, put together per user when first asked for. */
export class RoleBook implements Disposable {
  readonly #resources: Resources;
  readonly #byUser = new Map<
    string,
    { readonly roles: readonly string[]; readonly rules: readonly Rule[] }
  >();
  #unlisten: (() => void)[] = [];

  constructor(resources: Resources) {
    this.#resources = resources;
  }

  async start(): Promise<void> {
    const roles = this.#resources.feed(RoleKind);
    const bindings = this.#resources.feed(RoleBindingKind);
    // What was written before the server began to listen must hold for its first request.
    await Promise.all([roles.caughtUp(), bindings.caughtUp()]);
    const forget = (events: readonly unknown[]): void => {
      if (events.length > 0) this.#byUser.clear();
    };
    this.#unlisten = [roles.listen(forget), bindings.listen(forget)];
  }

  rulesOf(user: string): readonly Rule[] {
    return this.#of(user).rules;
  }

  /** In order. */
  rolesOf(user: string): readonly string[] {
    return this.#of(user).roles;
  }

  [Symbol.dispose](): void {
    for (const unlisten of this.#unlisten) unlisten();
  }

  #of(user: string): { readonly roles: readonly string[]; readonly rules: readonly Rule[] } {
    let known = this.#byUser.get(user);
    if (!known) {
      const names = new Set<string>();
      for (const binding of this.#resources.feed(RoleBindingKind).objects.values()) {
        if (binding.users.includes(user)) binding.roles.forEach((role) => names.add(role));
      }
      const roles = [...names].toSorted();
      const { objects } = this.#resources.feed(RoleKind);
      const rules = roles.flatMap((role) => objects.get(role)?.rules ?? []);
      known = { roles, rules };
      this.#byUser.set(user, known);
    }
    return known;
  }
}
