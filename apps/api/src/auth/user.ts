/**
 * Who asks. Anonymous is an identity of its own and never more than that. One object per credential: what is known of it
 * (its roles) is kept by the object.
 */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  readonly isAnonymous: boolean;
  /** What showed who it is; absent for who sends nothing, and for a user that is only asked about. */
  readonly credential?: Credential;
}

/** What is known of a token or a certificate beside its user; times are milliseconds since the epoch. */
export interface Credential {
  readonly what: "token" | "client certificate";
  /** By which it can be revoked alone; certificates have none, nor have tokens that another server is asked about. */
  readonly id?: string;
  /** When it was issued; -Infinity when it does not tell: it is then older than any moment. */
  readonly issued: number;
  /** Infinity when it does not end by itself. */
  readonly end: number;
  /** For a token of a service account: the very account, of which another may come to bear the name. */
  readonly account?: AccountClaim;
}

export interface AccountClaim {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export const anonymous: User = { name: "system:anonymous", groups: [], isAnonymous: true };

export function namedUser(
  name: string,
  groups: readonly string[] = [],
  credential?: Credential,
): User {
  return { name, groups, isAnonymous: false, ...(credential === undefined ? {} : { credential }) };
}
