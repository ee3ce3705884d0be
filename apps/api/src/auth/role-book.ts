import { RoleBindingKind } from "@octoplane/kinds/role-binding";
import { RoleKind, type Rule } from "@octoplane/kinds/role";
import type { Resources } from "@octoplane/resources/resources";
import type { User } from "./user.ts";

interface Rights {
  readonly roles: readonly string[];
  readonly rules: readonly Rule[];
}

/** Who may do what, from memory: the roles and bindings of two feeds, put together per user when first asked for. */
export class RoleBook implements Disposable {
  readonly #resources: Resources;
  /** By the user's object: it lives as long as its credential is remembered, and no longer here. */
  #byUser = new WeakMap<User, Rights>();
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
      if (events.length > 0) this.#byUser = new WeakMap();
    };
    this.#unlisten = [roles.listen(forget), bindings.listen(forget)];
  }

  rulesOf(user: User): readonly Rule[] {
    return this.#of(user).rules;
  }

  /** In order. */
  rolesOf(user: User): readonly string[] {
    return this.#of(user).roles;
  }

  [Symbol.dispose](): void {
    for (const unlisten of this.#unlisten) unlisten();
  }

  #of(user: User): Rights {
    let known = this.#byUser.get(user);
    if (!known) {
      const names = new Set<string>();
      for (const binding of this.#resources.feed(RoleBindingKind).objects.values()) {
        const isBound =
          binding.users.includes(user.name) ||
          (binding.groups ?? []).some((group) => user.groups.includes(group));
        if (isBound) binding.roles.forEach((role) => names.add(role));
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
