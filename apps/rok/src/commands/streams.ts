import type { Command } from "commander";
import { readInteger } from "../input/option-values.ts";
import { usageFlags } from "./usage-flags.ts";
import { leaf, type Run } from "../leaf.ts";
import { lazyKind, type LazyKind } from "../objects/lazy-kind.ts";
import type { CopyFlags } from "../streams/copy-files.ts";
import type { ForwardFlags } from "../streams/forward-ports.ts";
import type { ProxyFlags } from "../streams/proxy-cluster.ts";
import type { CommandFlags } from "../streams/run-in-pod.ts";
import type { EventFlags } from "../streams/show-events.ts";
import type { LogFlags } from "../streams/show-logs.ts";
import type { PlaceFlags } from "../streams/show-pods.ts";
import type { TopFlags } from "../streams/show-usage.ts";

const addressFlag = ["--address <address>", "where to listen; left out: 127.0.0.1"] as const;
const containerFlag = [
  "-c, --container <name>",
  "left out: the one that the Pod names, or its first",
] as const;

/** `rok kube app pods|tree|logs|exec|attach|cp|port-forward`: what flows between a user and the Pods of an application. */
export function addStreamCommands(run: Run, app: Command, applications: LazyKind): void {
  leaf<PlaceFlags>(run, app, {
    usage: "pods <name>",
    about: "list the Pods of an application",
    kind: applications,
    flags: clusterFlag,
    act: async (call) => (await import("../streams/show-pods.ts")).showPods(call),
  });
  leaf<PlaceFlags>(run, app, {
    usage: "tree <name>",
    about: "show its objects, and below each what controllers made of it (*)",
    kind: applications,
    flags: clusterFlag,
    act: async (call) => (await import("../streams/show-pods.ts")).showTree(call),
  });
  leaf<LogFlags>(run, app, {
    usage: "logs <name> [workload]",
    about: "print what its containers wrote: of all Pods, of a workload, or of pod/NAME",
    kind: applications,
    flags: logFlags,
    act: async (call) => (await import("../streams/show-logs.ts")).showLogs(call),
  });
  addLooks(run, app, applications);
  addCommandsInPods(run, app, applications);
  leaf<ForwardFlags>(run, app, {
    usage: "port-forward <name> [words...]",
    about: "listen here for a Pod: [POD|WORKLOAD|svc/NAME] LOCAL:REMOTE…",
    kind: applications,
    flags: (command) => {
      clusterFlag(command);
      command.option(...addressFlag);
    },
    act: async (call) => (await import("../streams/forward-ports.ts")).forwardPorts(call),
  });
}

function addLooks(run: Run, app: Command, applications: LazyKind): void {
  leaf<EventFlags>(run, app, {
    usage: "events <name>",
    about: "list what happened to it, here and to its objects on the cluster",
    kind: applications,
    flags: (command) => {
      command.option("-w, --watch", "go on with those that come");
      clusterFlag(command);
    },
    act: async (call) => (await import("../streams/show-events.ts")).showEvents(call),
  });
  leaf<TopFlags>(run, app, {
    usage: "top <name>",
    about: "show what its Pods use now, and how much of what they request",
    kind: applications,
    flags: (command) => {
      command.option("--containers", "each container by itself");
      usageFlags(command);
      clusterFlag(command);
    },
    act: async (call) => (await import("../streams/show-usage.ts")).showUsage(call),
  });
  leaf<PlaceFlags>(run, app, {
    usage: "describe <name>",
    about: "show all that is known of it, its objects, and its Pods that are not well",
    kind: applications,
    flags: clusterFlag,
    act: async (call) =>
      (await import("../streams/describe-application.ts")).describeApplication(call),
  });
  leaf<PlaceFlags>(run, app, {
    usage: "jobs <name>",
    about: "list its Jobs and CronJobs as they are now, and what was run of them",
    kind: applications,
    flags: clusterFlag,
    act: async (call) => (await import("../streams/show-jobs.ts")).showJobs(call),
  });
}

function addCommandsInPods(run: Run, app: Command, applications: LazyKind): void {
  leaf<CommandFlags>(run, app, {
    usage: "exec <name> [command...]",
    about: "run a command in a container; it stands behind --",
    kind: applications,
    flags: commandFlags,
    act: async (call) => (await import("../streams/run-in-pod.ts")).execCommand(call),
  });
  leaf<CommandFlags>(run, app, {
    usage: "attach <name>",
    about: "see what a container writes from now on, and type what it reads",
    kind: applications,
    flags: commandFlags,
    act: async (call) => (await import("../streams/run-in-pod.ts")).attachCommand(call),
  });
  leaf<CopyFlags>(run, app, {
    usage: "cp <from> <to>",
    about: "copy a file or folder from or to NAME:[POD/]PATH, by the tar of the container",
    flags: (command) => {
      podFlags(command);
      clusterFlag(command);
    },
    act: async (call) => (await import("../streams/copy-files.ts")).copyFiles(call),
  });
}

const clusters = lazyKind(
  "cluster",
  "namespaced",
  "ClusterKind",
  () => import("@octoplane/kinds/cluster"),
);

/** `rok kube proxy` */
export function addProxyCommand(run: Run, kube: Command): void {
  leaf<ProxyFlags>(run, kube, {
    usage: "proxy <cluster>",
    about: "serve a cluster's own API here, for kubectl and other tools",
    kind: clusters,
    flags: (command) =>
      command
        .option("--port <port>", "0: any that is free; left out: 8001", readInteger)
        .option(...addressFlag)
        .option("--kubeconfig <file>", "write one that leads here"),
    act: async (call) => (await import("../streams/proxy-cluster.ts")).proxyCluster(call),
  });
}

function clusterFlag(command: Command): void {
  command.option("--cluster <name>", "which of its places; left out: the first");
}

function podFlags(command: Command): void {
  command
    .option("--pod <pod>", "a Pod, a workload or svc/NAME; left out: any that is ready")
    .option(...containerFlag);
}

function commandFlags(command: Command): void {
  podFlags(command);
  command
    .option("-i, --stdin", "pass on the standard input")
    .option("-t, --tty", "a terminal there, when there is one here");
  clusterFlag(command);
}

function logFlags(command: Command): void {
  podLogFlags(command);
  clusterFlag(command);
}

/** The flags of logs, wherever the Pods are. */
export function podLogFlags(command: Command): void {
  command
    .option("-f, --follow", "go on, also with Pods that come later")
    .option("--pod <pod>", "of one Pod")
    .option(...containerFlag)
    .option("--all-containers", "of every container, those that ran before the others too")
    .option("-p, --previous", "of the run before the last restart")
    .option("--since <time>", "only the last 90s, 5m or 2h")
    .option("--since-time <time>", "only after this moment: 2026-01-31T12:00:00Z")
    .option("--tail <number>", "only so many last lines of each container", readInteger)
    .option("--timestamps", "begin lines with their time")
    .option("--prefix", "begin lines with pod/container; left out: when there are several")
    .option("--no-prefix", "never");
}
