import type { Command } from "commander";
import type { Ref } from "@octoplane/client/client";
import type { AnyKind } from "@octoplane/kinds/kind";
import { leaf, type Run } from "../leaf.ts";
import { printMany, printOne } from "../print-resource.ts";
import type { Session } from "../session.ts";

/** Commands that are the same for every kind. */

/** A kind, loaded when a command needs it: declaring kinds takes a tenth of a second. */
export interface LazyKind {
  /** `cluster`, for texts. */
  readonly noun: string;
  readonly namespaced: boolean;
  load(): Promise<AnyKind>;
}

export function addList(run: Run, parent: Command, kind: LazyKind): void {
  leaf<{ readonly all?: boolean }>(run, parent, {
    usage: "list",
    about: `list every ${kind.noun}${kind.namespaced ? " of a namespace" : ""}`,
    flags: (command) => {
      if (kind.namespaced) command.option("-a, --all", "of all namespaces that you may see");
    },
    async act({ options, session }) {
      const loaded = await kind.load();
      const objects = (await session.client()).of(loaded);
      const everywhere = !kind.namespaced || options.all === true;
      const { items } = await objects.list(
        everywhere ? {} : { namespace: await session.namespace() },
      );
      await printMany(session, loaded, items);
    },
  });
}

export function addGet(run: Run, parent: Command, kind: LazyKind): void {
  leaf(run, parent, {
    usage: "get <name>",
    about: `show one ${kind.noun}`,
    async act({ args, session }) {
      const loaded = await kind.load();
      const objects = (await session.client()).of(loaded);
      await printOne(session, loaded, await objects.get(await refOf(session, kind, args[0])));
    },
  });
}

export function addDelete(run: Run, parent: Command, kind: LazyKind): void {
  leaf(run, parent, {
    usage: "delete <name>",
    about: `delete one ${kind.noun}`,
    async act({ args, session }) {
      const loaded = await kind.load();
      const objects = (await session.client()).of(loaded);
      await printOne(session, loaded, await objects.remove(await refOf(session, kind, args[0])));
    },
  });
}

/** The object that a command names, in the namespace that the session is about. */
export async function refOf(
  session: Session,
  kind: Pick<LazyKind, "namespaced">,
  name: string | undefined,
): Promise<Ref> {
  const named = { name: name ?? "" };
  return kind.namespaced ? { ...named, namespace: await session.namespace() } : named;
}
