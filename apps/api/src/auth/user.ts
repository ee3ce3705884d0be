/**
 * Who asks. Anonymous is an identity of its own and never more than that. One object per credential: what is known of it
 * (its roles) is kept by the object.
 */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  readonly isAnonymous: boolean;
}

export const anonymous: User = { name: "system:anonymous", groups: [], isAnonymous: true };

export function namedUser(name: string, groups: readonly string[] = []): User {
  return { name, groups, isAnonymous: false };
}
