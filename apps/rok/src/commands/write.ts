import type { Command } from "commander";
import type { Draft } from "@octoplane/client/client";
import type { AnyResource } from "@octoplane/kinds/kind";
import { usageError } from "../exit-status.ts";
import { leaf, type Run } from "../leaf.ts";
import type { Session } from "../session.ts";
import type { LazyKind } from "../objects/lazy-kind.ts";
import { refOf } from "./resource.ts";

/** Commands that make and change an object of a kind by flags. */
export interface Writing<F> {
  readonly verb: "create" | "register";
  flags(command: Command, isNew: boolean): void;
  /** The flags with what is found in files, in the environment and at the terminal. */
  complete?(flags: F, session: Session, isNew: boolean): Promise<F>;
  make(name: string, flags: F): object;
  change(current: AnyResource, flags: F): object;
}

export function addWrites<F extends object>(
  run: Run,
  parent: Command,
  kind: LazyKind,
  writing: Writing<F>,
): void {
  const complete = async (flags: F, session: Session, isNew: boolean): Promise<F> =>
    (await writing.complete?.(flags, session, isNew)) ?? flags;
  leaf<F>(run, parent, {
    usage: `${writing.verb} <name>`,
    about: `${writing.verb} a ${kind.noun}`,
    flags: (command) => writing.flags(command, true),
    async act({ args, options, session }) {
      const flags = await complete(options, session, true);
      const draft = writing.make(args[0] ?? "", flags) as Draft;
      const [loaded, { printOne }] = [
        await kind.load(),
        await import("../output/print-resource.ts"),
      ];
      const objects = (await session.client()).of(loaded);
      const namespace = kind.namespaced ? await session.namespace() : undefined;
      await printOne(session, loaded, await objects.create(draft, namespace));
    },
  });
  leaf<F>(run, parent, {
    usage: "update <name>",
    about: "change what is named, and nothing else",
    kind,
    flags: (command) => writing.flags(command, false),
    async act({ args, options, session }) {
      if (Object.keys(options).length === 0) {
        throw usageError("nothing to change: name at least one flag");
      }
      const flags = await complete(options, session, false);
      const [{ printOne }, { updateResource }] = await Promise.all([
        import("../output/print-resource.ts"),
        import("../objects/update-resource.ts"),
      ]);
      const loaded = await kind.load();
      const objects = (await session.client()).of(loaded);
      const ref = await refOf(session, kind, args[0]);
      const change = (current: AnyResource): AnyResource =>
        writing.change(current, flags) as AnyResource;
      await printOne(session, loaded, await updateResource(objects, ref, change));
    },
  });
}

/** An option that must be there for a new object. */
export function option(command: Command, flags: string, about: string, isRequired: boolean): void {
  if (isRequired) command.requiredOption(flags, about);
  else command.option(flags, about);
}
