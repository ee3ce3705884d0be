import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import { manifestDifference, type ObjectDifference } from "@octoplane/kinds/manifest-difference";
import { wantedManifest } from "@octoplane/kinds/wanted-manifest";
import { usageError } from "../exit-status.ts";
import type { Call } from "../leaf.ts";
import { objectDifferenceLines } from "../output/object-difference-lines.ts";
import { printLines, printTable, printValue } from "../output/print-resource.ts";
import { shortTime } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";
import { applicationPath } from "./act-on-application.ts";
import { finish, readWish, type WaitFlags } from "./finish.ts";

/** What an application delivered at different times, and how far it is with the present. */

interface RevisionSummary {
  readonly generation: number;
  readonly since: string;
  readonly changes?: readonly Pick<ObjectDifference, "object" | "change">[];
}

export async function showRevisions({ args, session }: Call<object>): Promise<void> {
  const { transport } = await session.client();
  const path = `${await applicationPath(session, args[0] ?? "")}/revisions`;
  const { items } = await transport.json<{ readonly items: readonly RevisionSummary[] }>(
    "GET",
    path,
  );
  if (session.output !== "table") return await printValue(session, items);
  const rows = items
    .toReversed()
    .map(({ generation, since, changes }) => [
      String(generation),
      shortTime(since),
      (changes ?? []).map(({ object, change }) => `${object} ${change}`).join("\n"),
    ]);
  printTable(session, { titles: ["revision", "since", "changes"], rows });
}

/** Two revisions, or one: then to the one before it. */
export async function compareRevisions({ args, session }: Call<object>): Promise<void> {
  const [name = "", ...texts] = args.filter((text) => text !== undefined);
  const numbers = texts.map(revisionOf);
  const last = numbers.at(-1) ?? 0;
  const from = numbers.length === 1 ? last - 1 : (numbers[0] ?? 0);
  if (from < 1) throw usageError(`there is no revision before ${last}`);
  const path = `${await applicationPath(session, name)}/revisions`;
  const [before, after] = await Promise.all(
    [from, last].map((number) => wantedAt(session, `${path}/${number}`)),
  );
  const difference = manifestDifference(before!, after!);
  if (session.output !== "table") return await printValue(session, difference);
  printLines(session, objectDifferenceLines(difference));
}

async function wantedAt(session: Session, path: string) {
  const { transport } = await session.client();
  const { spec } = await transport.json<Pick<Application, "spec">>("GET", path);
  return wantedManifest(spec);
}

export interface UndoFlags extends WaitFlags {
  readonly to?: string;
}

export async function undoRollout({ args, options, session }: Call<UndoFlags>): Promise<number> {
  const wish = readWish(options, ["running", "reconciling", "completed"]);
  const path = `${await applicationPath(session, args[0] ?? "")}/undo`;
  const body = options.to === undefined ? {} : { generation: revisionOf(options.to) };
  const { transport } = await session.client();
  const changed = await transport.json<Application>("POST", path, { body });
  return await finish(session, anyKind(ApplicationKind), changed, wish);
}

/** Waits until what is wanted runs; tells each state on the way. */
export async function followRollout({ args, options, session }: Call<WaitFlags>): Promise<number> {
  const objects = (await session.client()).of(ApplicationKind);
  const app = await objects.get({ namespace: await session.namespace(), name: args[0] ?? "" });
  const wish = readWish({ ...options, wait: "running" }, ["running"]);
  return await finish(session, anyKind(ApplicationKind), app, wish);
}

function revisionOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usageError(`expected the number of a revision, found ${text}`);
}
