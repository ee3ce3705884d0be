import type { Snapshot } from "../snapshot.ts";
import { calm, policy } from "../testing/calm-facts.ts";
import { now, type AppFacts, type candidate } from "../testing/facts.ts";

/** A world that says something about placement, as few facts as it takes. */
export interface World {
  /** What is to be seen in the decision. */
  readonly about: string;
  readonly app: AppFacts;
  readonly clusters: readonly Parameters<typeof candidate>[0][];
  /** What else the decision knows. */
  readonly more?: Partial<Snapshot>;
}

type Readings = NonNullable<World["clusters"][number]["readings"]>;

const measuredAt = "2024-06-01T11:59:50.000Z";

/** Values of metrics, by name: the weight and the value from 0 to 1. */
function metrics(weights: Readonly<Record<string, readonly [number, number]>>): Readings {
  return Object.entries(weights).map(([name, [weight, value]]) => ({
    ok: true,
    name,
    weight,
    raw: value,
    value,
    time: measuredAt,
    provider: "prometheus",
  }));
}

function broken(name: string, message: string): Readings {
  return [{ ok: false, name, weight: 1, code: "INVALID_METRIC", message }];
}

const hour = 3_600_000;
const minute = 60_000;

const web = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 2,
    template: {
      spec: {
        containers: [{ name: "web", resources: { requests: { cpu: "500m", memory: "1Gi" } } }],
      },
    },
  },
};

const gibi = 2 ** 30;

