import type { Command } from "commander";
import { collect, readSeconds } from "../input/option-values.ts";
import { collectNumber, collectWhatIfMetric, type WhatIfMetric } from "../input/what-if-values.ts";
import { leaf, type Call, type Run } from "../leaf.ts";
import { lazyKind } from "../objects/lazy-kind.ts";

const applications = lazyKind(
  "application",
  "namespaced",
  "ApplicationKind",
  () => import("@octoplane/kinds/application"),
);

const policies = lazyKind(
  "placement policy",
  "namespaced",
  "PlacementPolicyKind",
  () => import("@octoplane/kinds/placement-policy"),
);

export interface PlanFlags {
  readonly clusterLost?: readonly string[];
  readonly metric?: readonly WhatIfMetric[];
  readonly policy?: string;
  readonly weight?: Readonly<Record<string, number>>;
  readonly app?: readonly string[];
  readonly all?: boolean;
}

export interface BacktestFlags {
  readonly since?: number;
  readonly weight?: Readonly<Record<string, number>>;
  readonly app?: readonly string[];
}

/** What would happen if, what would have happened, and what did: nothing of it writes anything. */
export function addPlanCommands(run: Run, parent: Command): void {
  leaf<PlanFlags>(run, parent, {
    usage: "plan",
    about: "tell what would move where, and at what gain, if something were otherwise",
    flags: (command) => {
      command
        .option("--cluster-lost <name>", "if this cluster were offline (repeat)", collect)
        .option(
          "--metric <metric[@cluster]=value>",
          "if this metric had this value, everywhere or on one cluster (repeat)",
          collectWhatIfMetric,
        )
        .option("--policy <name>", "if all applications named this policy")
        .option("-a, --all", "in all namespaces with clusters that you may see");
      choiceFlags(command);
    },
    act: async (call: Call<PlanFlags>) => (await import("../placement/ask-plan.ts")).askPlan(call),
  });
  leaf<BacktestFlags>(run, parent, {
    usage: "backtest [policy]",
    about: "tell how applications would have fared with a policy, by the recorded metrics",
    kind: policies,
    flags: (command) => {
      command.option("--since <time>", "how far back (24h)", readSeconds);
      choiceFlags(command);
    },
    act: async (call: Call<BacktestFlags>) =>
      (await import("../placement/ask-backtest.ts")).askBacktest(call),
  });
  leaf(run, parent, {
    usage: "replay <application> [decision]",
    about: "make a recorded decision again, the last one unless its number is given",
    kind: applications,
    act: async (call) =>
      (await import("../kubernetes/explain-application.ts")).replayDecision(call),
  });
}

function choiceFlags(command: Command): void {
  command
    .option(
      "--weight <metric=number>",
      "if all applications weighed this metric so (repeat)",
      collectNumber,
    )
    .option("--app <name>", "only this application (repeat)", collect);
}
