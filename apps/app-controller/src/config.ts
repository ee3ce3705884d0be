import { Type, type Static } from "typebox";
import { limits } from "@octoplane/shared/limits";

/** The application controller's own settings, in seconds. */
export const AppControllerConfigSchema = Type.Object(
  {
    worker_count: Type.Integer({
      minimum: 1,
      default: limits.reconcileWorkersMax,
      description: "applications worked on at once",
    }),
    start_grace: Type.Number({
      minimum: 0,
      default: limits.startGraceMs / 1_000,
      description: "until objects that are not ready make an application DEGRADED",
    }),
  },
  { additionalProperties: false, default: {} },
);
export type AppControllerConfig = Static<typeof AppControllerConfigSchema>;
