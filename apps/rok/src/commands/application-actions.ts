import type { Command } from "commander";
import { collect } from "../input/option-values.ts";
import type { MigrateFlags, ResetFlags, StopFlags } from "../kubernetes/act-on-application.ts";
import type { WaitFlags } from "../kubernetes/finish.ts";
import { leaf, type Call, type Run } from "../leaf.ts";
import type { LazyKind } from "../objects/lazy-kind.ts";
import type { RestartPodFlags } from "../streams/restart-pod.ts";
import { waitFlags } from "./wait-flags.ts";

const states = "running, reconciling or completed; bare: running";
const load = async () => await import("../kubernetes/act-on-application.ts");

/** `rok kube app scale|restart|…`: what is done with an application after it was handed in. */
export function addApplicationActions(run: Run, app: Command, applications: LazyKind): void {
  leaf<ResetFlags>(run, app, {
    usage: "scale <name> [workload=replicas...]",
    about: "set the replicas of workloads; they stay so when the manifest is handed in again",
    kind: applications,
    flags: (command) => {
      command.option("--reset <workload>", "as the manifest says again (repeat)", collect);
      waitFlags(command, states);
    },
    act: async (call: Call<ResetFlags>) => (await load()).scaleApplication(call),
  });
  leaf<ResetFlags>(run, app, {
    usage: "set-image <name> <workload> [container=image...]",
    about: "set the images of a workload's containers, * for all of them",
    kind: applications,
    flags: (command) => {
      command.option("--reset <container>", "as the manifest says again (repeat)", collect);
      waitFlags(command, states);
    },
    act: async (call: Call<ResetFlags>) => (await load()).setImage(call),
  });
  addForWorkloads(run, app, applications);
  leaf<StopFlags>(run, app, {
    usage: "stop <name>",
    about: "let nothing run any more; services, volumes and the record stay",
    kind: applications,
    flags: (command) => {
      command.option("--remove", "remove all objects from the cluster, volumes too");
      waitFlags(command, states);
    },
    act: async (call: Call<StopFlags>) => (await load()).stopApplication(call),
  });
  leaf<WaitFlags>(run, app, {
    usage: "start <name>",
    about: "let run again what was stopped",
    kind: applications,
    flags: (command) => waitFlags(command, states),
    act: async (call: Call<WaitFlags>) => (await load()).startApplication(call),
  });
  leaf<MigrateFlags>(run, app, {
    usage: "migrate <name>",
    about: "choose the cluster: it moves there when it is healthy there, and stays",
    kind: applications,
    flags: (command) => {
      command
        .option("--to <cluster>", "the cluster that it is to be on")
        .option("--anywhere", "the best cluster again, as its constraints and metrics say")
        .option("--accept-data-loss", "also when data on a node of the old cluster stays behind");
      waitFlags(command, states);
    },
    act: async (call: Call<MigrateFlags>) => (await load()).migrateApplication(call),
  });
}

const forWorkloads: Readonly<Record<string, string>> = {
  restart: "make the Pods anew, one after the other; ports, addresses and volumes stay",
  suspend: "make Jobs and CronJobs wait",
  resume: "let Jobs and CronJobs go on",
  rerun: "make Jobs anew, so that they run once more",
};

function addForWorkloads(run: Run, app: Command, applications: LazyKind): void {
  for (const [action, about] of Object.entries(forWorkloads)) {
    leaf<WaitFlags & RestartPodFlags>(run, app, {
      usage: `${action} <name> [workloads...]`,
      about: `${about}; all of them when none is named`,
      kind: applications,
      flags: (command) => {
        if (action === "restart") {
          command.option("--pod <pod>", "only this Pod: it is deleted, and made anew");
          command.option("--cluster <name>", "with --pod: which of its places");
        }
        waitFlags(command, states);
      },
      act: async (call: Call<WaitFlags & RestartPodFlags>) => {
        if (call.options.pod === undefined) return (await load()).actOnWorkloads(call, action);
        return (await import("../streams/restart-pod.ts")).restartPod(call);
      },
    });
  }
}
