import { failure } from "@octoplane/shared/errors";
import { checkCommit } from "@octoplane/store/check-commit";
import type { Store } from "@octoplane/store/store";

/**
 * A store for a dry run: a commit is checked like any other, its guards by the store itself, and writes nothing. Its
 * revision is that of its first guard, so that what is answered carries the version that is there still.
 */
export function dryStore(store: Store): Store {
  return {
    get: (key) => store.get(key),
    list: (prefix, page) => store.list(prefix, page),
    watch: (prefix, after, signal) => store.watch(prefix, after, signal),
    async commit(guards, writes) {
      checkCommit(guards, writes);
      const revision = await store.commit(guards, []);
      return guards[0]?.revision ?? revision;
    },
    compact: async () => undefined,
    lease: async () => {
      throw failure("Invalid", "a dry run holds no lease");
    },
    // The store itself belongs to who opened it.
    [Symbol.asyncDispose]: async () => undefined,
  };
}
