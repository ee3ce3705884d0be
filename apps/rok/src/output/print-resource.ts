import type { AnyKind, AnyResource, Column } from "@octoplane/kinds/kind";
import { usageError } from "../exit-status.ts";
import { find, renderTemplate, textOf } from "./jsonpath-value.ts";
import type { CustomColumn } from "./output-format.ts";
import type { Session } from "../session.ts";
import { layoutFields, layoutTable, type Table } from "./table.ts";
import { hasUnsafe, oneLine, plainJson, plainText, shortTime } from "./terminal-text.ts";

/** Objects as tables, or in any other form that `-o` asks for. */

export async function printOne(
  session: Session,
  kind: AnyKind,
  resource: AnyResource,
): Promise<void> {
  if (session.output !== "table") return printValue(session, resource);
  printLines(session, layoutFields(detailOf(kind, resource), session.layout));
}

export async function printMany(
  session: Session,
  kind: AnyKind,
  resources: readonly AnyResource[],
): Promise<void> {
  if (session.output !== "table") return printValue(session, resources);
  printTable(session, tableOf(kind, resources, isWide(session)));
}

export function printTable(session: Session, table: Table): void {
  printLines(session, layoutTable(table, session.layout));
}

export function isWide({ format }: Session): boolean {
  return format.type === "table" && format.isWide;
}

export function printLines(session: Session, lines: readonly string[]): void {
  session.io.out(lines.map((line) => `${line}\n`).join(""));
}

/** Any value in the format that was asked for; as JSON when that is `table`. */
export async function printValue(session: Session, value: unknown): Promise<void> {
  const { format, io } = session;
  switch (format.type) {
    case "table":
    case "json":
      return io.out(`${jsonOf(value)}\n`);
    case "yaml":
      return io.out(await yamlOf(value));
    case "name":
      return printLines(session, listOf(value).map(nameOf));
    case "custom-columns":
      return printTable(session, customTable(format.columns, listOf(value)));
    case "jsonpath": {
      const text = renderTemplate(format.template, value);
      // For a program it is what the template says and nothing else; a terminal is kept safe.
      const isTerminal = io.columns !== undefined;
      return io.out(isTerminal && text !== "" ? `${harmless(text)}\n` : text);
    }
  }
}

/**
 * Refuses `-o name` before anything is sent, for commands whose result is not about objects.
 */
export function demandValueFormat({ output }: Session): void {
  if (output === "name") throw usageError("-o name: this command prints no objects");
}

/** One object in one line of JSON. */
export function jsonLine(value: unknown): string {
  return plainJson(JSON.stringify(value));
}

function jsonOf(value: unknown): string {
  return plainJson(JSON.stringify(value, undefined, 2));
}

export async function yamlOf(value: unknown): Promise<string> {
  const { stringify } = await import("yaml");
  const text = stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
  if (!hasUnsafe(text)) return text;
  // Only text in double quotes can say such characters by their number.
  const quoted = stringify(value, {
    lineWidth: 0,
    aliasDuplicateObjects: false,
    defaultStringType: "QUOTE_DOUBLE",
    defaultKeyType: "QUOTE_DOUBLE",
  });
  return plainJson(quoted);
}

function harmless(text: string): string {
  return text.split("\t").map(plainText).join("\t");
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

/** `application/web`, as the other commands take it. */
export function nameOf(value: unknown): string {
  const { kind, name, metadata } = (value ?? {}) as {
    readonly kind?: unknown;
    readonly name?: unknown;
    readonly metadata?: { readonly name?: unknown };
  };
  const own = metadata?.name ?? name;
  if (typeof kind !== "string" || typeof own !== "string") {
    throw usageError("-o name: this command prints no objects");
  }
  return oneLine(`${kind.toLowerCase()}/${own}`);
}

/** What a path does not lead to is `<none>`, as kubectl has it. */
export function customTable(columns: readonly CustomColumn[], values: readonly unknown[]): Table {
  const cell = (path: CustomColumn["path"], value: unknown): string => {
    const found = find(path, value);
    return found.length === 0 ? "<none>" : oneLine(found.map(textOf).join(","));
  };
  return {
    titles: columns.map(({ title }) => oneLine(title)),
    rows: values.map((value) => columns.map(({ path }) => cell(path, value))),
  };
}

/** The columns of a list: who it is, when it was made and changed, and the kind's own. */
export function tableOf(kind: AnyKind, resources: readonly AnyResource[], wide = false): Table {
  const own = ownColumns(kind, wide);
  const titles = [...commonFields(kind, undefined), ...own].map((field) =>
    "title" in field ? field.title : field[0],
  );
  const rows = resources.map((resource) => [
    ...commonFields(kind, resource).map(([, value]) => oneLine(value)),
    ...own.map((column) => ownCell(column, resource)),
  ]);
  return { titles, rows };
}

export function ownColumns(kind: AnyKind, wide: boolean): readonly Column<AnyResource>[] {
  return kind.columns.filter((column) => wide || column.wide !== true);
}

export function ownCell(column: Column<AnyResource>, resource: AnyResource): string {
  return shortTime(oneLine(column.cell(resource)));
}

/** Every field of one object, the wide ones too. */
export function detailOf(
  kind: AnyKind,
  resource: AnyResource,
): readonly (readonly [string, string])[] {
  return [
    ...commonFields(kind, resource).map(([name, value]) => [name, plainText(value)] as const),
    ...kind.columns.map((column) => {
      const value = plainText(column.cell(resource));
      return [column.title, shortTime(value)] as const;
    }),
  ];
}

export function labelText({ metadata }: AnyResource, between: string): string {
  const labels = Object.entries(metadata.labels).map(([key, value]) => `${key}=${value}`);
  return labels.join(between);
}

function commonFields(
  kind: AnyKind,
  resource: AnyResource | undefined,
): readonly (readonly [string, string])[] {
  const metadata = resource?.metadata;
  return [
    ["name", metadata?.name ?? ""],
    ...(kind.namespaced ? [["namespace", metadata?.namespace ?? ""] as const] : []),
    ["labels", resource ? labelText(resource, "\n") : ""],
    ["created", shortTime(metadata?.created ?? null)],
    ["modified", shortTime(metadata?.modified ?? null)],
    ["deleted", shortTime(metadata?.deleted ?? null)],
  ];
}
