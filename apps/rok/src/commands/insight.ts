import type { Command } from "commander";
import type { DeleteClusterFlags } from "../clusters/delete-cluster.ts";
import type { DiffFlags } from "../clusters/show-differences.ts";
import type { PlaceFlags } from "../clusters/show-objects.ts";
import { leaf, type Call, type Run } from "../leaf.ts";
import type { LazyKind } from "../objects/lazy-kind.ts";
import type { UsageFlags } from "../output/usage-text.ts";
import { usageFlags } from "./usage-flags.ts";
import { waitFlags } from "./wait-flags.ts";

/** `rok kube app objects|images|diff`: what really stands on the clusters. */
export function addInsight(
  run: Run,
  app: Command,
  applications: LazyKind,
  writeFlags: (command: Command) => void,
): void {
  leaf<PlaceFlags>(run, app, {
    usage: "objects <name>",
    about: "say how each of its objects is doing now, and why",
    kind: applications,
    flags: clusterFlag,
    act: async (call: Call<PlaceFlags>) =>
      (await import("../clusters/show-objects.ts")).showObjects(call),
  });
  leaf<PlaceFlags>(run, app, {
    usage: "images <name>",
    about: "list its images as each of its clusters would pull them, and where they are already",
    kind: applications,
    flags: clusterFlag,
    act: async (call: Call<PlaceFlags>) =>
      (await import("../clusters/show-images.ts")).showImages(call),
  });
  leaf<DiffFlags>(run, app, {
    usage: "diff <name>",
    about: "compare with what stands on its clusters, by a dry run there; status 1: different",
    kind: applications,
    flags: (command) => {
      clusterFlag(command);
      writeFlags(command);
    },
    act: async (call: Call<DiffFlags>) =>
      (await import("../clusters/show-differences.ts")).diffApplication(call),
  });
}

/** `rok kube cluster describe|top|delete`: what a cluster is, and what goes with it. */
export function addClusterInsight(run: Run, cluster: Command, clusters: LazyKind): void {
  leaf(run, cluster, {
    usage: "describe <name>",
    about: "show its nodes, what they have and what is requested, its applications and events",
    kind: clusters,
    act: async (call) => (await import("../clusters/describe-cluster.ts")).describeCluster(call),
  });
  leaf<UsageFlags>(run, cluster, {
    usage: "top <name>",
    about: "show what its nodes use now, and how much of what they have for Pods",
    kind: clusters,
    flags: usageFlags,
    act: async (call: Call<UsageFlags>) =>
      (await import("../clusters/show-node-usage.ts")).showNodeUsage(call),
  });
  leaf<DeleteClusterFlags>(run, cluster, {
    usage: "delete <name>",
    about: "forget a cluster; where anything would go with it, that is told, and nothing done",
    kind: clusters,
    flags: (command) => {
      command
        .option("--cascade", "delete the applications on it, too, from the cluster first")
        .option("--force", "remove the record at once, whatever still runs on the cluster");
      waitFlags(command, "deleted or deleting; bare: deleted");
    },
    act: async (call: Call<DeleteClusterFlags>) =>
      (await import("../clusters/delete-cluster.ts")).deleteCluster(call),
  });
}

function clusterFlag(command: Command): void {
  command.option("--cluster <name>", "one of its clusters; left out: all");
}
