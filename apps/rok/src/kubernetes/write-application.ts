import { ApplicationKind } from "@octoplane/kinds/application";
import { anyKind, type AnyResource } from "@octoplane/kinds/kind";
import { isName } from "@octoplane/kinds/metadata";
import { changeApplication, type ApplicationFiles } from "./change-application.ts";
import type { DeleteFlags, WriteFlags } from "../commands/application.ts";
import { usageError } from "../exit-status.ts";
import { finish, readWish } from "./finish.ts";
import { inject } from "./inject.ts";
import type { Call } from "../leaf.ts";
import { readManifestFiles, withPlaces } from "../input/manifest-files.ts";
import { printOne } from "../output/print-resource.ts";
import type { Session } from "../session.ts";
import { updateResource } from "../objects/update-resource.ts";

/** What the commands of applications do. */

const kind = anyKind(ApplicationKind);

export async function createApplication({
  args,
  options,
  session,
}: Call<WriteFlags>): Promise<number> {
  const wish = readWish(options, ["running", "creating", "pending", "completed"]);
  const read = await readFiles(options, session);
  if (!read.files.documents && options.url === undefined) {
    throw usageError("expected manifests or a template: --file or --url");
  }
  const objects = (await session.client()).of(ApplicationKind);
  const empty = { metadata: { name: args[0] ?? "" }, spec: {} };
  const draft = changeApplication(empty, options, read.files);
  const namespace = await session.namespace();
  const created = await placed(read.places, () => objects.create(draft, namespace));
  return await finish(session, kind, created, wish);
}

export async function updateApplication({
  args,
  options,
  session,
}: Call<WriteFlags>): Promise<number> {
  const wish = readWish(options, ["running", "reconciling", "completed"]);
  const { wait: _wait, timeout: _timeout, ...changes } = options;
  if (Object.keys(changes).length === 0) {
    throw usageError("nothing to change: name at least one flag");
  }
  const read = await readFiles(options, session);
  const objects = (await session.client()).of(ApplicationKind);
  const ref = { namespace: await session.namespace(), name: args[0] ?? "" };
  const updated = await placed(read.places, () =>
    updateResource(objects, ref, (app) => changeApplication(app, options, read.files)),
  );
  return await finish(session, kind, updated, wish);
}

export async function deleteApplication({
  args,
  options,
  session,
}: Call<DeleteFlags>): Promise<number> {
  const wish = readWish(options, ["deleted", "deleting"]);
  const objects = (await session.client()).of(ApplicationKind);
  const ref = { namespace: await session.namespace(), name: args[0] ?? "" };
  const removed = await objects.remove(ref, { force: options.force === true });
  return await finish(session, kind, removed, wish);
}

export async function retryApplication({ args, session }: Call<object>): Promise<void> {
  const name = args[0] ?? "";
  if (!isName(name)) throw usageError(`${JSON.stringify(name)} is no name`);
  const client = await session.client();
  const scope = `/kubernetes/namespaces/${encodeURIComponent(await session.namespace())}`;
  const path = `${scope}/applications/${encodeURIComponent(name)}/retry`;
  await printOne(session, kind, await client.transport.json<AnyResource>("PUT", path));
}

async function readFiles(
  options: WriteFlags,
  session: Session,
): Promise<{ readonly files: ApplicationFiles; readonly places: readonly string[] }> {
  const note = (text: string): void => session.note(text);
  const named = options.file ?? [];
  const read = named.length === 0 ? undefined : await readManifestFiles(named, session.io, note);
  const { observerSchemaFile: schema, inject: values } = options;
  if (values && !read) throw usageError("--inject: there is no --file to inject into");
  const observer =
    schema === undefined ? undefined : await readManifestFiles([schema], session.io, note);
  const overrides =
    typeof options.overrides === "string"
      ? await readManifestFiles([options.overrides], session.io, note, "overrides")
      : undefined;
  return {
    places: read?.places ?? [],
    files: {
      ...(read ? { documents: values ? inject(read.documents, values) : read.documents } : {}),
      ...(observer ? { observerSchema: observer.documents } : {}),
      ...(overrides ? { overrides: overrides.documents } : {}),
    },
  };
}

/** Errors about a manifest name the file and the line that it came from. */
async function placed<T>(places: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw withPlaces(error, places);
  }
}
