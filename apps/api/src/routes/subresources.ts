import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ApplicationKind } from "@octoplane/kinds/application";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { DecisionSchema } from "@octoplane/kinds/decision";
import { anyKind, type AnyKind, type AnyResource } from "@octoplane/kinds/kind";
import { readAs } from "@octoplane/kinds/read-input";
import { readDecisions } from "@octoplane/resources/decision-log";
import { checkImmutableStatus, keepAdditions } from "@octoplane/resources/update-rules";
import { invalid } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";
import { dryRunOf } from "../http/query.ts";
import { objectSchemaOf, operation } from "../http/route-schema.ts";
import { sendJson, sendJsonText } from "../http/send-json.ts";
import { answer, demand, pathOf } from "./resource.ts";

/**
 * `PUT …/status`: the whole status of the body replaces the stored one; `state` and `reason` are derived again. What Krake's
 * clients do not know of (the inventory of copies, above all) stays when it is left out.
 */
export function statusRoute(app: FastifyInstance, context: ApiContext, kind: AnyKind): void {
  const statusSchema = kind.status;
  if (statusSchema === undefined) return;
  const schema = operation(kind)("replace the status of", {
    body: Type.Object({ status: statusSchema }, { additionalProperties: true }),
    answer: objectSchemaOf(kind),
    subresource: "status",
    dryRun: true,
  });
  app.put(`${pathOf(kind)}/status`, schema, async (request, reply) => {
    const ref = demand(context, kind, request, "update", "status");
    const body = request.body as { readonly status?: unknown } | null;
    if (typeof body !== "object" || body?.status === undefined) {
      throw invalid([{ field: "status", message: "expected, but missing" }]);
    }
    const repository = context.resources.of(kind, dryRunOf(request));
    const { metadata } = await repository.mustGet(ref);
    const change = (current: AnyResource) => {
      const sent = keepAdditions(kind, { status: body.status }, { status: current.status });
      const status = readAs<Readonly<Record<string, unknown>>>(
        statusSchema,
        sent["status"],
        "status",
      );
      checkImmutableStatus(kind, current.status ?? {}, status);
      return { status: status as never };
    };
    return answer(reply, await repository.updateStatus(ref, metadata.uid, change));
  });
}

/** The sub-resources of single kinds that are read: decisions about applications and about clusters on clouds, and the one way to read a kubeconfig. */
export function specialRoutes(app: FastifyInstance, context: ApiContext): void {
  const applications = anyKind(ApplicationKind);
  const clusters = anyKind(ClusterKind);
  const { store } = context.resources.parts;

  const DecisionList = Type.Object({ items: Type.Array(DecisionSchema) });
  for (const kind of [applications, clusters]) {
    const decisions = operation(kind)("read the decisions about", { answer: DecisionList });
    app.get(`${pathOf(kind)}/decisions`, decisions, async (request, reply) => {
      const ref = demand(context, kind, request, "get");
      const { metadata } = await context.resources.of(kind).mustGet(ref);
      const items = await readDecisions(store, metadata.uid);
      const list = { api: kind.api, kind: "DecisionList", metadata: {}, items };
      return sendJson(reply, list);
    });
  }

  const kubeconfig = operation(clusters)("read the kubeconfig of", {
    answer: Type.Record(Type.String(), Type.Unknown()),
    subresource: "kubeconfig",
  });
  app.get(`${pathOf(clusters)}/kubeconfig`, kubeconfig, async (request, reply) => {
    const ref = demand(context, clusters, request, "get", "kubeconfig");
    const { spec } = await context.resources.of(ClusterKind).reveal(ref);
    const text = JSON.stringify(spec.kubeconfig);
    return sendJsonText(reply.header("cache-control", "no-store"), text);
  });
}
