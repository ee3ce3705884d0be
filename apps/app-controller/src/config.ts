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
    fetch: Type.Object(
      {
        allow: Type.Array(Type.String(), {
          default: [],
          description:
            "hosts, *.suffix, addresses or networks that templates may be fetched from, public or not",
        }),
        public: Type.Boolean({
          default: true,
          description: "whether all public addresses may be fetched from as well",
        }),
      },
      { additionalProperties: false, default: {} },
    ),
  },
  { additionalProperties: false, default: {} },
);
export type AppControllerConfig = Static<typeof AppControllerConfigSchema>;
