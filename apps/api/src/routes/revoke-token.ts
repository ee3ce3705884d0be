import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { anyKind } from "@octoplane/kinds/kind";
import { checkMoment, dateTime } from "@octoplane/kinds/metadata";
import { readAs, readInput } from "@octoplane/kinds/read-input";
import {
  revocationReasonSchema,
  revokedUserSchema,
  tokenIdSchema,
  TokenRevocationKind,
  type TokenRevocation,
} from "@octoplane/kinds/token-revocation";
import { isoTime, pause } from "@octoplane/shared/clock";
import { invalid, isFailure } from "@octoplane/shared/errors";
import { userOf, type ApiContext } from "../api-context.ts";
import { userOfToken } from "../auth/authenticate.ts";
import { objectSchemaOf } from "../http/route-schema.ts";
import { answer } from "./resource.ts";

const RevokeSchema = Type.Object(
  {
    token: Type.Optional(
      Type.String({ minLength: 1, description: "the token itself: who has it may revoke it" }),
    ),
    token_id: Type.Optional(tokenIdSchema),
    user: Type.Optional(revokedUserSchema),
    before: Type.Optional(dateTime),
    expires: Type.Optional(dateTime),
    reason: revocationReasonSchema,
  },
  { additionalProperties: false },
);
type Revoke = Static<typeof RevokeSchema>;
type Spec = TokenRevocation["spec"];

const kind = anyKind(TokenRevocationKind);

/** `POST /core/tokens/revoke`: from its answer on, this server takes the token no more; the others follow their feeds. */
export function revocationRoute(app: FastifyInstance, context: ApiContext): void {
  const schema = {
    tags: ["core"],
    summary: "revoke a token, or those of a user",
    description:
      "One of `token`, `token_id` and `user` (of whom the tokens from `before`, or from before now). Who shows a token may " +
      "revoke that one; the others need a role for `core/tokenrevocations` (create). `expires` is when the revocation may " +
      "be removed: that of the token when it is shown, else left out for never.",
    body: RevokeSchema,
    response: { 200: objectSchemaOf(kind) },
  };
  app.post("/core/tokens/revoke", { schema }, async (request, reply) => {
    const body = readAs<Revoke>(RevokeSchema, request.body);
    if (body.token === undefined) {
      const wish = { api: kind.api, resource: kind.plural, verb: "create" } as const;
      context.authorizer.demand(userOf(request), wish, undefined);
    }
    checkBody(body);
    const revocation = await store(context, await specOf(context, body));
    context.authenticator.standing.revocations.note(revocation);
    // Answered when its millisecond is over, so that a token made after the answer is from after it.
    const { clock } = context.resources.parts;
    const over = Date.parse(revocation.metadata.created) + 1;
    while (body.user !== undefined && clock.now() < over && !context.closing.aborted) {
      await pause(clock, 1, context.closing);
    }
    return answer(reply, revocation);
  });
}

function checkBody({ token, token_id, user, before, expires }: Revoke): void {
  const named = [token, token_id, user].filter((value) => value !== undefined);
  const problems = [
    ...(named.length === 1
      ? []
      : [{ field: "", message: "expected exactly one of token, token_id and user" }]),
    ...(before === undefined || user !== undefined
      ? []
      : [{ field: "before", message: "expected with user only" }]),
    ...(expires === undefined || token === undefined
      ? []
      : [{ field: "expires", message: "expected none: the token tells its own" }]),
    ...checkMoment("before", before ?? null),
    ...checkMoment("expires", expires ?? null),
  ];
  if (problems.length > 0) throw invalid(problems);
}

async function specOf(context: ApiContext, body: Revoke): Promise<Spec> {
  const { token, token_id = null, user = null, before = null, expires = null, reason } = body;
  if (token === undefined) return { token_id, user, before, expires, reason };
  const { credential } = await shown(context, token);
  if (credential?.id === undefined) {
    const message = "its own server ends it (or revoke those of its user)";
    throw invalid([{ field: "token", message }]);
  }
  const { id, end } = credential;
  return {
    token_id: id,
    user: null,
    before: null,
    expires: Number.isFinite(end) ? isoTime(end) : null,
    reason,
  };
}

/** Whose token was sent, one that is revoked already as well. */
async function shown(context: ApiContext, token: string) {
  try {
    return await userOfToken(context.authenticator, token);
  } catch (error) {
    if (!isFailure(error, "Unauthenticated")) throw error;
    throw invalid([{ field: "token", message: `it cannot be revoked: ${error.message}` }]);
  }
}

/**
 * One token is revoked once, under its own name, so that to ask again changes nothing. Where something else bears that name
 * (anybody with the right can make objects of this kind), and for users, the name is a new one.
 */
async function store(context: ApiContext, spec: Spec): Promise<TokenRevocation> {
  const revocations = context.resources.of(TokenRevocationKind);
  const create = async (name: string): Promise<TokenRevocation> =>
    await revocations.create(readInput(kind, { metadata: { name }, spec }));
  const { random } = context.resources.parts;
  if (spec.token_id === null) return await create(random.uuid());
  try {
    return await create(spec.token_id);
  } catch (error) {
    if (!isFailure(error, "AlreadyExists")) throw error;
  }
  const there = await revocations.get({ name: spec.token_id });
  const holds =
    there?.metadata.deleted === null &&
    there.spec.token_id === spec.token_id &&
    (there.spec.expires === null ||
      (spec.expires !== null && Date.parse(there.spec.expires) >= Date.parse(spec.expires)));
  return holds ? there : await create(random.uuid());
}
