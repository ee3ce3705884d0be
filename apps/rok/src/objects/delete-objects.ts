import type { CascadePreview, KindClient, KindLike, Ref } from "@octoplane/client/client";
import { waitFor } from "@octoplane/client/wait-for";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { kinds } from "@octoplane/kinds/registry";
import { isFailure } from "@octoplane/shared/errors";
import { readOctoplaneFiles, refOfDocument } from "./apply-documents.ts";
import { refOf } from "../commands/resource.ts";
import { exitStatus, usageError } from "../exit-status.ts";
import { readWish, type WaitFlags } from "../kubernetes/finish.ts";
import { words } from "./get-objects.ts";
import { readNamed } from "./kind-names.ts";
import type { Call } from "../leaf.ts";
import { ObjectResults, resultOf } from "../output/object-results.ts";
import { nameOf } from "../output/print-resource.ts";
import type { Session } from "../session.ts";
import { oneLine } from "../output/terminal-text.ts";

export interface DeleteObjectsFlags extends WaitFlags {
  readonly file?: readonly string[];
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

interface Victim {
  readonly kind: AnyKind;
  readonly name: string;
  readonly ref: Ref;
  readonly objects: KindClient<AnyResource>;
}

/** `rok delete` */
export async function deleteObjects(call: Call<DeleteObjectsFlags>): Promise<number> {
  const { options, session } = call;
  const wish = readWish(options, ["deleted", "deleting"]);
  const victims = await victimsOf(call);
  if (options.dryRun === true) return await previewAll(session, victims);
  if (options.yes !== true && !(await isConfirmed(session, victims))) {
    session.note("nothing was deleted");
    return exitStatus.failed;
  }
  const results = new ObjectResults(session, {});
  const going: { readonly victim: Victim; readonly uid: string }[] = [];
  const isForced = options.force === true;
  for (const victim of victims) {
    const { objects, ref } = victim;
    try {
      const removed = await objects.remove(ref, { force: isForced });
      if (wish.goal === "deleted") going.push({ victim, uid: removed.metadata.uid });
      else results.add(resultOf(isForced ? "deleted" : "deleting", victim, ref.namespace));
    } catch (error) {
      if (isFailure(error, "Unavailable", "Unauthenticated")) throw error;
      results.fail(error, titleOf(victim));
    }
  }
  for (const { victim, uid } of going) {
    const { objects, ref } = victim;
    try {
      await waitFor(objects, ref, (found) => found?.metadata.uid !== uid, {
        timeoutMs: wish.timeoutMs,
        onTrouble: (error) => session.note(`rok: ${oneLine(error.message)}; trying again`),
      });
      results.add(resultOf("deleted", victim, ref.namespace));
    } catch (error) {
      results.fail(error, titleOf(victim));
    }
  }
  return await results.print();
}

async function victimsOf({
  args,
  options,
  session,
}: Call<DeleteObjectsFlags>): Promise<readonly Victim[]> {
  const given = words(args);
  if (options.file && given.length > 0) {
    throw usageError("expected either a kind and names or --file, not both");
  }
  const client = await session.client();
  if (options.file) {
    const documents = await readOctoplaneFiles(session, options.file, "identity");
    // What was made last goes first.
    return await Promise.all(
      documents.toReversed().map(async (document) => ({
        kind: document.kind,
        name: document.name,
        ref: await refOfDocument(session, document),
        objects: client.of<KindLike>(document.kind),
      })),
    );
  }
  if (given.length === 0) throw usageError("expected a kind and names, or --file");
  const named = readNamed(kinds, given);
  const missing = named.find(({ names }) => names.length === 0);
  if (missing) throw usageError(`expected the names of the ${missing.kind.plural} to delete`);
  return await Promise.all(
    named.flatMap(({ kind, names }) =>
      names.map(async (name) => ({
        kind,
        name,
        ref: await refOf(session, kind, name),
        objects: client.of<KindLike>(kind),
      })),
    ),
  );
}

async function previewAll(session: Session, victims: readonly Victim[]): Promise<number> {
  const results = new ObjectResults(session, { dryRun: true });
  for (const victim of victims) {
    try {
      await victim.objects.remove(victim.ref, { dryRun: true });
      results.add(resultOf("would be deleted", victim, victim.ref.namespace));
      const { items, hidden } = await victim.objects.cascade(victim.ref);
      for (const { api, kind, namespace, name } of items) {
        results.add({ result: `would go with ${titleOf(victim)}`, api, kind, namespace, name });
      }
      if (hidden > 0) session.note(hiddenText(hidden));
    } catch (error) {
      results.fail(error, titleOf(victim));
    }
  }
  return await results.print();
}

/** Asks a person at a terminal when more goes than was named. */
export async function isConfirmed(
  session: Session,
  victims: readonly { readonly objects: KindClient<AnyResource>; readonly ref: Ref }[],
): Promise<boolean> {
  const { ask } = session.io;
  if (!ask) return true;
  const previews = await Promise.all(victims.map(previewOf));
  const lines = previews.flatMap(({ items }, index) =>
    items.map((item) => `  ${nameOf(item)} (with ${oneLine(victims[index]?.ref.name ?? "")})`),
  );
  const hidden = previews.reduce((sum, preview) => sum + preview.hidden, 0);
  if (lines.length === 0 && hidden === 0) return true;
  session.note("this takes along:");
  for (const line of lines.slice(0, shownMost)) session.note(line);
  if (lines.length > shownMost) session.note(`  and ${lines.length - shownMost} more`);
  if (hidden > 0) session.note(hiddenText(hidden));
  return /^y(?:es)?$/i.test((await ask("delete all of it? [y/N] ")).trim());
}

/** As many as fit a screen. */
const shownMost = 20;

/** Whoever is not there or may not be seen takes nothing along; its deletion will say so. */
async function previewOf({
  objects,
  ref,
}: {
  readonly objects: KindClient<AnyResource>;
  readonly ref: Ref;
}): Promise<CascadePreview> {
  try {
    return await objects.cascade(ref);
  } catch (error) {
    if (isFailure(error, "NotFound", "Forbidden")) return { items: [], hidden: 0 };
    throw error;
  }
}

function titleOf({ kind, name }: Victim): string {
  return nameOf({ kind: kind.kind, name });
}

function hiddenText(hidden: number): string {
  return `  and ${hidden} more that you may not see`;
}
