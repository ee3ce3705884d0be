import type { Resources } from "@octoplane/resources/resources";
import type { Clock } from "@octoplane/shared/clock";
import type { Log } from "@octoplane/shared/log";
import type { ApiConfig } from "../config.ts";
import type { Authenticator } from "./authenticate.ts";
import { ClientCertificates } from "./client-certificate.ts";
import { userWithoutCredentials } from "./no-credentials.ts";
import { OidcIssuer } from "./oidc.ts";
import { keycloak, keystone, RawTokens } from "./raw-token.ts";
import type { TokenSigner } from "./signed-token.ts";
import type { Standing } from "./standing.ts";
import { readStaticUsers } from "./static-users.ts";

/**
 * The methods that the settings switch on; any number of them. `Invalid` when the file of users cannot be read, and
 * for a static user that can be none.
 */
export async function authenticatorOf(
  config: ApiConfig,
  parts: {
    readonly resources: Resources;
    readonly signer: TokenSigner;
    readonly log: Log;
    readonly standing: Standing;
  },
): Promise<Authenticator> {
  const { authentication, tls } = config;
  const { clock } = parts.resources.parts;
  const { static_users: usersFile } = authentication;
  return {
    certificates: tls.enabled && tls.client_ca !== null ? new ClientCertificates(clock) : undefined,
    signer: parts.signer,
    staticUsers: usersFile === null ? undefined : await readStaticUsers(usersFile),
    issuers: authentication.oidc.map((one) => new OidcIssuer(one, { clock, log: parts.log })),
    rawTokens: rawTokensOf(authentication.strategy, clock),
    withoutCredentials: userWithoutCredentials(authentication),
    standing: parts.standing,
  };
}

function rawTokensOf(
  strategy: ApiConfig["authentication"]["strategy"],
  clock: Clock,
): RawTokens | undefined {
  const servers = [
    ...(strategy.keystone.enabled ? [keystone(strategy.keystone.endpoint, clock)] : []),
    ...(strategy.keycloak.enabled ? [keycloak(strategy.keycloak, clock)] : []),
  ];
  if (servers.length === 0) return undefined;
  return new RawTokens(servers, strategy.allow_system_names, clock);
}
