import type { KindLike, Selection } from "@octoplane/client/client";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { limits } from "@octoplane/shared/limits";
import { ageText } from "../output/age-text.ts";
import { usageError } from "../exit-status.ts";
import { isWide, labelText, ownCell, ownColumns, tableOf } from "../output/print-resource.ts";
import type { Session } from "../session.ts";
import type { Table } from "../output/table.ts";
import { oneLine } from "../output/terminal-text.ts";

/** Lists of objects of a kind: which ones, and as which table. */

/** The flags of every list as they are parsed. */
export interface ListFlags {
  readonly all?: boolean;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly watch?: boolean;
  readonly showLabels?: boolean;
}

/** `krake`: the columns that Krake's own lists have, in their order. `short`: what fits a terminal. */
export type Style = "krake" | "short";

export async function selectionOf(
  session: Session,
  kind: AnyKind,
  { all, selector, fieldSelector }: ListFlags,
): Promise<Selection> {
  const everywhere = !kind.namespaced || all === true;
  if (all === true && session.namedNamespace !== undefined) {
    throw usageError("expected either --all or --namespace, not both");
  }
  return {
    ...(everywhere ? {} : { namespace: await session.namespace() }),
    ...(selector === undefined ? {} : { labelSelector: selector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    // Tables and names show nothing of what is large.
    ...(kind.bulky && ["table", "name"].includes(session.output) ? { view: "summary" } : {}),
  };
}

export async function listObjects(
  session: Session,
  kind: AnyKind,
  flags: ListFlags,
): Promise<readonly AnyResource[]> {
  const selection = await selectionOf(session, kind, flags);
  const objects = (await session.client()).of<KindLike>(kind);
  return (await objects.list({ ...selection, pageSize: limits.rokPageMax })).items;
}

/** Objects as a table of the style; the wide one has every column there is. */
export function tableFor(
  session: Session,
  kind: AnyKind,
  resources: readonly AnyResource[],
  { style, all, showLabels }: { readonly style: Style } & ListFlags,
): Table {
  const wide = isWide(session);
  if (style === "krake" || wide) return tableOf(kind, resources, wide);
  const own = ownColumns(kind, false);
  const withNamespace = kind.namespaced && all === true;
  const now = session.io.clock.now();
  return {
    titles: [
      ...(withNamespace ? ["namespace"] : []),
      "name",
      ...own.map(({ title }) => title),
      "age",
      ...(showLabels === true ? ["labels"] : []),
    ],
    rows: resources.map((resource) => [
      ...(withNamespace ? [oneLine(resource.metadata.namespace ?? "")] : []),
      oneLine(resource.metadata.name),
      ...own.map((column) => ownCell(column, resource)),
      ageText(resource.metadata.created, now),
      ...(showLabels === true ? [oneLine(labelText(resource, ","))] : []),
    ]),
  };
}
