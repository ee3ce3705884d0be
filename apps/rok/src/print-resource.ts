import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import type { Session } from "./session.ts";
import { layoutFields, layoutTable } from "./table.ts";
import { hasUnsafe, oneLine, plainJson, plainText, shortTime } from "./terminal-text.ts";

/** Objects as tables, or as they are in JSON or YAML. */

export async function printOne(
  session: Session,
  kind: AnyKind,
  resource: AnyResource,
): Promise<void> {
  if (session.output !== "table") return printValue(session, resource);
  printLines(session, layoutFields(detailOf(kind, resource), session.io.columns));
}

export async function printMany(
  session: Session,
  kind: AnyKind,
  resources: readonly AnyResource[],
): Promise<void> {
  if (session.output !== "table") return printValue(session, resources);
  printLines(session, layoutTable(tableOf(kind, resources), session.io.columns));
}

export function printLines(session: Session, lines: readonly string[]): void {
  session.io.out(lines.map((line) => `${line}\n`).join(""));
}

/** Any value in the format that was asked for; as JSON when that is `table`. */
export async function printValue(session: Session, value: unknown): Promise<void> {
  const text = session.output === "yaml" ? await yamlOf(value) : jsonOf(value);
  session.io.out(text.endsWith("\n") ? text : `${text}\n`);
}

function jsonOf(value: unknown): string {
  return plainJson(JSON.stringify(value, undefined, 2));
}

async function yamlOf(value: unknown): Promise<string> {
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

/** The columns of a list: who it is, when it was made and changed, and the kind's own. */
export function tableOf(kind: AnyKind, resources: readonly AnyResource[]) {
  const own = kind.columns.filter((column) => column.wide !== true);
  const titles = [...commonFields(kind, undefined), ...own].map((field) =>
    "title" in field ? field.title : field[0],
  );
  const rows = resources.map((resource) => [
    ...commonFields(kind, resource).map(([, value]) => oneLine(value)),
    ...own.map((column) => oneLine(column.cell(resource))),
  ]);
  return { titles, rows };
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

function commonFields(
  kind: AnyKind,
  resource: AnyResource | undefined,
): readonly (readonly [string, string])[] {
  const metadata = resource?.metadata;
  const labels = Object.entries(metadata?.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return [
    ["name", metadata?.name ?? ""],
    ...(kind.namespaced ? [["namespace", metadata?.namespace ?? ""] as const] : []),
    ["labels", labels.join("\n")],
    ["created", shortTime(metadata?.created ?? null)],
    ["modified", shortTime(metadata?.modified ?? null)],
    ["deleted", shortTime(metadata?.deleted ?? null)],
  ];
}
