import { RoleKind } from "@octoplane/kinds/role";
import { RoleBindingKind } from "@octoplane/kinds/role-binding";
import type { ApiContext } from "../api-context.ts";
import type { User } from "./user.ts";

/**
 * For whole databases that are brought in: who brings roles along may give themselves every right, so they need the one to
 * do that. `keys` are those of the objects, in our store or in Krake's. `Forbidden` otherwise.
 */
export function demandEscalation(context: ApiContext, user: User, keys: readonly string[]): void {
  const granting = [RoleKind, RoleBindingKind].map(({ api, plural }) => `/${api}/${plural}/`);
  const isGranting = keys.some((key) =>
    granting.some((prefix) => key.startsWith(prefix) || key.startsWith(`/registry${prefix}`)),
  );
  if (!isGranting) return;
  const wish = { api: RoleKind.api, resource: "roles/escalate", verb: "update" } as const;
  context.authorizer.demand(user, wish, undefined);
}
