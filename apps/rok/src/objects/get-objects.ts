import type { KindLike } from "@octoplane/client/client";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { kinds, recordKinds } from "@octoplane/kinds/registry";
import { refOf } from "../commands/resource.ts";
import { errorLines } from "../error-lines.ts";
import { exitStatusOf, usageError } from "../exit-status.ts";
import { findKind, namesOf, readNamed, type Named } from "./kind-names.ts";
import type { Call } from "../leaf.ts";
import { listObjects, tableFor, type ListFlags } from "./list-objects.ts";
import { printTable, printValue } from "../output/print-resource.ts";
import type { Session } from "../session.ts";
import { watchObjects } from "./watch-objects.ts";

/** What `rok get`, `watch` and `kinds` do. */

/** Those that people write, and those that only the server writes. */
export const readableKinds: readonly AnyKind[] = [...kinds, ...recordKinds];

export async function getObjects({ args, options, session }: Call<ListFlags>): Promise<number> {
  const asked = readNamed(readableKinds, words(args));
  checkFlags(asked, options);
  if (options.watch === true) {
    const [one] = asked;
    if (asked.length !== 1 || !one || one.names.length > 1) {
      throw usageError("--watch: expected one kind, and one name at most");
    }
    const [name] = one.names;
    const named = name === undefined ? {} : { name };
    await watchObjects(session, one.kind, { ...options, ...named, style: "short" });
    return 0;
  }
  let status = 0;
  const parts: { readonly kind: AnyKind; readonly items: readonly AnyResource[] }[] = [];
  for (const { kind, names } of asked) {
    if (names.length === 0) {
      parts.push({ kind, items: await listObjects(session, kind, options) });
      continue;
    }
    const found = await readEach(session, { kind, names });
    status ||= found.status;
    parts.push({ kind, items: found.items });
  }
  await printParts(session, parts, {
    flags: options,
    isOne: asked.flatMap(({ names }) => names).length === 1,
  });
  return status;
}

export async function watchKind({ args, options, session }: Call<ListFlags>): Promise<void> {
  const [asked, ...others] = readNamed(readableKinds, words(args));
  if (!asked || others.length > 0 || asked.names.length > 1) {
    throw usageError("expected one kind, and one name at most");
  }
  const [name] = asked.names;
  const watching = { ...options, style: "short", withEvents: true } as const;
  checkFlags([asked], options);
  await watchObjects(session, asked.kind, name === undefined ? watching : { ...watching, name });
}

export async function listKinds({ session }: Call<object>): Promise<void> {
  const rows = readableKinds.map((kind) => ({
    kind: kind.kind,
    plural: kind.plural,
    aliases: namesOf(kind).filter((name) => ![kind.plural, kind.kind.toLowerCase()].includes(name)),
    api: kind.api,
    namespaced: kind.namespaced,
    // A name of another kind means that one; this is how to say which.
    name:
      findKind(readableKinds, kind.plural) === kind ? kind.plural : `${kind.api}/${kind.plural}`,
  }));
  if (session.output !== "table") return await printValue(session, rows);
  printTable(session, {
    titles: ["kind", "plural", "aliases", "group", "namespaced"],
    rows: rows.map(({ kind, plural, aliases, api, namespaced }) => [
      kind,
      plural,
      aliases.join(", "),
      api,
      namespaced ? "yes" : "no",
    ]),
  });
}

/** Every one that can be read; of the others it is said why. */
async function readEach(
  session: Session,
  { kind, names }: Named<AnyKind>,
): Promise<{ readonly items: readonly AnyResource[]; readonly status: number }> {
  const objects = (await session.client()).of<KindLike>(kind);
  const items: AnyResource[] = [];
  let status = 0;
  for (const name of names) {
    try {
      items.push(await objects.get(await refOf(session, kind, name)));
    } catch (error) {
      for (const line of errorLines(error, session.access)) session.note(line);
      status ||= exitStatusOf(error);
    }
  }
  return { items, status };
}

async function printParts(
  session: Session,
  parts: readonly { readonly kind: AnyKind; readonly items: readonly AnyResource[] }[],
  { flags, isOne }: { readonly flags: ListFlags; readonly isOne: boolean },
): Promise<void> {
  const all = parts.flatMap(({ items }) => items);
  if (session.output !== "table") {
    if (isOne && all.length === 0) return;
    return await printValue(session, isOne ? all[0] : all);
  }
  for (const [index, { kind, items }] of parts.entries()) {
    if (items.length === 0) {
      const where = kind.namespaced && flags.all !== true ? " in this namespace" : "";
      if (!isOne) session.note(`no ${kind.plural}${where}`);
      continue;
    }
    if (index > 0) session.io.out("\n");
    printTable(session, tableFor(session, kind, items, { ...flags, style: "short" }));
  }
}

/** Names and selectors are two ways to choose. */
function checkFlags(asked: readonly Named<AnyKind>[], flags: ListFlags): void {
  const isNamed = asked.some(({ names }) => names.length > 0);
  const { all, selector, fieldSelector } = flags;
  if (isNamed && (all === true || selector !== undefined || fieldSelector !== undefined)) {
    throw usageError("expected names, or flags that choose (--all, --selector), not both");
  }
}

/** The positional arguments that are there. */
export function words(args: readonly (string | undefined)[]): readonly string[] {
  return args.filter((word) => word !== undefined);
}
