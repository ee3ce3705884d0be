import type { Command } from "commander";
import type { AnyResource } from "@octoplane/kinds/kind";
import type { BindingFlags, RoleFlags } from "../access/change-role.ts";
import { lazyKind } from "../objects/lazy-kind.ts";
import { leaf, type Call, type Run } from "../leaf.ts";
import { collect, collectWords } from "../input/option-values.ts";
import type { RoleKindOf } from "../access/write-role.ts";
import { addDelete, addGet, addList } from "./resource.ts";

const roles = lazyKind("role", "global", "RoleKind", () => import("@octoplane/kinds/role"));

const bindings = lazyKind(
  "role binding",
  "global",
  "RoleBindingKind",
  () => import("@octoplane/kinds/role-binding"),
);

/** `rok core role …` and `rok core rolebinding …` */
export function addRoleCommands(run: Run, parent: Command): void {
  const role = parent.command("role").description("what may be done");
  addList(run, role, roles);
  addGet(run, role, roles);
  addRoleWrites(run, role);
  addDelete(run, role, roles);
  const binding = parent.command("rolebinding").description("who has which roles");
  addList(run, binding, bindings);
  addGet(run, binding, bindings);
  addBindingWrites(run, binding);
  addDelete(run, binding, bindings);
}

function addRoleWrites(run: Run, parent: Command): void {
  const write = (isNew: boolean) => async (call: Call<RoleFlags>) => {
    const [{ writeRoles }, { changeRole }, words] = await Promise.all([
      import("../access/write-role.ts"),
      import("../access/change-role.ts"),
      import("../access/rights.ts"),
    ]);
    const kind: RoleKindOf<RoleFlags> = {
      kind: await roles.load(),
      make: (name, flags) => changeRole({ metadata: { name }, rules: [] }, flags, words),
      change: (current, flags) =>
        changeRole(current as AnyResource & Parameters<typeof changeRole>[0], flags, words),
    };
    return await writeRoles(call, kind, isNew);
  };
  leaf<RoleFlags>(run, parent, {
    usage: "create [name]",
    about: "create a role from verbs and resources, or every one of a file",
    kind: roles,
    flags: ruleFlags,
    act: write(true),
  });
  leaf<RoleFlags>(run, parent, {
    usage: "update [name]",
    about: "add a rule to a role, or replace every one of a file",
    kind: roles,
    flags: (command) => {
      ruleFlags(command);
      command.option("--remove-existing-rules", "remove all rules first");
    },
    act: write(false),
  });
}

function ruleFlags(command: Command): void {
  command
    .option("-f, --file <path>", "YAML or JSON, or - (repeat)", collect)
    .option("--verb <verb>", "create, list, get, update, delete or * (repeat)", collectWords)
    .option("--resource <name>", "a kind, app/status, or * (repeat)", collectWords)
    .option("--api <group>", "left out: that of the kind")
    .option("--in <namespace>", "left out: any (repeat)", collectWords);
}

function addBindingWrites(run: Run, parent: Command): void {
  const write = (isNew: boolean) => async (call: Call<BindingFlags>) => {
    const [{ writeRoles }, { changeBinding, newBinding }] = await Promise.all([
      import("../access/write-role.ts"),
      import("../access/change-role.ts"),
    ]);
    const kind: RoleKindOf<BindingFlags> = {
      kind: await bindings.load(),
      make: newBinding,
      change: (current, flags) =>
        changeBinding(current as AnyResource & Parameters<typeof changeBinding>[0], flags),
    };
    return await writeRoles(call, kind, isNew);
  };
  leaf<BindingFlags>(run, parent, {
    usage: "create [name]",
    about: "give roles to users and groups, by flags or by a file",
    kind: bindings,
    flags: bindingFlags,
    act: write(true),
  });
  leaf<BindingFlags>(run, parent, {
    usage: "update [name]",
    about: "add to a binding or take from it, or replace every one of a file",
    kind: bindings,
    flags: (command) => {
      bindingFlags(command);
      command
        .option("--remove-role <name>", "no longer this role (repeat)", collectWords)
        .option("--remove-user <name>", "no longer this user (repeat)", collectWords)
        .option("--remove-group <name>", "no longer this group (repeat)", collectWords);
    },
    act: write(false),
  });
}

function bindingFlags(command: Command): void {
  command
    .option("-f, --file <path>", "YAML or JSON, or - (repeat)", collect)
    .option("--role <name>", "a role (repeat)", collectWords)
    .option("--user <name>", "who has it (repeat)", collectWords)
    .option("--group <name>", "the same, a group of users (repeat)", collectWords);
}
