import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { failure } from "@octoplane/shared/errors";
import { usageError } from "../exit-status.ts";
import { demandValueFormat, printOne, printValue } from "../output/print-resource.ts";
import type { Session } from "../session.ts";
import { oneLine } from "../output/terminal-text.ts";

/** What the commands about tokens do. */

export interface TokenFlags {
  /** Seconds; left out: never. `expiresIn` is its old name. */
  readonly expires?: number;
  readonly expiresIn?: number;
  /** `NAMESPACE/NAME` */
  readonly serviceAccount?: string;
}

export interface RevokeFlags {
  readonly id?: string;
  readonly user?: string;
  /** ISO 8601. */
  readonly before?: string;
  readonly forget?: string;
  readonly mine?: boolean;
  readonly reason?: string;
}

/** Prints the token alone; everything that the server told of it in the other formats. */
export async function createToken(
  session: Session,
  user: string | undefined,
  flags: TokenFlags,
): Promise<void> {
  demandValueFormat(session);
  if ((user === undefined) === (flags.serviceAccount === undefined)) {
    throw usageError("expected either a user or --service-account");
  }
  const seconds = flags.expires ?? flags.expiresIn;
  const expires_in = seconds === undefined ? null : Math.ceil(seconds);
  const path = flags.serviceAccount === undefined ? "/core/tokens" : pathOf(flags.serviceAccount);
  const body = { ...(user === undefined ? {} : { user }), expires_in };
  const { transport } = await session.client();
  const made = await transport.json<{ readonly token: string }>("POST", path, { body });
  if (session.output === "table") return session.io.out(`${oneLine(made.token)}\n`);
  await printValue(session, made);
}

function pathOf(account: string): string {
  const [namespace, name, ...rest] = account.split("/");
  if (
    !namespace ||
    !name ||
    rest.length > 0 ||
    [namespace, name].some((part) => /^\.+$/.test(part))
  )
    throw usageError("--service-account: expected NAMESPACE/NAME");
  const parts = [namespace, name].map(encodeURIComponent);
  return `/core/namespaces/${parts[0]}/serviceaccounts/${parts[1]}/token`;
}

/** Prints the revocation, of whose kind this is told. */
export async function revokeToken(
  session: Session,
  kind: AnyKind,
  flags: RevokeFlags & { readonly token: string | undefined },
): Promise<void> {
  const { token, id, user, mine = false, before, forget: expires, reason } = flags;
  const named = [token, id, user, mine || undefined].filter((value) => value !== undefined);
  if (named.length !== 1) throw usageError("expected one of: a token, --id, --user, --mine");
  if (before !== undefined && user === undefined) throw usageError("--before: only with --user");
  if (expires !== undefined && (mine || token !== undefined)) {
    throw usageError("--forget: a token that is shown tells its own end");
  }
  const client = await session.client();
  const shown = mine ? session.access?.token : await readToken(session, token);
  if (mine && shown === undefined) throw failure("Invalid", "rok has no token for this server");
  const body = { token: shown, token_id: id, user, before, expires, reason };
  const path = "/core/tokens/revoke";
  const revocation = await client.transport.json<AnyResource>("POST", path, { body });
  await printOne(session, kind, revocation);
}

async function readToken(session: Session, token: string | undefined): Promise<string | undefined> {
  return token === "-" ? (await session.io.readInput()).trim() : token;
}
