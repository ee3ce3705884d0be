import type { KindLike, Selection } from "@octoplane/client/client";
import { watch } from "@octoplane/client/watch";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { selectionOf, tableFor, type ListFlags, type Style } from "./list-objects.ts";
import { customTable, jsonLine, printLines, printValue, yamlOf } from "../output/print-resource.ts";
import type { Session } from "../session.ts";
import { columnWidths, linesOf, type Table } from "../output/table.ts";
import { oneLine } from "../output/terminal-text.ts";

export interface Watching extends ListFlags {
  readonly style: Style;
  /** This one only. */
  readonly name?: string;
  /** In JSON and YAML, the kind of change around each object; else the bare objects. */
  readonly withEvents?: boolean;
}

/**
 * Prints what there is and then every change, until nobody reads any more or the server refuses. Tables grow by
 * a row, JSON has one object per line, YAML one document.
 */
export async function watchObjects(
  session: Session,
  kind: AnyKind,
  watching: Watching,
): Promise<void> {
  const { name } = watching;
  const chosen = await selectionOf(session, kind, watching);
  const selection: Selection =
    name === undefined ? chosen : { ...chosen, fieldSelector: `metadata.name=${name}` };
  const printer = new ChangePrinter(session, kind, watching);
  const events = watch((await session.client()).of<KindLike>(kind), {
    ...selection,
    ...(session.io.stop ? { signal: session.io.stop } : {}),
    onTrouble: (error) => session.note(`rok: ${oneLine(error.message)}; trying again`),
  });
  for await (const event of events) {
    if (event.type === "SYNCED") await printer.synced();
    else await printer.changed(event);
  }
}

interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: AnyResource;
}

const words = { ADDED: "added", MODIFIED: "changed", DELETED: "deleted" } as const;

/** What was there at first is one table; after that a row for each change, as wide as those above. */
class ChangePrinter {
  readonly #session: Session;
  readonly #kind: AnyKind;
  readonly #watching: Watching;
  #first: Change[] | undefined = [];
  #widths: readonly number[] = [];

  constructor(session: Session, kind: AnyKind, watching: Watching) {
    this.#session = session;
    this.#kind = kind;
    this.#watching = watching;
  }

  async synced(): Promise<void> {
    const first = this.#first;
    if (!first) return;
    this.#first = undefined;
    const { layout } = this.#session;
    if (this.#isTable()) {
      const table = this.#tableOf(first, "");
      this.#widths = columnWidths(table, layout);
      printLines(this.#session, linesOf(table, this.#widths, layout));
    } else for (const change of first) await this.#print(change);
  }

  async changed(change: Change): Promise<void> {
    if (this.#first) this.#first.push(change);
    else await this.#print(change);
  }

  async #print(change: Change): Promise<void> {
    const { output, io, layout } = this.#session;
    const value = this.#watching.withEvents === true ? change : change.object;
    if (this.#isTable()) {
      const table = this.#tableOf([change], words[change.type]);
      this.#grow(columnWidths(table, { noHeaders: true }));
      printLines(this.#session, linesOf(table, this.#widths, { ...layout, noHeaders: true }));
    } else if (output === "json") io.out(`${jsonLine(value)}\n`);
    else if (output === "yaml") io.out(`---\n${await yamlOf(value)}`);
    else await printValue(this.#session, change.object);
  }

  #isTable(): boolean {
    return this.#session.output === "table" || this.#session.output === "custom-columns";
  }

  #tableOf(changes: readonly Change[], word: string): Table {
    const { format } = this.#session;
    const objects = changes.map(({ object }) => object);
    if (format.type === "custom-columns") return customTable(format.columns, objects);
    const table = tableFor(this.#session, this.#kind, objects, this.#watching);
    return {
      titles: ["event", ...table.titles],
      rows: table.rows.map((row) => [word, ...row]),
    };
  }

  /** A longer cell widens its column for the rows to come, as far as the terminal has room. */
  #grow(needed: readonly number[]): void {
    const wider = this.#widths.map((width, column) => Math.max(width, needed[column] ?? 0));
    const { width } = this.#session.layout;
    const total = wider.reduce((sum, own) => sum + own + 2, -2);
    if (width === undefined || total <= width) this.#widths = wider;
  }
}
