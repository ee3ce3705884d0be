import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { readInput, type Input } from "@octoplane/kinds/read-input";
import type { Guards } from "@octoplane/resources/update-rules";
import { failure, invalid } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { ApiContext } from "../api-context.ts";
import { isObject, mergePatch, mergePatchType } from "../http/merge-patch.ts";
import { objectSchemaOf, operation } from "../http/route-schema.ts";
import { changeObject } from "./change-object.ts";
import { answer, demand, pathOf, withWarnings } from "./resource.ts";

const PatchSchema = Type.Object(
  {},
  {
    additionalProperties: true,
    description:
      "a JSON merge patch (RFC 7396) of the object as it is answered: null removes a member, a list takes the place of " +
      "the whole list; a guard is If-Match or metadata.resource_version",
  },
);

/**
 * `PATCH` of one object: the patch is applied to the object as it is answered (a redacted credential stays what is stored),
 * and the result goes the way of a PUT. Without a guard a patch that loses against another writer is applied again.
 */
export function patchRoute(app: FastifyInstance, context: ApiContext, kind: AnyKind): void {
  const schema = operation(kind)("patch", {
    body: PatchSchema,
    consumes: mergePatchType,
    answer: objectSchemaOf(kind),
    dryRun: true,
  });
  app.patch(pathOf(kind), schema, async (request, reply) => {
    const ref = demand(context, kind, request, "update");
    const patch = readPatch(request);
    const updated = await changeObject(context, kind, { ref, request }, (current) => {
      const input = patched(kind, current, patch);
      return { input, guards: guardsOf(patch, input) };
    });
    return answer(withWarnings(reply, kind, updated), updated);
  });
}

type Patch = Readonly<Record<string, unknown>>;

function readPatch({ body }: FastifyRequest): Patch {
  if (body === undefined) {
    throw failure("Unparsable", `expected a body of type ${mergePatchType}, found none`);
  }
  if (isObject(body)) return body;
  throw invalid([{ field: "", message: "expected an object" }]);
}

/** The body of the PUT that the patch stands for. `TooLarge` when that could not have been sent. */
function patched(kind: AnyKind, current: AnyResource, patch: Patch): Input {
  const { status: _status, ...target } = current;
  const body = mergePatch(target, patch);
  if (Buffer.byteLength(JSON.stringify(body)) > limits.bodyBytesMax) {
    const message = `the patched object is larger than ${limits.bodyBytesMax} bytes`;
    throw failure("TooLarge", message);
  }
  return readInput(kind, body);
}

/** The guards that the patch itself brings, once they are known to be texts. */
function guardsOf(patch: Patch, { metadata }: Input): Guards {
  const sent = isObject(patch["metadata"]) ? patch["metadata"] : {};
  const { resource_version, modified } = metadata;
  return {
    ...(Object.hasOwn(sent, "resource_version") && resource_version !== undefined
      ? { resource_version }
      : {}),
    ...(Object.hasOwn(sent, "modified") && modified !== undefined ? { modified } : {}),
  };
}
