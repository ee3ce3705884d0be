import { isAccountName } from "@octoplane/kinds/service-account";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { namedUser, type Credential, type User } from "./user.ts";

/**
 * `Unauthenticated` for a user or groups from elsewhere that are empty, endless, or would not be readable in a log, and for
 * names of service accounts, which only the tokens of these bear.
 */
export function checkIdentity(origin: string, name: string, groups: readonly string[]): void {
  if (!isIdentityName(name)) {
    throw failure("Unauthenticated", `${origin} names no user that can be one`);
  }
  if (groups.length > limits.groupsMax || !groups.every(isIdentityName)) {
    throw failure("Unauthenticated", `${origin} names groups that cannot be any, or too many`);
  }
  const account = [name, ...groups].find(isAccountName);
  if (account === undefined) return;
  throw failure("Unauthenticated", `${origin} names ${account}, as only service accounts are`);
}

/** Whether it is neither empty nor endless, and can be read in a log. */
export function isIdentityName(text: string): boolean {
  return text !== "" && text.length <= limits.identityNameMax && !/\p{C}/u.test(text);
}

/**
 * A user whom another server names. The names of the system's own parts are not its to give, unless the settings say so:
 * who may choose their name there must not become `system:admin` here. Such groups are left out, such a user is refused.
 */
export function foreignUser(
  origin: string,
  found: {
    readonly name: string;
    readonly groups: readonly string[];
    readonly allowSystemNames: boolean;
    readonly credential: Credential;
  },
): User {
  const isFree = (text: string): boolean =>
    (found.allowSystemNames || !/^system:/i.test(text)) && !isAccountName(text);
  checkIdentity(
    origin,
    found.name,
    found.groups.filter((group) => !isAccountName(group)),
  );
  if (!isFree(found.name)) {
    throw failure("Unauthenticated", `${origin} names ${found.name}, which it may not`);
  }
  return namedUser(found.name, found.groups.filter(isFree), found.credential);
}
