import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { readInput, type Input } from "@octoplane/kinds/read-input";
import { checkGuard } from "@octoplane/resources/update-rules";
import { failure, invalid, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { userOf, type ApiContext } from "../api-context.ts";
import { admit } from "../admission.ts";
import { isObject, mergePatch, mergePatchType } from "../http/merge-patch.ts";
import { dryRunOf, readIfMatch } from "../http/query.ts";
import { objectSchemaOf, operation } from "../http/route-schema.ts";
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
    const ifMatch = readIfMatch(request);
    const repository = context.resources.of(kind, dryRunOf(request));
    for (let attempt = 0; ; attempt += 1) {
      const current = await repository.mustGet(ref);
      const input = patched(kind, current, patch);
      // Held to what the patch was applied to; the write itself is held to that too.
      const guards = guardsOf(patch, input);
      checkGuard(`${kind.kind} ${ref.name}`, current, guards, ifMatch);
      await admit(context, kind, { input, ref, user: userOf(request) });
      const { resource_version } = current.metadata;
      const guarded = { ...input, metadata: { ...input.metadata, resource_version } };
      try {
        const updated = await repository.update(ref, guarded, { isWhole: true });
        return answer(withWarnings(reply, kind, updated), updated);
      } catch (error) {
        if (!isFailure(error, "Conflict") || attempt >= limits.conflictRetriesMax) throw error;
      }
    }
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
function guardsOf(patch: Patch, { metadata }: Input): Parameters<typeof checkGuard>[2] {
  const sent = isObject(patch["metadata"]) ? patch["metadata"] : {};
  const { resource_version, modified } = metadata;
  return {
    ...(Object.hasOwn(sent, "resource_version") && resource_version !== undefined
      ? { resource_version }
      : {}),
    ...(Object.hasOwn(sent, "modified") && modified !== undefined ? { modified } : {}),
  };
}
