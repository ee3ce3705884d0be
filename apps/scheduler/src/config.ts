import { Type, type Static } from "typebox";
import { limits } from "@octoplane/shared/limits";

/** The scheduler's own settings; Krake's names, in seconds. */
export const SchedulerConfigSchema = Type.Object(
  {
    reschedule_after: Type.Number({
      minimum: 0,
      maximum: 31_536_000,
      default: limits.rescheduleAfterMs / 1_000,
      description: "seconds between two moves of an application for metrics",
    }),
    stickiness: Type.Number({
      minimum: 0,
      default: 0.1,
      description: "weight of staying where one is",
    }),
    moves_per_hour: Type.Object(
      {
        application: Type.Integer({
          minimum: 0,
          maximum: limits.movesKeptMax,
          default: limits.movesPerHourOfApplication,
          description:
            "moves for metrics of one application in any hour, unless its policy says else",
        }),
        cluster: Type.Integer({
          minimum: 1,
          default: limits.movesPerHourOfCluster,
          description:
            "moves out of one cluster, and into one, after which none is made for metrics",
        }),
        fleet: Type.Integer({
          minimum: 1,
          default: limits.movesPerHourOfFleet,
          description: "moves of all applications after which none is made for metrics",
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    migration_timeout: Type.Number({
      exclusiveMinimum: 0,
      maximum: 31_536_000,
      default: limits.migrationTimeoutMs / 1_000,
      description: "seconds until an application that is not healthy on its new cluster goes back",
    }),
    brake: Type.Object(
      {
        share: Type.Number({
          minimum: 0,
          maximum: 1,
          default: 0.3,
          description: "part of a namespace's clusters; when more vanish at once, nothing is moved",
        }),
        least: Type.Integer({
          minimum: 1,
          default: 3,
          description: "and at least so many of them",
        }),
        window: Type.Number({
          exclusiveMinimum: 0,
          maximum: 86_400,
          default: limits.brakeWindowMs / 1_000,
          description: "seconds within which they vanish",
        }),
        hold: Type.Number({
          minimum: 0,
          maximum: 86_400,
          default: limits.brakeHoldMs / 1_000,
          description: "seconds after which moves are made all the same; 0: no brake",
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    automatic_cluster_creation: Type.Object(
      {
        tosca_file: Type.Union([Type.String(), Type.Null()], {
          default: null,
          description:
            "the TOSCA template of clusters that are made for applications; left out: none are made",
        }),
        deletion_retention: Type.Number({
          minimum: 0,
          maximum: 31_536_000,
          default: limits.clusterRetentionMs / 1_000,
          description: "seconds after which such a cluster is deleted when no application needs it",
        }),
        startup_seconds: Type.Number({
          minimum: 0,
          maximum: 86_400,
          default: limits.newClusterStartupMs / 1_000,
          description: "until a new cluster takes applications, as decisions reckon with it",
        }),
        horizon_seconds: Type.Number({
          exclusiveMinimum: 0,
          maximum: 31_536_000,
          default: limits.newClusterHorizonMs / 1_000,
          description: "over which its start-up counts: the score is less by that part of it",
        }),
        wait_seconds: Type.Number({
          exclusiveMinimum: 0,
          maximum: 604_800,
          default: limits.newClusterWaitMs / 1_000,
          description: "an application waits for its cluster; after a failure, until the next try",
        }),
        cores: Type.Number({
          minimum: 0,
          default: 0,
          description: "of a new cluster, for the estimate of what it costs",
        }),
        memory_gib: Type.Number({
          minimum: 0,
          default: 0,
          description: "of a new cluster, for the same",
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    metrics: Type.Object(
      {
        interval: Type.Number({
          minimum: 0.05,
          maximum: 86_400,
          default: limits.metricsIntervalMs / 1_000,
          description: "seconds between two fetches of a provider",
        }),
        allowed_hosts: Type.Array(Type.String(), {
          default: ["*"],
          description: "hosts that metrics may be fetched from: names, *.suffix, or * for any",
        }),
      },
      { additionalProperties: false, default: {} },
    ),
  },
  { additionalProperties: false, default: {} },
);
export type SchedulerConfig = Static<typeof SchedulerConfigSchema>;
