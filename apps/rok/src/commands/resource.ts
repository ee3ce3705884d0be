import { Option, type Command } from "commander";
import type { KindLike, Ref } from "@octoplane/client/client";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { leaf, type Run } from "../leaf.ts";
import type { LazyKind } from "../objects/lazy-kind.ts";
import type { ListFlags } from "../objects/list-objects.ts";
import type { Session } from "../session.ts";

/** Commands that are the same for every kind. */

/** The kind with columns more, for what is known of these objects beside what stands in them. */
export type AddColumns = (
  session: Session,
  kind: AnyKind,
  items: readonly AnyResource[],
) => Promise<AnyKind>;

/** The same objects with what tables show of them beside what is stored. */
export type ViewOf = (
  session: Session,
  items: readonly AnyResource[],
) => Promise<readonly AnyResource[]>;

/** What tables of a kind have beside its own columns. */
export interface TableExtras {
  readonly columns?: AddColumns;
  readonly view?: ViewOf;
}

export function addList(run: Run, parent: Command, kind: LazyKind, extras: TableExtras = {}): void {
  leaf<ListFlags>(run, parent, {
    usage: "list",
    about: `list every ${kind.noun}${kind.namespaced ? " of a namespace" : ""}`,
    flags: (command) => listFlags(command, kind.namespaced),
    async act({ options, session }) {
      const loaded = await kind.load();
      const style = "krake";
      if (options.watch === true) {
        const { watchObjects } = await import("../objects/watch-objects.ts");
        return await watchObjects(session, loaded, { ...options, style });
      }
      const [{ listObjects, tableFor }, { printTable, printValue }] = await Promise.all([
        import("../objects/list-objects.ts"),
        import("../output/print-resource.ts"),
      ]);
      const items = await listObjects(session, loaded, options);
      if (session.output !== "table") return await printValue(session, items);
      const shown = (await extras.columns?.(session, loaded, items)) ?? loaded;
      const seen = (await extras.view?.(session, items)) ?? items;
      printTable(session, tableFor(session, shown, seen, { ...options, style }));
    },
  });
}

/** What every list can be told. */
export function listFlags(command: Command, namespaced: boolean, watchable = true): void {
  if (namespaced) command.option("-a, --all", "of all namespaces that you may see");
  command
    .addOption(new Option("-l, --selector <text>", "by labels: app=web,tier in (a, b),!old"))
    .option("--field-selector <text>", "by metadata.name, metadata.namespace or status.state");
  if (watchable) command.option("-w, --watch", "go on with every change");
}

export function addGet(run: Run, parent: Command, kind: LazyKind, extras: TableExtras = {}): void {
  leaf(run, parent, {
    usage: "get <name>",
    about: `show one ${kind.noun}`,
    kind,
    async act({ args, session }) {
      const [loaded, { printOne }] = [
        await kind.load(),
        await import("../output/print-resource.ts"),
      ];
      const objects = (await session.client()).of<KindLike>(loaded);
      const found = await objects.get(await refOf(session, kind, args[0]));
      if (session.output !== "table") return await printOne(session, loaded, found);
      const shown = (await extras.columns?.(session, loaded, [found])) ?? loaded;
      const [seen = found] = (await extras.view?.(session, [found])) ?? [];
      await printOne(session, shown, seen);
    },
  });
}

export function addDelete(run: Run, parent: Command, kind: LazyKind): void {
  leaf(run, parent, {
    usage: "delete <name>",
    about: `delete one ${kind.noun}`,
    kind,
    async act({ args, session }) {
      const [loaded, { printOne }] = [
        await kind.load(),
        await import("../output/print-resource.ts"),
      ];
      const objects = (await session.client()).of<KindLike>(loaded);
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
