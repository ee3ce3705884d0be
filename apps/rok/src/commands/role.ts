import type { Command } from "commander";
import type { Draft } from "@octoplane/client/client";
import type { AnyKind } from "@octoplane/kinds/kind";
import { failure } from "@octoplane/shared/errors";
import { leaf, type Run } from "../leaf.ts";
import { collect } from "../option-values.ts";
import { addDelete, addGet, addList, type LazyKind } from "./resource.ts";

const roles: LazyKind = {
  noun: "role",
  namespaced: false,
  async load() {
    const { anyKind } = await import("@octoplane/kinds/kind");
    return anyKind((await import("@octoplane/kinds/role")).RoleKind);
  },
};

const bindings: LazyKind = {
  noun: "role binding",
  namespaced: false,
  async load() {
    const { anyKind } = await import("@octoplane/kinds/kind");
    return anyKind((await import("@octoplane/kinds/role-binding")).RoleBindingKind);
  },
};

/** `rok core role …` and `rok core rolebinding …` */
export function addRoleCommands(run: Run, parent: Command): void {
  const role = parent.command("role").description("what may be done");
  const binding = parent.command("rolebinding").description("who has which roles");
  addCommands(run, role, roles);
  addCommands(run, binding, bindings);
}

function addCommands(run: Run, parent: Command, kind: LazyKind): void {
  addList(run, parent, kind);
  addGet(run, parent, kind);
  leaf<{ readonly file: readonly string[] }>(run, parent, {
    usage: "create",
    about: `create every ${kind.noun} of a file`,
    flags: (command) =>
      command.requiredOption("-f, --file <path>", "YAML or JSON, or - (repeat)", collect),
    async act({ options, session }) {
      const [{ readManifestFiles }, { printMany }] = await Promise.all([
        import("../manifest-files.ts"),
        import("../print-resource.ts"),
      ]);
      const note = (text: string): void => session.note(text);
      const { documents, places } = await readManifestFiles(options.file, session.io, note);
      const loaded = await kind.load();
      const drafts = documents.map((document, index) => draftOf(loaded, document, places[index]));
      const objects = (await session.client()).of(loaded);
      const created = [];
      for (const draft of drafts) created.push(await objects.create(draft));
      await printMany(session, loaded, created);
    },
  });
  addDelete(run, parent, kind);
}

/** A document of a file, which must be of the kind that the command is about. */
function draftOf(
  kind: AnyKind,
  document: Readonly<Record<string, unknown>>,
  place: string | undefined,
): Draft {
  const named = document["kind"] ?? kind.kind;
  const name = (document["metadata"] as { readonly name?: unknown } | undefined)?.name;
  if (named !== kind.kind) {
    throw failure("Invalid", `${place}: expected kind ${kind.kind}, found ${String(named)}`);
  }
  if (typeof name !== "string") throw failure("Invalid", `${place}: expected metadata.name`);
  return document as unknown as Draft;
}
