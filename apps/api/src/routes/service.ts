import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { readAs } from "@octoplane/kinds/read-input";
import { checkName } from "@octoplane/kinds/metadata";
import { kinds } from "@octoplane/kinds/registry";
import { verbSchema } from "@octoplane/kinds/role";
import { invalid } from "@octoplane/shared/errors";
import { demandTokenFor } from "../auth/demand-grant.ts";
import { userOf, type ApiContext } from "../api-context.ts";

const TokenRequestSchema = Type.Object(
  {
    user: Type.String({ description: "whom the token will name" }),
    expires_in: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: 3_155_760_000 }), Type.Null()], {
        description: "seconds, a century at most; left out or null: never",
      }),
    ),
  },
  { additionalProperties: false },
);

/** The version, who one is, and new tokens. */
export function serviceRoutes(app: FastifyInstance, context: ApiContext): void {
  const tags = ["service"];
  app.get("/", { schema: { tags, summary: "the version" } }, async () => ({
    version: context.version,
  }));
  app.get("/me", { schema: { tags, summary: "who is asking" } }, async (request) => {
    const user = userOf(request);
    return { user: user.name, groups: user.groups, roles: context.roles.rolesOf(user) };
  });
  rightRoutes(app, context);
  const summary = "a word of the octopus; Krake has such a route";
  const release = { tags, summary, response: { 202: Type.String() } };
  app.get("/release", { schema: release }, async (_request, reply) =>
    reply
      .code(202)
      .type("application/json")
      .send(JSON.stringify("Eight arms let go; three hearts beat on.")),
  );
  const schema = {
    tags: ["core"],
    summary: "create a token",
    description:
      "Needs a role for `core/tokens`, and every right of the user whom the token names, or a role for " +
      "`core/roles/escalate` (update). The token is shown once and stored nowhere.",
    body: TokenRequestSchema,
  };
  app.post("/core/tokens", { schema }, async (request, reply) => {
    const wish = { api: "core", resource: "tokens", verb: "create" } as const;
    context.authorizer.demand(userOf(request), wish, undefined);
    const body = readAs<Static<typeof TokenRequestSchema>>(TokenRequestSchema, request.body);
    const problems = checkName("user", body.user);
    if (problems.length > 0) throw invalid(problems);
    demandTokenFor(context, userOf(request), body.user);
    const token = context.authenticator.signer.sign(body.user, body.expires_in ?? undefined);
    return reply.header("cache-control", "no-store").send({ user: body.user, token });
  });
}

const RightQuerySchema = Type.Object(
  {
    verb: verbSchema,
    api: Type.String({ description: "kubernetes, core, …" }),
    resource: Type.String({
      description:
        "a plural, such as applications, or one with its sub-resource: clusters/kubeconfig",
    }),
    namespace: Type.Optional(Type.String({ description: "left out: any at all" })),
  },
  { additionalProperties: false },
);

/** What the one who asks may do, for those who want to know before they try. */
function rightRoutes(app: FastifyInstance, context: ApiContext): void {
  const rights = { tags: ["service"], summary: "whether you may", querystring: RightQuerySchema };
  app.get("/me/rights", { schema: rights }, async (request) => {
    const query = readAs<Static<typeof RightQuerySchema>>(RightQuerySchema, request.query, "");
    const { namespace, ...wish } = query;
    const user = userOf(request);
    const namespaced = kinds.some(
      (kind) => kind.namespaced && kind.plural === wish.resource.split("/")[0],
    );
    const somewhere = namespaced && namespace === undefined;
    const visible = somewhere ? context.authorizer.visible(user, wish) : undefined;
    const allowed =
      visible === undefined
        ? context.authorizer.allows(user, wish, namespace)
        : visible === "all" || visible.size > 0;
    return { allowed };
  });
  const rules = { tags: ["service"], summary: "what you may do" };
  app.get("/me/rules", { schema: rules }, async (request) => ({
    rules: context.authorizer.rulesOf(userOf(request)),
  }));
}
