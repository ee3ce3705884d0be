import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import { readAs, readInput } from "@octoplane/kinds/read-input";
import { chanceOf, type Chance } from "./chance.ts";
import { born, dayStart, namespace, regions } from "./fleet-plan.ts";
import { policyNames } from "./policies.ts";

/** One application of the simulated fleet: what it is, when it comes and goes, and where it never becomes healthy. */
export interface AppPlan {
  readonly app: Application;
  /** In minutes of the simulated time. */
  readonly comes: number;
  readonly goes: number;
  /** When its specification is changed, and to what. */
  readonly changes: { readonly at: number; readonly spec: Application["spec"] } | undefined;
  /** Minutes from when its objects stand until it is healthy. */
  readonly startMinutes: number;
  /** Clusters on which it does not become healthy when it comes there by a move, and whether they refuse it outright. */
  readonly bad: ReadonlyMap<string, "sick" | "refused">;
}

export function planWorkload(
  seed: number,
  world: { readonly count: number; readonly days: number; readonly clusters: readonly string[] },
): readonly AppPlan[] {
  const chance = chanceOf(seed, "workload");
  return Array.from({ length: world.count }, (_, index) => planApp(index, chance, world));
}

function planApp(
  index: number,
  chance: Chance,
  { days, clusters }: { readonly days: number; readonly clusters: readonly string[] },
): AppPlan {
  const name = `app-${String(index).padStart(3, "0")}`;
  const isLate = chance.happens(0.08);
  const comes = isLate ? chance.whole(60, days * 1_440 - 60) : chance.whole(0, 20);
  const goes = chance.happens(0.06) ? comes + chance.whole(120, 900) : Infinity;
  const spec = specOf(name, chance);
  const isChanged = !isLate && chance.happens(0.05);
  // What stands somewhere stays there however much it requests then, so that is left as it is.
  const changed = { ...specOf(name, chance), manifest: spec.manifest };
  const changes = isChanged ? { at: chance.whole(120, 1_300), spec: changed } : undefined;
  const hasOnePlace = !isChanged && spec.placement?.copies === undefined;
  const isMisfit = !isLate && hasOnePlace && chance.happens(0.3);
  const bad = new Map(
    [chance.pick(clusters), chance.pick(clusters)].map((cluster) => [
      cluster,
      chance.pick(["sick", "refused"] as const),
    ]),
  );
  return {
    app: {
      api: "kubernetes",
      kind: "Application",
      metadata: { ...born(name, dayStart + comes * 60_000), namespace },
      spec,
      status: readAs<Application["status"]>(ApplicationKind.status, {}),
    } as unknown as Application,
    comes,
    goes,
    changes,
    startMinutes: chance.whole(1, 4),
    bad: isMisfit ? bad : new Map(),
  };
}

/** What a user might write, read as the API reads it. */
function specOf(name: string, chance: Chance): Application["spec"] {
  const kind = chance.whole(0, 9);
  const placement = {
    ...(chance.happens(0.5) ? { policy: chance.pick(policyNames) } : {}),
    ...(chance.happens(0.1) ? { weights: { load: chance.whole(1, 3) } } : {}),
    ...(kind >= 8 ? { copies: copiesOf(chance) } : {}),
  };
  const tolerations = [
    ...(chance.happens(0.15) ? [{ key: "gpu", operator: "Exists" }] : []),
    ...(chance.happens(0.2) ? [repairToleration(chance)] : []),
  ];
  const spec = {
    manifest: [deployment(name, chance)],
    constraints: { migration: !chance.happens(0.05), cluster: constraintsOf(kind, chance) },
    ...(tolerations.length > 0 ? { tolerations } : {}),
    ...(Object.keys(placement).length > 0 ? { placement } : {}),
    ...(chance.happens(0.1) ? { reschedule_after: chance.whole(2, 30) * 60 } : {}),
  };
  const input = readInput(anyKind(ApplicationKind), { metadata: { name }, spec });
  return input["spec"] as Application["spec"];
}

function constraintsOf(kind: number, chance: Chance): object {
  const preferred = [
    { weight: chance.whole(1, 5), labels: "tier is gold" },
    { weight: 2, metrics: `0.1 < carbon-${chance.pick(regions)} <= 300` },
  ];
  switch (kind) {
    case 0:
      return { labels: [`region in (${chance.pick(regions)}, ${chance.pick(regions)})`] };
    case 1:
      return { labels: [`region is not ${chance.pick(regions)} and tier is silver`] };
    case 2:
      return { expressions: [`labels.tier == "gold" || cluster.cpu_cores > 20.0`] };
    case 3:
      return { preferred };
    case 8:
      return chance.happens(0.5) ? { preferred } : {};
    default:
      return {};
  }
}

function copiesOf(chance: Chance): object {
  const isDivided = chance.happens(0.5);
  return {
    count: chance.whole(2, 3),
    ...(isDivided ? { replicas: "divided", divide_by: "even" } : {}),
    ...(chance.happens(0.6) ? { spread: { by: "region", max_skew: 1 } } : {}),
  };
}

function repairToleration(chance: Chance): object {
  const seconds = chance.pick([null, 300, 1_800]);
  return { key: "repair", operator: "Exists", effect: "NoExecute", seconds };
}

function deployment(name: string, chance: Chance): object {
  const cpu = `${chance.pick([100, 250, 250, 500, 1_000])}m`;
  const memory = `${chance.pick([256, 512, 1_024, 4_096])}Mi`;
  const containers = [{ name: "main", image: "nginx", resources: { requests: { cpu, memory } } }];
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: chance.whole(1, 4),
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers } },
    },
  };
}
