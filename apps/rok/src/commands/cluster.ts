import type { Command } from "commander";
import { leaf, type Call, type Run } from "../leaf.ts";
import type { WaitFlags } from "../kubernetes/finish.ts";
import {
  collect,
  collectLabel,
  collectPair,
  readSeconds,
  type NamedNumber,
} from "../input/option-values.ts";
import type { DrainFlags } from "../kubernetes/drain-cluster.ts";
import { readTaintChange } from "../input/scheduling-values.ts";
import type { BackoffFlags } from "../kubernetes/change-application.ts";
import { backoffFlags } from "./application.ts";
import { addClusterInsight } from "./insight.ts";
import { waitFlags } from "./wait-flags.ts";
import { addGet, addList, type TableExtras } from "./resource.ts";
import { lazyKind } from "../objects/lazy-kind.ts";

const clusters = lazyKind(
  "cluster",
  "namespaced",
  "ClusterKind",
  () => import("@octoplane/kinds/cluster"),
);

/** The flags of `register`, `create` and `update` as they are parsed. */
export interface ClusterFlags extends BackoffFlags, WaitFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Of a TOSCA template. */
  readonly file?: string;
  readonly inheritLabels?: boolean;
  readonly inheritMetrics?: boolean;
  readonly cloudLabelConstraint?: readonly string[];
  readonly cloudMetricConstraint?: readonly string[];
  readonly removeExistingCloudLabelConstraints?: boolean;
  readonly removeExistingCloudMetricConstraints?: boolean;
  readonly customResource?: readonly string[];
  readonly elastic?: boolean;
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
  addReading(run, cluster);
  leaf<ClusterFlags>(run, cluster, {
    usage: "register [name]",
    about: "register a cluster by its kubeconfig; its name is the kubeconfig's if none is given",
    flags: (command) => {
      writeFlags(command, "left out: $KUBECONFIG or ~/.kube/config");
      waitFlags(command, "online");
    },
    act: async (call: Call<ClusterFlags>) =>
      (await import("../kubernetes/write-cluster.ts")).registerCluster(call),
  });
  leaf<ClusterFlags>(run, cluster, {
    usage: "create <name>",
    about: "hand in the TOSCA template of a cluster that is to be made on a cloud",
    flags: (command) => {
      command.requiredOption("-f, --file <path>", "TOSCA template: a file, or -");
      commonFlags(command);
      cloudFlags(command);
      command
        .option("--inherit-labels", "take over the labels of the cloud")
        .option("--inherit-metrics", "take over the metrics of the cloud");
      waitFlags(command, "online");
    },
    act: async (call: Call<ClusterFlags>) =>
      (await import("../kubernetes/write-cluster.ts")).createCluster(call),
  });
  leaf<ClusterFlags>(run, cluster, {
    usage: "update <name>",
    about: "change what is named, and nothing else",
    kind: clusters,
    flags: (command) => {
      writeFlags(command, "the new one");
      cloudFlags(command);
      command
        .option("-f, --file <path>", "the new TOSCA template: a file, or -")
        .option(
          "--remove-existing-cloud-label-constraints",
          "remove all label constraints on the cloud first",
        )
        .option(
          "--remove-existing-cloud-metric-constraints",
          "remove all metric constraints on the cloud first",
        )
        .option("--remove-existing-labels", "remove all labels first")
        .option("--remove-existing-metrics", "remove all metrics first")
        .option("--remove-existing-custom-resources", "remove all custom resources first");
      waitFlags(command, "online");
    },
    act: async (call: Call<ClusterFlags>) =>
      (await import("../kubernetes/write-cluster.ts")).updateCluster(call),
  });
  addScheduling(run, cluster);
  addClusterInsight(run, cluster, clusters);
}

/** Tables show what a cluster has of its cloud, too. */
function addReading(run: Run, cluster: Command): void {
  const extras: TableExtras = {
    view: async (session, items) =>
      (await import("../kubernetes/inherited-view.ts")).viewWithInherited(session, items),
  };
  addList(run, cluster, clusters, extras);
  addGet(run, cluster, clusters, extras);
  leaf(run, cluster, {
    usage: "explain <name>",
    about: "say why a cluster is made on which cloud, or on none",
    kind: clusters,
    act: async (call) => (await import("../kubernetes/explain-cluster.ts")).explainCluster(call),
  });
}

/** Who may come to a cluster, and who has to leave it. */
function addScheduling(run: Run, cluster: Command): void {
  const abouts = {
    cordon: "take no new applications; those that run stay",
    uncordon: "take applications again, after a cordon or a drain",
  } as const;
  for (const verb of ["cordon", "uncordon"] as const) {
    leaf(run, cluster, {
      usage: `${verb} <name>`,
      about: abouts[verb],
      kind: clusters,
      act: async (call) => {
        const { changeScheduling, schedulings } =
          await import("../kubernetes/change-scheduling.ts");
        await changeScheduling(call, schedulings[verb]);
      },
    });
  }
  leaf<DrainFlags>(run, cluster, {
    usage: "drain <name>",
    about: "take no new applications, and move away all that may move",
    kind: clusters,
    flags: (command) => {
      command
        .option("--wait [drained]", "until all that can leave has left; what stays is listed")
        .option("--timeout <time>", "give up waiting after this (5m)", readSeconds);
    },
    act: async (call: Call<DrainFlags>) =>
      (await import("../kubernetes/drain-cluster.ts")).drainCluster(call),
  });
  leaf(run, cluster, {
    usage: "taint <name> <taint...>",
    about: "keep applications away: key[=value]:NoSchedule or :NoExecute; with a - behind, remove",
    kind: clusters,
    act: async (call) => {
      const changes = call.args.slice(1).map((text) => readTaintChange(text ?? ""));
      const { tainted, changeScheduling } = await import("../kubernetes/change-scheduling.ts");
      await changeScheduling(call, (spec) => tainted(spec, changes));
    },
  });
}

function writeFlags(command: Command, withoutFile: string): void {
  command
    .option("-k, --kubeconfig <file>", `kubeconfig, or -; ${withoutFile}`)
    .option("-c, --context <name>", "context of the kubeconfig; left out: the current one");
  commonFlags(command);
}

function cloudFlags(command: Command): void {
  command
    .option("-L, --cloud-label-constraint <text>", 'such as "location is DE" (repeat)', collect)
    .option("-M, --cloud-metric-constraint <text>", 'such as "load < 3" (repeat)', collect);
}

function commonFlags(command: Command): void {
  command
    .option("-R, --custom-resource <plural.group>", "a kind that it serves (repeat)", collect)
    .option("--metric <name weight>", "a metric of the namespace that counts (repeat)", collectPair)
    .option("--global-metric <name weight>", "a global metric that counts (repeat)", collectPair)
    .option("--elastic", "its nodes come as they are needed: what is free keeps nothing away")
    .option("--no-elastic", "what applications request has to be free")
    .option("-l, --label <key=value>", "label of the cluster (repeat)", collectLabel);
  backoffFlags(command);
}
