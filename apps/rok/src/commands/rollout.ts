import type { Command } from "commander";
import type { UndoFlags } from "../kubernetes/rollout.ts";
import type { WaitFlags } from "../kubernetes/finish.ts";
import { leaf, type Call, type Run } from "../leaf.ts";
import { readSeconds } from "../input/option-values.ts";
import type { LazyKind } from "../objects/lazy-kind.ts";
import { waitFlags } from "./wait-flags.ts";

const load = async () => await import("../kubernetes/rollout.ts");

/** `rok kube app rollout …`: what an application delivered at different times. */
export function addRollout(run: Run, app: Command, applications: LazyKind): void {
  const rollout = app.command("rollout").description("what it delivers now, and delivered before");
  leaf<WaitFlags>(run, rollout, {
    usage: "status <name>",
    about: "wait until what is wanted runs, and tell each state on the way",
    kind: applications,
    flags: (command) =>
      command.option("--timeout <time>", "give up waiting after this (5m)", readSeconds),
    act: async (call: Call<WaitFlags>) => (await load()).followRollout(call),
  });
  leaf(run, rollout, {
    usage: "history <name>",
    about: "list the last specifications, and which objects each of them changed",
    kind: applications,
    act: async (call) => (await load()).showRevisions(call),
  });
  leaf(run, rollout, {
    usage: "diff <name> <revisions...>",
    about: "say how two of them differ; one: from the one before it",
    kind: applications,
    act: async (call) => (await load()).compareRevisions(call),
  });
  leaf<UndoFlags>(run, rollout, {
    usage: "undo <name>",
    about: "deliver again what was delivered before; where it runs stays as it is",
    kind: applications,
    flags: (command) => {
      command.option("--to <revision>", "left out: the last one that delivered something else");
      waitFlags(command, "running, reconciling or completed; bare: running");
    },
    act: async (call: Call<UndoFlags>) => (await load()).undoRollout(call),
  });
}
