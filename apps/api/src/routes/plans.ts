import type { FastifyInstance } from "fastify";
import { PlanRequestSchema, PlanSchema, type PlanRequest } from "@octoplane/kinds/placement-plan";
import { readAs } from "@octoplane/kinds/read-input";
import type { ApiContext } from "../api-context.ts";
import type { LongWork } from "../placement/long-work.ts";
import { planNamespace } from "../placement/plan-namespace.ts";
import { demandWhatIf } from "./demand-what-if.ts";
import { sendJson } from "../http/send-json.ts";

/**
 * `POST …/plans`: what would happen if. It needs a right of its own, because it costs something, and those to list what it
 * tells of: applications and clusters.
 */
export function planRoutes(app: FastifyInstance, context: ApiContext, work: LongWork): void {
  const schema = {
    tags: ["kubernetes"],
    summary: "plan: what would move where if …; nothing is written",
    description:
      "Needs a role to create `kubernetes/plans`, and to list `kubernetes/applications` and `kubernetes/clusters`.",
    body: PlanRequestSchema,
    response: { 200: PlanSchema },
  };
  app.post("/kubernetes/namespaces/:namespace/plans", { schema }, async (request, reply) => {
    const namespace = demandWhatIf(context, request, "plans");
    const asked = readAs<PlanRequest>(PlanRequestSchema, request.body);
    const { closing } = context;
    const plan = await work.run({ reply, closing }, (turns) =>
      planNamespace(context, namespace, { asked, turns }),
    );
    return sendJson(reply.header("cache-control", "no-store"), plan);
  });
}
