import type { Draft, KindLike } from "@octoplane/client/client";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { invalid } from "@octoplane/shared/errors";
import { readOctoplaneFiles } from "../objects/apply-documents.ts";
import { usageError } from "../exit-status.ts";
import type { Call } from "../leaf.ts";
import { printMany, printOne } from "../output/print-resource.ts";
import { updateResource } from "../objects/update-resource.ts";

/** What the commands of roles and bindings do. */

export interface RoleKindOf<F> {
  readonly kind: AnyKind;
  make(name: string, flags: F): object;
  change(current: AnyResource, flags: F): object;
}

/** One by its name and flags, or all of a file, which are of this kind. */
export async function writeRoles<F extends { readonly file?: readonly string[] }>(
  call: Call<F>,
  { kind, make, change }: RoleKindOf<F>,
  isNew: boolean,
): Promise<void> {
  const { args, options, session } = call;
  const [name] = args;
  const { file, ...flags } = options;
  const isEmpty = Object.keys(flags).length === 0;
  if ((file === undefined) === (name === undefined) || (file && !isEmpty)) {
    throw usageError("expected either a name and flags, or --file");
  }
  if (file) return await writeFiles(call, kind, { file, isNew });
  if (!isNew && isEmpty) throw usageError("nothing to change: name at least one flag");
  const objects = (await session.client()).of<KindLike>(kind);
  if (isNew) {
    const draft = make(name ?? "", options) as Draft;
    return await printOne(session, kind, await objects.create(draft));
  }
  const updated = await updateResource(
    objects,
    { name: name ?? "" },
    (current) => change(current, options) as AnyResource,
  );
  await printOne(session, kind, updated);
}

async function writeFiles(
  { session }: Call<object>,
  kind: AnyKind,
  { file, isNew }: { readonly file: readonly string[]; readonly isNew: boolean },
): Promise<void> {
  const documents = await readOctoplaneFiles(session, file, "whole", { usual: kind });
  const wrong = documents.filter((document) => document.kind !== kind);
  if (wrong.length > 0) {
    throw invalid(wrong.map(({ place }) => ({ field: place, message: `expected a ${kind.kind}` })));
  }
  const objects = (await session.client()).of<KindLike>(kind);
  const written: AnyResource[] = [];
  for (const { document, name } of documents) {
    const draft = document as unknown as Draft;
    if (isNew) {
      written.push(await objects.create(draft));
      continue;
    }
    const { metadata } = draft;
    const change = (current: AnyResource): AnyResource => ({
      ...current,
      ...document,
      metadata: { ...current.metadata, ...(metadata.labels ? { labels: metadata.labels } : {}) },
    });
    written.push(await updateResource(objects, { name }, change));
  }
  await printMany(session, kind, written);
}
