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
