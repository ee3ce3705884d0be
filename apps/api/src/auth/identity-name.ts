import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { namedUser, type User } from "./user.ts";

/** `Unauthenticated` for a user or groups from elsewhere that are empty, endless, or would not be readable in a log. */
export function checkIdentity(origin: string, name: string, groups: readonly string[]): void {
  if (!isName(name)) {
    throw failure("Unauthenticated", `${origin} names no user that can be one`);
  }
  if (groups.length > limits.groupsMax || !groups.every(isName)) {
    throw failure("Unauthenticated", `${origin} names groups that cannot be any, or too many`);
  }
}

function isName(text: string): boolean {
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
  },
): User {
  const isFree = (text: string): boolean => found.allowSystemNames || !/^system:/i.test(text);
  checkIdentity(origin, found.name, found.groups);
  if (!isFree(found.name)) {
    throw failure("Unauthenticated", `${origin} names ${found.name}, which it may not`);
  }
  return namedUser(found.name, found.groups.filter(isFree));
}
