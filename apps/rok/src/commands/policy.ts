import type { Command } from "commander";
import type { PolicySpec } from "@octoplane/kinds/placement-policy";
import { readNumber } from "../input/option-values.ts";
import {
  collectQuietHours,
  collectWeight,
  readBudget,
  readDuration,
} from "../input/policy-values.ts";
import { changePolicy, type PolicyFlags } from "../kubernetes/change-policy.ts";
import type { Run } from "../leaf.ts";
import { lazyKind, type LazyKind } from "../objects/lazy-kind.ts";
import { addDelete, addGet, addList } from "./resource.ts";
import { addWrites } from "./write.ts";

const policies = lazyKind(
  "placement policy",
  "namespaced",
  "PlacementPolicyKind",
  () => import("@octoplane/kinds/placement-policy"),
);

const globalPolicies = lazyKind(
  "global placement policy",
  "global",
  "GlobalPlacementPolicyKind",
  () => import("@octoplane/kinds/placement-policy"),
);

/** `rok kube policy …` and `rok kube globalpolicy …` */
export function addPolicyCommands(run: Run, parent: Command): void {
  const local = parent
    .command("policy")
    .description("placement policies: what makes a cluster good, and when applications move");
  addCommands(run, local, policies);
  const global = parent
    .command("globalpolicy")
    .alias("gp")
    .description("placement policies for every namespace");
  addCommands(run, global, globalPolicies);
}

function addCommands(run: Run, parent: Command, kind: LazyKind): void {
  addList(run, parent, kind);
  addGet(run, parent, kind);
  addWrites<PolicyFlags>(run, parent, kind, {
    verb: "create",
    flags: policyFlags,
    make: (name, flags) => ({
      metadata: { name },
      spec: changePolicy({ objectives: [] }, flags),
    }),
    change: (current, flags) => ({
      ...current,
      spec: changePolicy(current["spec"] as PolicySpec, flags),
    }),
  });
  addDelete(run, parent, kind);
}

function policyFlags(command: Command, isNew: boolean): void {
  command
    .option("--objective <metric=weight>", "a metric that counts (repeat)", collectWeight)
    .option("--minimum-gain <number>", "by how much a score must be higher, 0 to 1", readNumber)
    .option(
      "--dwell <time>",
      "least time on a cluster before it may move for metrics",
      readDuration,
    )
    .option("--cooldown <time>", "until a cluster is tried again after a failure", readDuration)
    .option("--stickiness <weight>", "weight of staying where it is", readNumber)
    .option(
      "--quiet-hours <text>",
      'when nothing moves for metrics: "mon-fri 22:00-06:00 Europe/Berlin" (repeat)',
      collectQuietHours,
    )
    .option("--budget <moves/time>", "moves of one application: 3/1h", readBudget);
  if (isNew) return;
  command
    .option("--remove-existing-objectives", "remove all objectives first")
    .option("--remove-existing-quiet-hours", "remove all quiet hours first");
}
