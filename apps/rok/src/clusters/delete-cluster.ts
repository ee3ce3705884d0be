import { ClusterKind } from "@octoplane/kinds/cluster";
import { anyKind } from "@octoplane/kinds/kind";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { DeleteFlags } from "../commands/application.ts";
import { finish, readWish } from "../kubernetes/finish.ts";
import type { Call } from "../leaf.ts";

export interface DeleteClusterFlags extends DeleteFlags {
  readonly cascade?: boolean;
}

/**
 * `rok kube cluster delete NAME`. To delete a cluster deletes what belongs to it, the applications on it first of all; so where there
 * is anything it is named, and has to be meant.
 */
export async function deleteCluster(call: Call<DeleteClusterFlags>): Promise<number> {
  const { args, options, session } = call;
  const wish = readWish(options, ["deleted", "deleting"]);
  const objects = (await session.client()).of(ClusterKind);
  const ref = { namespace: await session.namespace(), name: args[0] ?? "" };
  const force = options.force === true;
  if (!force && options.cascade !== true) {
    const { items, hidden } = await objects.cascade(ref);
    const names = items.map(({ kind, name }) => `${kind.toLowerCase()}/${name}`).toSorted();
    const count = names.length + hidden;
    if (count > 0) throw failure("Invalid", refusal(ref.name, names, count));
  }
  const removed = await objects.remove(ref, { force });
  return await finish(session, anyKind(ClusterKind), removed, wish);
}

function refusal(cluster: string, names: readonly string[], count: number): string {
  const told = names.slice(0, limits.namesToldMax).join(", ");
  const more = count - Math.min(names.length, limits.namesToldMax);
  const rest =
    more === 0
      ? ""
      : names.length === 0
        ? `${more} objects that you may not list`
        : ` and ${more} more`;
  return (
    `with ${cluster} would go: ${told}${rest}; --cascade deletes them too, from the cluster first ` +
    "(rok kube cluster drain moves them away), and --force removes the record, and leaves what runs"
  );
}
