import type { AnyKind } from "@octoplane/kinds/kind";

/** A kind, loaded when a command needs it: declaring kinds takes a tenth of a second. */
export interface LazyKind {
  /** `cluster`, for texts. */
  readonly noun: string;
  readonly namespaced: boolean;
  load(): Promise<AnyKind>;
}

/** `name` is that of the declaration in the module that `load` imports. */
export function lazyKind<N extends string>(
  noun: string,
  scope: "namespaced" | "global",
  name: N,
  load: () => Promise<Readonly<Record<N, object>>>,
): LazyKind {
  return {
    noun,
    namespaced: scope === "namespaced",
    // Every declaration is a kind; its own type is of no use to code that handles all of them.
    load: async () => (await load())[name] as AnyKind,
  };
}
