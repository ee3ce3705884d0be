import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { anyKind } from "@octoplane/kinds/kind";
import { checkName } from "@octoplane/kinds/metadata";
import { readAs } from "@octoplane/kinds/read-input";
import {
  accountGroups,
  accountOf,
  accountUser,
  isAccountName,
  ServiceAccountKind,
} from "@octoplane/kinds/service-account";
import { isoTime } from "@octoplane/shared/clock";
import { failure, invalid } from "@octoplane/shared/errors";
import { userOf, type ApiContext } from "../api-context.ts";
import { demandTokenFor } from "../auth/demand-grant.ts";
import type { TokenSubject } from "../auth/token-claims.ts";
import { demand, pathOf } from "./resource.ts";
import { revocationRoute } from "./revoke-token.ts";

const expiresIn = Type.Optional(
  Type.Union([Type.Integer({ minimum: 1, maximum: 3_155_760_000 }), Type.Null()], {
    description: "seconds, a century at most; left out or null: never",
  }),
);

const closed = { additionalProperties: false } as const;

const TokenRequestSchema = Type.Object(
  { user: Type.String({ description: "whom the token will name" }), expires_in: expiresIn },
  closed,
);

const AccountTokenRequestSchema = Type.Object({ expires_in: expiresIn }, closed);

const TokenAnswerSchema = Type.Object({
  user: Type.String(),
  token: Type.String(),
  id: Type.String({ description: "by which it can be revoked without being shown" }),
  expires: Type.Union([Type.String(), Type.Null()], { description: "ISO 8601; null: never" }),
});

const shownOnce = "The token is shown once and stored nowhere.";
const everyRight =
  "and every right of the one whom the token names, or a role for `core/roles/escalate` (update).";

/** New tokens, their revocation, and where people can log in. */
export function tokenRoutes(app: FastifyInstance, context: ApiContext): void {
  const schema = {
    tags: ["core"],
    summary: "create a token",
    description: `Needs a role for \`core/tokens\`, ${everyRight} ${shownOnce}`,
    body: TokenRequestSchema,
    response: { 200: TokenAnswerSchema },
  };
  app.post("/core/tokens", { schema }, async (request, reply) => {
    const wish = { api: "core", resource: "tokens", verb: "create" } as const;
    context.authorizer.demand(userOf(request), wish, undefined);
    const body = readAs<Static<typeof TokenRequestSchema>>(TokenRequestSchema, request.body);
    const problems = checkName("user", body.user);
    if (problems.length > 0) throw invalid(problems);
    refuseAccount(body.user);
    demandTokenFor(context, userOf(request), { name: body.user });
    return answerToken(context, reply, { user: body.user, ...lifeOf(body.expires_in) });
  });
  accountTokenRoute(app, context);
  revocationRoute(app, context);
}

function accountTokenRoute(app: FastifyInstance, context: ApiContext): void {
  const kind = anyKind(ServiceAccountKind);
  const schema = {
    tags: ["core"],
    summary: "create a token of a ServiceAccount",
    description:
      `Needs a role for \`core/serviceaccounts/token\` (create), ${everyRight} ${shownOnce} It ends when the account is ` +
      "deleted or its `tokens_not_before` is later than the token.",
    body: AccountTokenRequestSchema,
    response: { 200: TokenAnswerSchema },
  };
  app.post(`${pathOf(kind)}/token`, { schema }, async (request: FastifyRequest, reply) => {
    const ref = demand(context, kind, request, "create", "token");
    const { namespace = "", name } = ref;
    const body = readAs<Static<typeof AccountTokenRequestSchema>>(
      AccountTokenRequestSchema,
      request.body,
    );
    const { metadata } = await context.resources.of(ServiceAccountKind).mustGet(ref);
    if (metadata.deleted !== null) {
      throw failure("Terminating", `service account ${name} is being deleted`);
    }
    const user = accountUser(namespace, name);
    demandTokenFor(context, userOf(request), { name: user, groups: accountGroups(namespace) });
    const account = { namespace, name, uid: metadata.uid };
    return answerToken(context, reply, { user, account, ...lifeOf(body.expires_in) });
  });
}

function refuseAccount(user: string): void {
  if (!isAccountName(user)) return;
  const { namespace = "NAMESPACE", name = "NAME" } = accountOf(user) ?? {};
  const route = `POST /core/namespaces/${namespace}/serviceaccounts/${name}/token`;
  throw invalid([
    { field: "user", message: `expected no service account: ${route} makes tokens of these` },
  ]);
}

function lifeOf(seconds: number | null | undefined): Pick<TokenSubject, "expiresInSeconds"> {
  return typeof seconds === "number" ? { expiresInSeconds: seconds } : {};
}

function answerToken(
  context: ApiContext,
  reply: FastifyReply,
  subject: TokenSubject,
): FastifyReply {
  const { token, id, exp } = context.authenticator.signer.issue(subject);
  const expires = exp === undefined ? null : isoTime(exp * 1_000);
  return reply.header("cache-control", "no-store").send({ user: subject.user, token, id, expires });
}
