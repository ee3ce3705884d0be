/** Who asks. Anonymous is an identity of its own and never more than that. */
export interface User {
  readonly name: string;
  readonly isAnonymous: boolean;
}

export const anonymous: User = { name: "system:anonymous", isAnonymous: true };
