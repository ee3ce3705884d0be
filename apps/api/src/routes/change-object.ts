import type { FastifyRequest } from "fastify";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import type { Input } from "@octoplane/kinds/read-input";
import type { Ref } from "@octoplane/resources/keys";
import { checkGuard, type Guards } from "@octoplane/resources/update-rules";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { admit } from "../admission.ts";
import { userOf, type ApiContext } from "../api-context.ts";
import { dryRunOf, readIfMatch } from "../http/query.ts";

/** What an object is to become, and what the client holds the change to. */
export interface Change {
  readonly input: Input;
  readonly guards?: Guards;
}

/**
 * Changes an object as it stands: the change is worked out from what is stored and goes the way of a PUT. Without a guard of
 * the client's, one that loses against another writer is worked out again.
 */
export async function changeObject(
  context: ApiContext,
  kind: AnyKind,
  { ref, request }: { readonly ref: Ref; readonly request: FastifyRequest },
  changeOf: (current: AnyResource) => Change,
): Promise<AnyResource> {
  const ifMatch = readIfMatch(request);
  const repository = context.resources.of(kind, dryRunOf(request));
  for (let attempt = 0; ; attempt += 1) {
    const current = await repository.mustGet(ref);
    const { input, guards = {} } = changeOf(current);
    // Held to what the change was worked out from; the write itself is held to that too.
    checkGuard(`${kind.kind} ${ref.name}`, current, guards, ifMatch);
    await admit(context, kind, { input, ref, user: userOf(request) });
    const { resource_version } = current.metadata;
    const guarded = { ...input, metadata: { ...input.metadata, resource_version } };
    try {
      return await repository.update(ref, guarded, { isWhole: true });
    } catch (error) {
      if (!isFailure(error, "Conflict") || attempt >= limits.conflictRetriesMax) throw error;
    }
  }
}
