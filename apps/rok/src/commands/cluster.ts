import type { Command } from "commander";
import { leaf, type Call, type Run } from "../leaf.ts";
import type { WaitFlags } from "../finish.ts";
import { collect, collectLabel, collectPair, type NamedNumber } from "../option-values.ts";
import type { BackoffFlags } from "../change-application.ts";
import { backoffFlags, waitFlags, type DeleteFlags } from "./application.ts";
import { addGet, addList, type LazyKind } from "./resource.ts";

const clusters: LazyKind = {
  noun: "cluster",
  namespaced: true,
  async load() {
    const { anyKind } = await import("@octoplane/kinds/kind");
    return anyKind((await import("@octoplane/kinds/cluster")).ClusterKind);
  },
};

/** The flags of `register` and `update` as they are parsed. */
export interface ClusterFlags extends BackoffFlags, WaitFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly customResource?: readonly string[];
  readonly metric?: readonly NamedNumber[];
  readonly globalMetric?: readonly NamedNumber[];
  readonly label?: Readonly<Record<string, string>>;
  readonly removeExistingLabels?: boolean;
  readonly removeExistingMetrics?: boolean;
  readonly removeExistingCustomResources?: boolean;
}

/** `rok kube cluster …` */
export function addClusterCommands(run: Run, parent: Command): void {
  const cluster = parent.command("cluster").description("clusters that applications run on");
  addList(run, cluster, clusters);
  addGet(run, cluster, clusters);
  leaf<ClusterFlags>(run, cluster, {
    usage: "register [name]",
    about: "register a cluster by its kubeconfig; its name is the kubeconfig's if none is given",
    flags: (command) => {
      writeFlags(command, "left out: $KUBECONFIG or ~/.kube/config");
      waitFlags(command, "online");
    },
    act: async (call: Call<ClusterFlags>) =>
      (await import("../write-cluster.ts")).registerCluster(call),
  });
  leaf<ClusterFlags>(run, cluster, {
    usage: "update <name>",
    about: "change what is named, and nothing else",
    flags: (command) => {
      writeFlags(command, "the new one");
      command
        .option("--remove-existing-labels", "remove all labels first")
        .option("--remove-existing-metrics", "remove all metrics first")
        .option("--remove-existing-custom-resources", "remove all custom resources first");
      waitFlags(command, "online");
    },
    act: async (call: Call<ClusterFlags>) =>
      (await import("../write-cluster.ts")).updateCluster(call),
  });
  leaf<DeleteFlags>(run, cluster, {
    usage: "delete <name>",
    about: "forget a cluster",
    flags: (command) => {
      command.option("--force", "remove the record at once, whatever still runs on the cluster");
      waitFlags(command, "deleted or deleting; bare: deleted");
    },
    act: async (call: Call<DeleteFlags>) =>
      (await import("../write-cluster.ts")).deleteCluster(call),
  });
}

function writeFlags(command: Command, withoutFile: string): void {
  command
    .option("-k, --kubeconfig <file>", `kubeconfig, or -; ${withoutFile}`)
    .option("-c, --context <name>", "context of the kubeconfig; left out: the current one")
    .option("-R, --custom-resource <plural.group>", "a kind that it serves (repeat)", collect)
    .option("--metric <name weight>", "a metric of the namespace that counts (repeat)", collectPair)
    .option("--global-metric <name weight>", "a global metric that counts (repeat)", collectPair)
    .option("-l, --label <key=value>", "label of the cluster (repeat)", collectLabel);
  backoffFlags(command);
}
