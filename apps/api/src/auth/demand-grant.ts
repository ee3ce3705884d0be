import { anyKind, type AnyKind } from "@octoplane/kinds/kind";
import type { Input } from "@octoplane/kinds/read-input";
import { kinds } from "@octoplane/kinds/registry";
import { questionRights, RoleKind, type Role, type Rule } from "@octoplane/kinds/role";
import { RoleBindingKind, type RoleBinding } from "@octoplane/kinds/role-binding";
import type { Draft } from "@octoplane/resources/batch-draft";
import type { Lookup } from "@octoplane/resources/commit-batch";
import { failure } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";
import { everyRule } from "./authorizer.ts";
import { missingPermission, permissionText, type IsNamespaced } from "./grant.ts";
import { namedUser, type User } from "./user.ts";

/**
 * Nobody can grant what they do not hold: neither by a role, nor by binding somebody to one, nor by a token for somebody. Who
 * may `update` the resource `core/roles/escalate` is free of that. `Forbidden` names the first right that is missing.
 */

const escalate = { api: RoleKind.api, resource: "roles/escalate", verb: "update" } as const;

/** For the body of a role or a binding that is created or replaced; other kinds grant nothing. */
export async function demandGrant(
  context: ApiContext,
  user: User,
  kind: AnyKind,
  input: Input,
): Promise<void> {
  if (kind.api !== RoleKind.api) return;
  if (kind.kind === RoleKind.kind) {
    return demandRules(context, user, (input as unknown as Pick<Role, "rules">).rules);
  }
  if (kind.kind !== RoleBindingKind.kind || context.authorizer.allows(user, escalate, undefined)) {
    return;
  }
  const { roles } = input as unknown as Pick<RoleBinding, "roles">;
  for (const name of new Set(roles)) {
    // From the store: the roles in memory may be a moment behind.
    const role = await context.resources.of(RoleKind).get({ name });
    // A role that does not exist yet may come to allow everything.
    demandRules(context, user, role?.rules ?? everyRule, role ? "" : `, and role ${name} may be`);
  }
}

/**
 * For objects that are stored together: a binding gives what its roles will be then. A role that is not there is left to whoever
 * checks that it is.
 */
export function demandGrants(
  context: ApiContext,
  user: User,
  drafts: readonly Draft[],
  look: Lookup,
): void {
  for (const { kind, input } of drafts) {
    if (kind.api !== RoleKind.api) continue;
    if (kind.kind === RoleKind.kind) {
      demandRules(context, user, (input as unknown as Pick<Role, "rules">).rules);
    }
    if (kind.kind !== RoleBindingKind.kind) continue;
    for (const name of new Set((input as unknown as Pick<RoleBinding, "roles">).roles)) {
      const role = look(anyKind(RoleKind), { name }) as unknown as Pick<Role, "rules"> | undefined;
      demandRules(context, user, role?.rules ?? []);
    }
  }
}

/** For a token that names somebody: whoever sees it can do what they may do, by their groups too. */
export function demandTokenFor(
  context: ApiContext,
  user: User,
  named: { readonly name: string; readonly groups?: readonly string[] },
): void {
  if (named.name === user.name) return;
  demandRules(context, user, context.roles.rulesOf(namedUser(named.name, named.groups)));
}

function demandRules(context: ApiContext, user: User, granted: readonly Rule[], remark = ""): void {
  if (context.authorizer.allows(user, escalate, undefined)) return;
  const missing = missingPermission(context.roles.rulesOf(user), granted, isNamespaced);
  if (!missing) return;
  const right = permissionText(missing);
  throw failure("Forbidden", `${user.name} does not hold ${right}${remark}, and may not grant it`);
}

const isNamespaced: IsNamespaced = (api, resource) => {
  const plural = resource.split("/")[0] ?? "";
  if (questionRights.includes(plural)) return true;
  const named = kinds.filter((kind) => kind.plural === plural && (api === "" || kind.api === api));
  return named.length > 0 && named.every((kind) => kind.namespaced);
};
