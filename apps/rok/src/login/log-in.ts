import { isoTime } from "@octoplane/shared/clock";
import { failure, isFailure, messageOf } from "@octoplane/shared/errors";
import { usageError } from "../exit-status.ts";
import { demandValueFormat, printLines, printValue } from "../output/print-resource.ts";
import type { Session } from "../session.ts";
import { layoutFields } from "../output/table.ts";
import { oneLine } from "../output/terminal-text.ts";
import { changeLogin, credentialsPath, loginKey, type LoginKey } from "./credentials-file.ts";
import { deviceLogin, endLogin, type DevicePrompt, type LoginClient } from "./device-login.ts";

export interface LoginFlags {
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scope?: readonly string[];
}

/**
 * Logs in at the issuer that is named or that the server announces, sees whether the server takes the token, and keeps it.
 * The code and the address are shown beside the result, so that scripts can read that.
 */
export async function logIn(session: Session, flags: LoginFlags): Promise<void> {
  demandValueFormat(session);
  const place = await placeOf(session);
  const client = await clientFor(session, flags);
  const grant = await deviceLogin(client, (prompt) => show(session, prompt), session.io.clock);
  const { issuer, clientId: client_id } = client;
  const me = await (await session.clientWith(grant.token)).me().catch((error: unknown) => {
    if (!isFailure(error, "Unauthenticated")) throw error;
    const reason = `the server does not take the token of ${issuer}: ${error.message}`;
    throw failure("Unauthenticated", reason);
  });
  await changeLogin(place.path, place.key, session.io, async () => ({
    ...place.key,
    issuer,
    client_id,
    token: grant.token,
    expires: grant.expires,
    ...(grant.refreshToken === undefined ? {} : { refresh_token: grant.refreshToken }),
  }));
  const { login, tokenFrom } = await session.findAgain();
  if (login === undefined && tokenFrom !== undefined) {
    session.note(`rok: other commands use the token from ${oneLine(tokenFrom)}, which comes first`);
  }
  const { server } = place.key;
  const expires = isoTime(grant.expires);
  const found = { ...me, server, issuer, expires, refreshed: grant.refreshToken !== undefined };
  if (session.output !== "table") return await printValue(session, found);
  const fields = Object.entries(found).map(
    ([name, value]) => [name, oneLine(textOf(value))] as const,
  );
  printLines(session, layoutFields(fields, session.layout));
}

/** Forgets the login of the server. That the others are told of it is tried, and is no condition. */
export async function logOut(session: Session): Promise<void> {
  const { path, key } = await placeOf(session);
  let removed: Parameters<Parameters<typeof changeLogin>[3]>[0];
  await changeLogin(path, key, session.io, async (current) => {
    removed = current;
    return undefined;
  });
  if (!removed) throw failure("NotFound", `nobody is logged in at ${key.server}`);
  const { token, refresh_token: refreshToken, issuer, client_id: clientId, expires } = removed;
  const attempt = async (what: string, run: () => Promise<unknown>): Promise<void> => {
    try {
      await run();
    } catch (error) {
      session.note(`rok: ${what}: ${oneLine(messageOf(error))}`);
    }
  };
  if (expires > session.io.clock.now()) {
    const { transport } = await session.clientWith(token);
    const body = { token, reason: "rok logout" };
    await attempt("the token could not be revoked", () =>
      transport.json("POST", "/core/tokens/revoke", { body }),
    );
  }
  if (refreshToken === undefined) return;
  await attempt(`the login at ${issuer} could not be ended`, () =>
    endLogin({ issuer, clientId }, refreshToken, session.io.clock),
  );
}

async function placeOf(
  session: Session,
): Promise<{ readonly path: string; readonly key: LoginKey }> {
  const path = credentialsPath(session.io);
  if (path === undefined) {
    throw failure("Invalid", "there is no $HOME and no $XDG_CONFIG_HOME to keep a login in");
  }
  const { address, context } = await session.find();
  return { path, key: loginKey(address, context) };
}

interface Announced {
  readonly issuer: string;
  readonly client_id: string;
  readonly scopes: readonly string[];
}

const usualScopes = ["openid", "profile", "offline_access"];

/** What is named wins; what is left out is looked for in what the server announces. */
async function clientFor(session: Session, flags: LoginFlags): Promise<LoginClient> {
  const { issuer, clientId, scope } = flags;
  if (issuer !== undefined && clientId !== undefined) {
    return { issuer, clientId, scopes: scope ?? usualScopes };
  }
  if (clientId !== undefined) throw usageError("--client-id: expected --issuer beside it");
  const { transport, address } = await session.clientWith(undefined);
  const { issuers } = await transport.json<{ readonly issuers: readonly Announced[] }>(
    "GET",
    "/login",
  );
  const fitting = issuers.filter((one) => issuer === undefined || one.issuer === issuer);
  const [first, ...others] = fitting;
  if (!first) {
    const what = issuer === undefined ? "no issuer" : `no client of ${issuer}`;
    throw failure("Invalid", `${address} announces ${what}; give --issuer and --client-id`);
  }
  if (others.length > 0) {
    const names = fitting.map((one) => oneLine(one.issuer)).join(", ");
    throw usageError(`choose with --issuer one of ${names}`);
  }
  return { issuer: first.issuer, clientId: first.client_id, scopes: scope ?? first.scopes };
}

function show(session: Session, { code, address, complete }: DevicePrompt): void {
  session.note(`Open ${oneLine(address)} and enter the code ${oneLine(code)}`);
  if (complete !== undefined) session.note(`(or open ${oneLine(complete)})`);
}

function textOf(value: string | boolean | readonly string[]): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : value.join(", ");
}
