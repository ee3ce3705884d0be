import type { KindClient, Ref, WriteOptions } from "@octoplane/client/client";
import type { AnyResource } from "@octoplane/kinds/kind";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/**
 * Reads, changes and writes back, guarded by the version that was read: what somebody else wrote in
 * between is never lost, the change is made again on it. The change names only what it is about, so
 * repeating it is safe.
 */
export async function updateResource<R extends AnyResource>(
  objects: KindClient<R>,
  ref: Ref,
  change: (current: R) => R,
  options: WriteOptions = {},
): Promise<R> {
  for (let attempt = 1; ; attempt += 1) {
    const current = await objects.get(ref);
    try {
      return await objects.update(change(current), options);
    } catch (error) {
      if (!isFailure(error, "Conflict") || attempt >= limits.rokUpdateRetriesMax) throw error;
    }
  }
}
