import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { readAs } from "@octoplane/kinds/read-input";
import { kinds } from "@octoplane/kinds/registry";
import { questionRights, verbSchema } from "@octoplane/kinds/role";
import { userOf, type ApiContext } from "../api-context.ts";
import { sendJson } from "../http/send-json.ts";

/** The version, and who one is. */
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
    sendJson(reply.code(202), "Eight arms let go; three hearts beat on."),
  );
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
    const namespaced =
      questionRights.includes(wish.resource) ||
      kinds.some((kind) => kind.namespaced && kind.plural === wish.resource.split("/")[0]);
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
