import type { FastifyInstance } from "fastify";
import { applicationActions, type ApplicationAction } from "@octoplane/kinds/application-actions";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { anyKind, type AnyResource } from "@octoplane/kinds/kind";
import { readAs, readInput } from "@octoplane/kinds/read-input";
import { isoTime } from "@octoplane/shared/clock";
import { invalid, isFailure } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";
import { objectSchemaOf, operation } from "../http/route-schema.ts";
import { changeObject, type Change } from "./change-object.ts";
import { answer, demand, pathOf, withWarnings } from "./resource.ts";

const kind = anyKind(ApplicationKind);

/** `POST …/applications/{name}/scale` and the other actions, each a change of the specification with a right of its own. */
export function applicationActionRoutes(app: FastifyInstance, context: ApiContext): void {
  for (const action of applicationActions) {
    const schema = operation(kind)(action.about, {
      body: action.body,
      answer: objectSchemaOf(kind),
      subresource: action.name,
      dryRun: true,
    });
    app.post(`${pathOf(kind)}/${action.name}`, schema, async (request, reply) => {
      const ref = demand(context, kind, request, "update", action.name);
      const body = readAs<never>(action.body, request.body ?? {});
      const now = isoTime(context.resources.parts.clock.now());
      try {
        const changed = await changeObject(context, kind, { ref, request }, (current) =>
          changeBy(action, current, { body, now }),
        );
        return answer(withWarnings(reply, kind, changed), changed);
      } catch (error) {
        // Whoever asks twice gets what he asked for.
        if (!isFailure(error, "NoChange")) throw error;
        return answer(reply, await context.resources.of(kind).mustGet(ref));
      }
    });
  }
}

/** What the action makes of the application, read as the PUT that it stands for. */
function changeBy(
  action: ApplicationAction,
  current: AnyResource,
  { body, now }: { readonly body: never; readonly now: string },
): Change {
  const app = current as unknown as Application;
  const problem = action.refuse?.(app, body);
  if (problem !== undefined) throw invalid([{ field: action.name, message: problem }]);
  const { status: _status, ...rest } = current;
  return { input: readInput(kind, { ...rest, spec: action.change(app.spec, body, now) }) };
}
