import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { anyKind, type AnyResource } from "@octoplane/kinds/kind";
import { isName } from "@octoplane/kinds/metadata";
import { isFailure } from "@octoplane/shared/errors";
import { readApplicationFiles, type ReadApplication } from "./application-files.ts";
import { changeApplication } from "./change-application.ts";
import type { DeleteFlags, WriteFlags } from "../commands/application.ts";
import { usageError } from "../exit-status.ts";
import { finish, readWish } from "./finish.ts";
import type { Call } from "../leaf.ts";
import { withPlaces } from "../input/manifest-files.ts";
import { printOne } from "../output/print-resource.ts";
import { plainText } from "../output/terminal-text.ts";
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
  const name = args[0] ?? "";
  const read = await readApplicationFiles(options, session, {
    name,
    namespace: async () => options.targetNamespace ?? usualNamespace,
  });
  if (!read.files.documents && options.url === undefined) {
    throw usageError("expected manifests or a template: --file, --kustomize, --chart or --url");
  }
  const objects = (await session.client()).of(ApplicationKind);
  const empty = { metadata: { name }, spec: {} };
  const draft = changeApplication(empty, options, read.files);
  const namespace = await session.namespace();
  const created = await placed(read.places, () => objects.create(draft, namespace));
  tell(session, read);
  return await finish(session, kind, created, wish);
}

export async function updateApplication(call: Call<WriteFlags>): Promise<number> {
  const { args, options, session } = call;
  const wish = readWish(options, ["running", "reconciling", "completed"]);
  const { wait: _wait, timeout: _timeout, dryRun, ...changes } = options;
  if (Object.keys(changes).length === 0) {
    throw usageError("nothing to change: name at least one flag");
  }
  if (dryRun !== undefined) {
    const { showDifferences } = await import("../clusters/show-differences.ts");
    return await showDifferences(session, args[0] ?? "", { spec: await wouldBeSpec(call) });
  }
  const { updated, read } = await change(call, { dryRun: false });
  tell(session, read);
  return await finish(session, kind, updated, wish);
}

/** What an update would leave of a specification, checked by the server as a dry run. */
export async function wouldBeSpec(call: Call<WriteFlags>): Promise<Application["spec"]> {
  try {
    return (await change(call, { dryRun: true })).updated.spec;
  } catch (error) {
    if (!isFailure(error, "NoChange")) throw error;
    const objects = (await call.session.client()).of(ApplicationKind);
    const ref = { namespace: await call.session.namespace(), name: call.args[0] ?? "" };
    return (await objects.get(ref)).spec;
  }
}

async function change(
  { args, options, session }: Call<WriteFlags>,
  { dryRun }: { readonly dryRun: boolean },
) {
  const name = args[0] ?? "";
  const read = await readApplicationFiles(options, session, {
    name,
    namespace: async () => options.targetNamespace ?? (await namespaceOfObjects(session, name)),
  });
  const objects = (await session.client()).of(ApplicationKind);
  const ref = { namespace: await session.namespace(), name };
  const updated = await placed(read.places, () =>
    updateResource(objects, ref, (app) => changeApplication(app, options, read.files), { dryRun }),
  );
  return { updated, read };
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

/** The namespace of a release when the application names none: that of kubeconfigs that say nothing. */
const usualNamespace = "default";

/** Where the objects of an application go that is there already, as far as its specification says. */
async function namespaceOfObjects(session: Session, name: string): Promise<string> {
  const objects = (await session.client()).of(ApplicationKind);
  const { spec } = await objects.get({ namespace: await session.namespace(), name });
  return spec.delivery?.namespace ?? usualNamespace;
}

function tell(session: Session, { after }: ReadApplication): void {
  for (const text of after) session.note(plainText(text));
}

/** Errors about a manifest name the file and the line that it came from. */
async function placed<T>(places: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw withPlaces(error, places);
  }
}
