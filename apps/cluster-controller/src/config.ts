import { Type, type Static } from "typebox";
import { limits } from "@octoplane/shared/limits";

/** The cluster controller's own settings, in seconds. */
export const ClusterControllerConfigSchema = Type.Object(
  {
    probe_interval: Type.Number({
      minimum: 0.05,
      default: limits.probeIntervalMs / 1_000,
      description: "between two probes of a cluster that answers",
    }),
    probe_retry: Type.Number({
      minimum: 0.05,
      default: limits.probeRetryMs / 1_000,
      description: "until the next probe after one that failed",
    }),
    probe_timeout: Type.Number({
      minimum: 0.05,
      default: limits.probeTimeoutMs / 1_000,
      description: "until a probe that is not answered has failed",
    }),
    probe_failures: Type.Integer({
      minimum: 1,
      default: limits.probeFailuresMax,
      description: "failed probes in a row until a cluster is OFFLINE",
    }),
    capacity_interval: Type.Number({
      minimum: 0.05,
      default: limits.capacityIntervalMs / 1_000,
      description: "between two counts of what the Pods of a cluster request",
    }),
    discovery_interval: Type.Number({
      minimum: 0.05,
      default: limits.discoveryIntervalMs / 1_000,
      description: "between two looks at which kinds a cluster serves",
    }),
  },
  { additionalProperties: false, default: {} },
);
export type ClusterControllerConfig = Static<typeof ClusterControllerConfigSchema>;
