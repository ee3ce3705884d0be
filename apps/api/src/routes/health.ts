import type { FastifyInstance } from "fastify";
import { messageOf } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";

/** Open to everyone: whether the process lives, whether it can serve, and its figures. None of them names an object. */
export function healthRoutes(app: FastifyInstance, context: ApiContext): void {
  const tags = ["service"];
  app.get(
    "/livez",
    { schema: { tags, summary: "the process is alive" } },
    async (_request, reply) => reply.type("text/plain").send("ok\n"),
  );
  app.get(
    "/readyz",
    { schema: { tags, summary: "the store answers" } },
    async (_request, reply) => {
      reply.type("text/plain");
      if (context.closing.aborted) return reply.code(503).send("stopping\n");
      try {
        await context.resources.parts.store.get("/ready");
        return reply.send("ok\n");
      } catch (error) {
        return reply.code(503).send(`the store does not answer: ${messageOf(error)}\n`);
      }
    },
  );
  app.get(
    "/metrics",
    { schema: { tags, summary: "figures for Prometheus" } },
    async (_request, reply) =>
      reply
        .type(context.metrics.registry.contentType)
        .send(await context.metrics.registry.metrics()),
  );
}

/** Paths that need no identity. */
export const openPaths: ReadonlySet<string> = new Set([
  "/livez",
  "/readyz",
  "/metrics",
  "/openapi.json",
  "/login",
]);
