import type { FastifyInstance } from "fastify";
import {
  BacktestRequestSchema,
  BacktestSchema,
  type BacktestRequest,
} from "@octoplane/kinds/placement-backtest";
import { readAs } from "@octoplane/kinds/read-input";
import type { ApiContext } from "../api-context.ts";
import { backtestNamespace } from "../placement/backtest-namespace.ts";
import type { LongWork } from "../placement/long-work.ts";
import { demandWhatIf } from "./demand-what-if.ts";
import { sendJson } from "../http/send-json.ts";

/** `POST …/backtests`: what another policy would have come to. The rights are those of a plan, under its own name. */
export function backtestRoutes(app: FastifyInstance, context: ApiContext, work: LongWork): void {
  const schema = {
    tags: ["kubernetes"],
    summary: "backtest: how applications would have fared with a policy; nothing is written",
    description:
      "Needs a role to create `kubernetes/backtests`, and to list `kubernetes/applications` and `kubernetes/clusters`.",
    body: BacktestRequestSchema,
    response: { 200: BacktestSchema },
  };
  app.post("/kubernetes/namespaces/:namespace/backtests", { schema }, async (request, reply) => {
    const namespace = demandWhatIf(context, request, "backtests");
    const asked = readAs<BacktestRequest>(BacktestRequestSchema, request.body);
    const { closing } = context;
    const result = await work.run({ reply, closing }, (turns) =>
      backtestNamespace(context, namespace, { asked, turns }),
    );
    return sendJson(reply.header("cache-control", "no-store"), result);
  });
}
