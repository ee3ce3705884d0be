import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { ApplicationKind, type ApplicationStatus } from "@octoplane/kinds/application";
import { tokenFieldOf, type HookName } from "@octoplane/kinds/application-hook";
import { anyKind } from "@octoplane/kinds/kind";
import { readAs } from "@octoplane/kinds/read-input";
import { callerOf, type HookCaller } from "@octoplane/resources/hook-token";
import { readyForAction, shutdownAnswered, shutdownRetried } from "@octoplane/resources/shutdown";
import { isoTime } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";
import { dryRunOf } from "../http/query.ts";
import { objectSchemaOf, operation } from "../http/route-schema.ts";
import { answer, demand, pathOf } from "./resource.ts";

const TokenSchema = Type.Object(
  {
    api: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    token: Type.String({ description: "the one that was handed to the application" }),
  },
  { additionalProperties: false },
);

/** What an application calls when it is done or ready to be shut down, and the second chance for one that was not. */
export function hookRoutes(app: FastifyInstance, context: ApiContext): void {
  const kind = anyKind(ApplicationKind);
  const repositoryFor = (request: FastifyRequest) =>
    context.resources.of(ApplicationKind, dryRunOf(request));
  const now = (): string => isoTime(context.resources.parts.clock.now());
  const words = (subresource: string) => ({
    body: TokenSchema,
    answer: objectSchemaOf(kind),
    subresource,
    dryRun: true,
  });

  app.put(
    `${pathOf(kind)}/complete`,
    operation(kind)("complete", words("complete")),
    async (request, reply) => {
      const ref = demand(context, kind, request, "update", "complete");
      const repository = repositoryFor(request);
      const { token } = readToken(request.body);
      const { metadata, status } = await repository.reveal(ref);
      checkToken(token, "complete", status);
      await repository.updateStatus(ref, metadata.uid, (current) => ({
        status: readyForAction(current, "Completed", now()),
      }));
      return answer(reply, await repository.remove(ref, { uid: metadata.uid }));
    },
  );

  app.put(
    `${pathOf(kind)}/shutdown`,
    operation(kind)("tell the readiness to shut down of", words("shutdown")),
    async (request, reply) => {
      const ref = demand(context, kind, request, "update", "shutdown");
      const repository = repositoryFor(request);
      const { token } = readToken(request.body);
      const { metadata, status } = await repository.reveal(ref);
      const { clusterUid } = checkToken(token, "shutdown", status);
      const changed = await repository.updateStatus(ref, metadata.uid, (current) => {
        const next = shutdownAnswered(current, now(), clusterUid);
        return next && { status: next };
      });
      return answer(reply, changed);
    },
  );

  const retry = operation(kind)("retry the shutdown of", {
    answer: objectSchemaOf(kind),
    subresource: "status",
    dryRun: true,
  });
  app.put(`${pathOf(kind)}/retry`, retry, async (request, reply) => {
    const ref = demand(context, kind, request, "update", "status");
    const repository = repositoryFor(request);
    const { metadata } = await repository.mustGet(ref);
    const changed = await repository.updateStatus(ref, metadata.uid, (current) => {
      const next = shutdownRetried(current, now());
      if (next) return { status: next };
      const text = `Application ${ref.name} has no failed shutdown to retry (its state is ${current.status.state})`;
      throw failure("NoChange", text);
    });
    return answer(reply, changed);
  });
}

function readToken(body: unknown): Static<typeof TokenSchema> {
  return readAs<Static<typeof TokenSchema>>(TokenSchema, body);
}

function checkToken(sent: string, hook: HookName, status: ApplicationStatus): HookCaller {
  const caller = callerOf(sent, hook, {
    secret: status[tokenFieldOf(hook)],
    copies: status.copies,
  });
  if (caller !== undefined) return caller;
  throw failure("Unauthenticated", "this is not the token that the application was given");
}