export const worlds: Readonly<Record<string, World>> = {
  "user-story-3-placed": {
    about: "Krake's user story 3: the scores are 0.827 and 0.173",
    app: {},
    clusters: [
      { name: "minikube-1", readings: metrics({ cost: [10, 0.9], green: [1, 0.1] }) },
      { name: "minikube-2", readings: metrics({ cost: [1, 0.9], green: [10, 0.1] }) },
    ],
  },
  "user-story-3-moved": {
    about: "and after the values are swapped 0.180, which is sticky, and 0.827",
    app: { on: "minikube-1", sinceMs: minute },
    clusters: [
      { name: "minikube-1", readings: metrics({ cost: [10, 0.1], green: [1, 0.9] }) },
      { name: "minikube-2", readings: metrics({ cost: [1, 0.1], green: [10, 0.9] }) },
    ],
  },
  "constraint-beats-score": {
    about: "the better score is in the wrong place, and a cluster without the label fits nothing",
    app: { labels: ["location in (DE, SK)"] },
    clusters: [
      { name: "berlin", labels: { location: "DE" }, readings: metrics({ load: [1, 0.2] }) },
      { name: "nowhere", readings: metrics({ load: [1, 0.8] }) },
      { name: "oslo", labels: { location: "NO" }, readings: metrics({ load: [1, 0.9] }) },
    ],
  },
  "nothing-fits": {
    about: "on every cluster something else is in the way",
    app: {
      labels: ["tier is gold"],
      metrics: ["load < 0.5"],
      customResources: ["widgets.example.org"],
      manifest: [web],
      more: { expressions: ['labels.tier != "gold" || cluster.name != "odd"'] },
    },
    clusters: [
      { name: "away", labels: { tier: "gold" }, state: "OFFLINE" },
      { name: "bare", labels: { tier: "gold" }, readings: metrics({ load: [1, 0.1] }) },
      { name: "closed", labels: { tier: "gold" }, cordoned: true },
      {
        name: "full",
        labels: { tier: "gold" },
        customResources: ["widgets.example.org"],
        readings: metrics({ load: [1, 0.1] }),
        free: { cpuCores: 0.5, memoryBytes: 8 * gibi, pods: 10 },
      },
      {
        name: "odd",
        labels: { tier: "gold" },
        customResources: ["widgets.example.org"],
        readings: metrics({ load: [1, 0.9] }),
      },
      { name: "tainted", taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] },
    ],
  },
  "metrics-out-of-range": {
    about: "a number out of its range counts nowhere; a cluster without metrics is taken instead",
    app: {},
    clusters: [
      { name: "broken", readings: broken("load", "the value 7 of load is not between 0 and 1") },
      { name: "plain" },
    ],
  },
  "metrics-out-of-range-where-it-runs": {
    about: "and drive nothing away that runs",
    app: { on: "broken", sinceMs: hour },
    clusters: [
      { name: "broken", readings: broken("load", "the value 7 of load is not between 0 and 1") },
      { name: "sound", readings: metrics({ load: [1, 0.9] }) },
    ],
  },
  "tie-by-name": {
    about: "among equals the first by name",
    app: {},
    clusters: ["anna", "berta", "clara"].map((name) => ({
      name,
      readings: metrics({ load: [1, 0.5] }),
    })),
  },
  sticky: {
    about: "0.55 elsewhere is less than (0.52 + 0.1) / 1.1 here",
    app: { on: "here", sinceMs: hour },
    clusters: [
      { name: "here", readings: metrics({ load: [1, 0.52] }) },
      { name: "there", readings: metrics({ load: [1, 0.55] }) },
    ],
  },
  "moved-recently": {
    about: "a better cluster waits until the interval is over",
    app: { on: "here", sinceMs: 20_000 },
    clusters: [
      { name: "here", readings: metrics({ load: [1, 0.1] }) },
      { name: "there", readings: metrics({ load: [1, 0.9] }) },
    ],
  },
  drained: {
    about: "it leaves at once, though it came a second ago",
    app: { on: "here", sinceMs: 1_000 },
    clusters: [
      { name: "here", drain: true, readings: metrics({ load: [1, 0.9] }) },
      { name: "there", readings: metrics({ load: [1, 0.1] }) },
    ],
  },
  braked: {
    about: "its cluster is away with three others: nothing is moved yet",
    app: { on: "here", sinceMs: hour },
    clusters: [
      { name: "here", state: "OFFLINE" },
      { name: "there", readings: metrics({ load: [1, 0.1] }) },
    ],
    more: { calm: calm({ brake: { until: now + 8 * minute, vanished: 4, of: 5 } }) },
  },
  policy: {
    about: "its policy weighs price and carbon; a metric nobody has is told; the gain is too small",
    app: { on: "here", sinceMs: hour, placement: { policy: "p" } },
    clusters: [
      { name: "far", readings: metrics({ carbon: [1, 0.9] }) },
      { name: "here", readings: metrics({ carbon: [1, 0.5], price: [9, 0.5] }) },
      { name: "there", readings: metrics({ carbon: [1, 0.7], price: [9, 0.6] }) },
    ],
    more: {
      placement: policy(
        {
          minimum_gain: 0.2,
          objectives: [
            { metric: "price", weight: 2 },
            { metric: "carbon", weight: 1 },
            { metric: "moonlight", weight: 1 },
          ],
        },
        { carbon: "exclude", price: "exclude" },
      ),
    },
  },
  "quiet-hours": {
    about: "it is noon, and nothing moves for metrics until two",
    app: { on: "here", sinceMs: hour, placement: { policy: "p" } },
    clusters: [
      { name: "here", readings: metrics({ load: [1, 0.1] }) },
      { name: "there", readings: metrics({ load: [1, 0.9] }) },
    ],
    more: {
      placement: policy({
        quiet_hours: [{ days: ["sat"], from: "08:00", to: "14:00", timezone: "UTC" }],
      }),
    },
  },
  preferences: {
    about: "a wish outweighs a load that is a little better",
    app: {
      preferred: [
        { weight: 2, labels: "tier is gold" },
        { weight: 1, metrics: "load > 0.7" },
      ],
    },
    clusters: [
      { name: "lead", readings: metrics({ load: [1, 0.8] }) },
      { name: "gold", labels: { tier: "gold" }, readings: metrics({ load: [1, 0.6] }) },
    ],
  },
  "failed-move": {
    about: "it did not become healthy on the better cluster, so it goes back to where it runs",
    app: {
      on: "there",
      runsOn: "here",
      sinceMs: 11 * minute,
      moves: [{ agoMs: 11 * minute, from: "here", to: "there" }],
    },
    clusters: [
      { name: "here", readings: metrics({ load: [1, 0.1] }) },
      { name: "there", readings: metrics({ load: [1, 0.9] }) },
    ],
    more: { calm: calm() },
  },
  "toleration-ends": {
    about: "it tolerates the taint of its cluster for five minutes, of which two are left",
    app: {
      on: "here",
      sinceMs: hour,
      tolerations: [
        { key: "repair", operator: "Exists", value: "", effect: "NoExecute", seconds: 300 },
      ],
    },
    clusters: [
      {
        name: "here",
        taints: [{ key: "repair", value: "", effect: "NoExecute" }],
        taintsSince: { "repair:NoExecute": new Date(now - 3 * minute).toISOString() },
        readings: metrics({ load: [1, 0.9] }),
      },
      { name: "there", readings: metrics({ load: [1, 0.1] }) },
    ],
  },
  copies: {
    about: "five replicas over two of three clusters: the best, and the best of the other region",
    app: {
      manifest: [{ ...web, spec: { ...web.spec, replicas: 5 } }],
      placement: {
        copies: {
          count: 2,
          replicas: "divided",
          divide_by: "even",
          weights: [],
          spread: { by: "region", max_skew: 1 },
        },
      },
    },
    clusters: [
      { name: "bergen", labels: { region: "north" }, readings: metrics({ load: [1, 0.8] }) },
      { name: "oslo", labels: { region: "north" }, readings: metrics({ load: [1, 0.9] }) },
      { name: "rome", labels: { region: "south" }, readings: metrics({ load: [1, 0.1] }) },
    ],
  },
  apart: {
    about:
      "another application stands on the better cluster, and this one wants to be apart from it",
    app: { more: { applications: [{ apart: "app=noisy" }] } },
    clusters: [
      { name: "loud", readings: metrics({ load: [1, 0.9] }) },
      { name: "quiet", readings: metrics({ load: [1, 0.1] }) },
    ],
    more: { neighbours: { applications: [{ loud: 1 }], spread: [], keptAway: [] } },
  },
  "data-on-nodes": {
    about: "its data would be left behind, so it stays on a cluster that is drained",
    app: { on: "here", sinceMs: hour, runs: true },
    clusters: [{ name: "here", drain: true }, { name: "there" }],
    more: { localData: "the volume data of Deployment web" },
  },
  estimates: {
    about:
      "two replicas of half a core and 1 GiB, with the price of a core and the carbon of the power",
    app: { manifest: [web] },
    clusters: [
      {
        name: "only",
        readings: [
          {
            ...metrics({ price: [1, 0.98] })[0]!,
            raw: 0.02,
            unit: "EUR/core-hour",
          } as Readings[number],
          { ...metrics({ carbon: [1, 0.6] })[0]!, raw: 400, unit: "gCO2/kWh" } as Readings[number],
        ],
      },
    ],
  },
};
