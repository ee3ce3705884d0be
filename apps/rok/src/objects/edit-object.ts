import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KindClient, KindLike, Ref } from "@octoplane/client/client";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { readInput } from "@octoplane/kinds/read-input";
import { kinds } from "@octoplane/kinds/registry";
import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { readDocument } from "@octoplane/shared/manifest-yaml";
import { refOf } from "../commands/resource.ts";
import { readOne } from "./describe-object.ts";
import { runEditor } from "./editor.ts";
import { errorLines } from "../error-lines.ts";
import type { Call } from "../leaf.ts";
import { printOne, yamlOf } from "../output/print-resource.ts";
import { isEntry, isSameValue, withChanges } from "./same-value.ts";
import type { Session } from "../session.ts";

/** What `rok edit` does. */

interface Editing {
  readonly session: Session;
  readonly kind: AnyKind;
  readonly objects: KindClient<AnyResource>;
  readonly ref: Ref;
  readonly file: string;
}

export async function editObject({ args, session }: Call<object>): Promise<void> {
  const { kind, name } = readOne(kinds, args);
  const objects = (await session.client()).of<KindLike>(kind);
  const ref = await refOf(session, kind, name);
  const current = await objects.get(ref);
  const folder = await mkdtemp(join(tmpdir(), "rok-edit-"));
  const editing = { session, kind, objects, ref, file: join(folder, `${safeName(name)}.yaml`) };
  let keep = false;
  try {
    const stored = await editUntilStored(editing, current);
    if (stored) await printOne(session, kind, stored);
  } catch (error) {
    keep = isFailure(error) && error.message.includes(editing.file);
    throw error;
  } finally {
    if (!keep) await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Opens the editor until the server takes what is in the file, or nothing is changed any more.
 * `undefined`: nothing was sent. An error that names the file is about an edit that is kept there.
 */
async function editUntilStored(
  editing: Editing,
  first: AnyResource,
): Promise<AnyResource | undefined> {
  const { session, file } = editing;
  let base = first;
  let shown = await yamlOf(editableOf(base));
  let problem: unknown;
  for (let attempt = 1; attempt <= limits.rokEditsMax; attempt += 1) {
    const head = headOf(editing.kind, problem);
    await writeFile(file, head + shown, { mode: 0o600 });
    await openEditor(editing, problem);
    const text = withoutHead(await readFile(file, "utf8"));
    if (text.trim() === "" || text === shown) {
      if (problem !== undefined) throw notStored(file, problem);
      session.note(text === shown ? "nothing was changed" : "the file is empty: nothing was sent");
      return undefined;
    }
    try {
      const wanted = readEdited(editing, text);
      if (isSameValue(wanted, editableOf(base))) {
        session.note("nothing was changed");
        return undefined;
      }
      return await store(editing, wanted, base);
    } catch (error) {
      problem = error;
      shown = text;
      if (isFailure(error, "Unavailable", "Unauthenticated", "Timeout")) {
        throw notStored(file, error);
      }
      if (isFailure(error, "NoChange")) {
        session.note("nothing was changed");
        return undefined;
      }
    }
    if (!isFailure(problem, "Conflict")) continue;
    // Somebody else was faster: what was changed here is shown on top of what they made.
    const fresh = await editing.objects.get(editing.ref);
    const merged = withChanges(editableOf(base), readEdited(editing, shown), editableOf(fresh));
    base = fresh;
    shown = await yamlOf(merged);
  }
  throw notStored(file, problem);
}

async function openEditor({ session, file }: Editing, problem: unknown): Promise<void> {
  const status = await runEditor(session.io, file);
  if (status === 0) return;
  const message = `the editor ended with status ${status}; nothing was sent`;
  if (problem !== undefined) throw failure("Invalid", `${message}; the edit is in ${file}`);
  throw failure("Invalid", message);
}

async function store(
  { objects }: Editing,
  wanted: Readonly<Record<string, unknown>>,
  base: AnyResource,
): Promise<AnyResource> {
  const { metadata } = wanted as { readonly metadata: AnyResource["metadata"] };
  const { resource_version } = base.metadata;
  // Guarded by what was read, whatever stands in the file.
  return await objects.update({ ...wanted, metadata: { ...metadata, resource_version } });
}

/** What is written to the file and can be changed: the object without its status. */
function editableOf({ status: _status, ...rest }: AnyResource): Readonly<Record<string, unknown>> {
  return rest;
}

function readEdited({ kind, ref }: Editing, text: string): Readonly<Record<string, unknown>> {
  const document = readDocument(text, "the file");
  if (!isEntry(document)) throw failure("Invalid", "expected one object");
  const { metadata } = document;
  const { name, namespace } = isEntry(metadata) ? metadata : {};
  const isSame =
    (document["kind"] ?? kind.kind) === kind.kind &&
    name === ref.name &&
    (namespace ?? undefined) === ref.namespace;
  if (!isSame) {
    throw failure(
      "Invalid",
      "kind, metadata.name and metadata.namespace say which object it is and stay as they are",
    );
  }
  // What the schema refuses is told without asking the server.
  readInput(kind, document);
  return document;
}

const mark = "#! ";

function headOf(kind: AnyKind, problem: unknown): string {
  const lines =
    problem === undefined
      ? [`Change the ${kind.kind}, save and leave. An empty file changes nothing.`]
      : [
          "This was refused; correct it, or leave without a change to give up.",
          ...errorLines(problem).flatMap((line) => line.replace(/^rok: /, "").split("\n")),
          ...(isFailure(problem, "Conflict")
            ? ["It was changed meanwhile. Below are your changes on top of that."]
            : []),
        ];
  return lines.map((line) => `${mark}${line}\n`).join("");
}

function withoutHead(text: string): string {
  const lines = text.replace(/\r\n/g, "\n").split("\n");
  return lines.filter((line) => !line.startsWith(mark.trimEnd())).join("\n");
}

function notStored(file: string, problem: unknown): Error {
  const fields = isFailure(problem) ? problem.fields : [];
  const code = isFailure(problem) ? problem.code : "Invalid";
  const reasons = errorLines(problem).map((line) => line.replace(/^rok: /, ""));
  return failure(code, `${reasons.join("; ")}\nthe edit is not stored; it is in ${file}`, {
    // Fields would be told instead of the message.
    fields: code === "Invalid" ? [] : fields,
  });
}

/** Names hold nothing that a path would mind but the colon, which some systems do. */
function safeName(name: string): string {
  return name.replace(/[^\w.-]/g, "_");
}
