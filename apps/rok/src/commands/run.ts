import { Option, type Command } from "commander";
import { collect, collectLabel, readInteger } from "../input/option-values.ts";
import { leaf, type Call, type Run } from "../leaf.ts";
import { lazyKind, type LazyKind } from "../objects/lazy-kind.ts";
import type { RunFlags } from "../runs/run-workload.ts";
import type { ExportFlags, PruneFlags } from "../runs/show-runs.ts";
import type { LogFlags } from "../streams/show-logs.ts";
import { addDelete, addGet, addList } from "./resource.ts";
import { podLogFlags } from "./streams.ts";
import { waitFlags } from "./wait-flags.ts";

const runs = lazyKind("run", "namespaced", "RunKind", () => import("@octoplane/kinds/run"));
const load = async () => await import("../runs/show-runs.ts");

/** `rok kube run …`: what was run, and what came of it. */
export function addRunCommands(run: Run, parent: Command): void {
  const group = parent.command("run").description("runs of Jobs, and what came of them");
  addList(run, group, runs);
  addGet(run, group, runs);
  leaf(run, group, {
    usage: "compare <names...>",
    about: "show runs side by side; what is different is marked",
    kind: runs,
    act: async (call) => (await load()).compareRuns(call),
  });
  leaf<ExportFlags>(run, group, {
    usage: "export",
    about: "write runs for another program, with all that they were given and left behind",
    flags: (command) =>
      command
        .option("--application <name>", "of one application")
        .addOption(
          new Option("--format <format>", "json: one object a line").choices(["csv", "json"]),
        ),
    act: async (call: Call<ExportFlags>) => (await load()).exportRuns(call),
  });
  leaf<LogFlags>(run, group, {
    usage: "logs <name>",
    about: "print what the Pods of a run wrote",
    kind: runs,
    flags: podLogFlags,
    act: async (call: Call<LogFlags>) => (await import("../runs/run-logs.ts")).showRunLogs(call),
  });
  addDelete(run, group, runs);
}

/** `rok kube app run` and `prune-jobs`. */
export function addRunActions(run: Run, app: Command, applications: LazyKind): void {
  leaf<RunFlags>(run, app, {
    usage: "run <name> <job> [args...]",
    about: "run a Job or CronJob once, suspended or not; arguments come behind --",
    kind: applications,
    flags: (command) => {
      waitFlags(command, "completed; the exit status says how it ended");
      command
        .option("--name <name>", "of the run; left out: from the job and the time")
        .option("--env <name=value>", "a variable (repeat)", collectLabel)
        .option("--container <name>", "that gets the rest; left out: the first")
        .option("--command <word>", "instead of the image's own (repeat)", collect)
        .option("--note <text>", "for people: what it is for")
        .option("--logs", "wait, and show what it writes while it runs");
    },
    act: async (call: Call<RunFlags>) =>
      (await import("../runs/run-workload.ts")).runWorkload(call),
  });
  leaf<PruneFlags>(run, app, {
    usage: "prune-jobs <name>",
    about: "delete the runs of an application that are over, with their Jobs",
    kind: applications,
    flags: (command) =>
      command
        .option("--failed", "only those that failed")
        .option("--keep <count>", "but for the last ones", readInteger),
    act: async (call: Call<PruneFlags>) => (await load()).pruneRuns(call),
  });
}
