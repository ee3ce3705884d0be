import { isAccountName } from "@octoplane/kinds/service-account";
import { invalid } from "@octoplane/shared/errors";
import type { ApiConfig } from "../config.ts";
import { isIdentityName } from "./identity-name.ts";
import { anonymous, namedUser, type User } from "./user.ts";

/**
 * Who somebody is that sends no credentials: the user of Krake's static strategy, else anonymous, else nobody. It is asked
 * for once, so that it is one object. It has no credential: there is nothing to revoke, and nothing that ends.
 * `Invalid` for a static user whose name none can have, or only service accounts.
 */
export function userWithoutCredentials({
  strategy,
  allow_anonymous: allowAnonymous,
}: Pick<ApiConfig["authentication"], "strategy" | "allow_anonymous">): User | undefined {
  const { enabled, name } = strategy.static;
  if (!enabled) return allowAnonymous ? anonymous : undefined;
  const field = "authentication.strategy.static.name";
  if (!isIdentityName(name)) {
    throw invalid([{ field, message: "expected a name that a user can have" }]);
  }
  if (isAccountName(name)) {
    throw invalid([{ field, message: `${name} is a name that only service accounts have` }]);
  }
  return namedUser(name);
}
