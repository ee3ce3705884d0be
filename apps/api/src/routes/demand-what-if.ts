import type { FastifyRequest } from "fastify";
import { checkName } from "@octoplane/kinds/metadata";
import { invalid } from "@octoplane/shared/errors";
import { userOf, type ApiContext } from "../api-context.ts";

/** The rights to ask, and to see what the answer tells of. */
export function demandWhatIf(
  context: ApiContext,
  request: FastifyRequest,
  resource: "plans" | "backtests",
): string {
  const { namespace } = request.params as { readonly namespace: string };
  const problems = checkName("namespace", namespace);
  if (problems.length > 0) throw invalid(problems);
  const api = "kubernetes";
  const user = userOf(request);
  context.authorizer.demand(user, { api, resource, verb: "create" }, namespace);
  for (const seen of ["applications", "clusters"]) {
    context.authorizer.demand(user, { api, resource: seen, verb: "list" }, namespace);
  }
  return namespace;
}
