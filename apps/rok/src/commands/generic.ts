import type { Command } from "commander";
import type { ApplyFlags } from "../objects/apply-documents.ts";
import type { DeleteObjectsFlags } from "../objects/delete-objects.ts";
import { leaf, type Call, type Run } from "../leaf.ts";
import type { ListFlags } from "../objects/list-objects.ts";
import { collect, readSeconds } from "../input/option-values.ts";
import { listFlags } from "./resource.ts";

/** Commands for every kind: `rok get`, `describe`, `apply` and so on. */
export function addGenericCommands(run: Run, parent: Command): void {
  addReading(run, parent);
  addWriting(run, parent);
  leaf(run, parent, {
    usage: "kinds",
    about: "list the kinds that there are, and what they are called",
    act: async (call) => await (await import("../objects/get-objects.ts")).listKinds(call),
  });
}

function addReading(run: Run, parent: Command): void {
  leaf<ListFlags>(run, parent, {
    usage: "get <kind> [name...]",
    about: "list objects of a kind, or show those that are named (app/web, app,cluster too)",
    flags: (command) => {
      listFlags(command, true);
      command.option("--show-labels", "labels as the last column");
    },
    act: async (call: Call<ListFlags>) =>
      await (await import("../objects/get-objects.ts")).getObjects(call),
  });
  leaf(run, parent, {
    usage: "describe <kind> [name]",
    about: "tell all about one object: fields, conditions, copies, the last decision, events",
    act: async (call) => await (await import("../objects/describe-object.ts")).describeObject(call),
  });
  leaf<ListFlags>(run, parent, {
    usage: "watch <kind> [name]",
    about: "show what there is, and go on with every change",
    flags: (command) => {
      listFlags(command, true, false);
      command.option("--show-labels", "labels as the last column");
    },
    act: async (call: Call<ListFlags>) =>
      await (await import("../objects/get-objects.ts")).watchKind(call),
  });
  leaf<{ readonly watch?: boolean }>(run, parent, {
    usage: "events <kind> [name]",
    about: "tell what has happened to one object",
    flags: (command) => command.option("-w, --watch", "go on with every new one"),
    act: async (call: Call<{ readonly watch?: boolean }>) =>
      await (await import("../objects/describe-object.ts")).printEvents(call),
  });
}

function addWriting(run: Run, parent: Command): void {
  leaf<ApplyFlags>(run, parent, {
    usage: "apply",
    about:
      "make objects of Octoplane be what files say; what a specification leaves out gets its " +
      "default, labels and owners that are left out stay",
    flags: (command) =>
      command
        .requiredOption(
          "-f, --file <path>",
          "YAML or JSON: a file, a folder, a pattern, an address, or - (repeat)",
          collect,
        )
        .option("--recursive", "folders with what lies below them (also bare -R)")
        .option("--dry-run", "the server checks everything and stores nothing"),
    act: async (call: Call<ApplyFlags>) =>
      await (await import("../objects/apply-documents.ts")).applyFiles(call),
  });
  leaf(run, parent, {
    usage: "edit <kind> [name]",
    about: "change one object in $VISUAL or $EDITOR",
    act: async (call) => await (await import("../objects/edit-object.ts")).editObject(call),
  });
  leaf<DeleteObjectsFlags>(run, parent, {
    usage: "delete [kind] [name...]",
    about: "delete objects, and what belongs to them; asks at a terminal when that is more",
    flags: (command) =>
      command
        .option("-f, --file <path>", "the objects of a file, a folder, or - (repeat)", collect)
        .option("-y, --yes", "do not ask")
        .option("--dry-run", "tell what would go, and delete nothing")
        .option("--force", "applications and clusters: at once, whatever still runs")
        .option("--wait [state]", "until they are deleted or deleting; bare: deleted")
        .option("--timeout <time>", "give up waiting after this (5m)", readSeconds),
    act: async (call: Call<DeleteObjectsFlags>) =>
      await (await import("../objects/delete-objects.ts")).deleteObjects(call),
  });
}
