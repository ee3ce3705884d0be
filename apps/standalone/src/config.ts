import { Type, type Static } from "typebox";
import { ApiConfigSchema, TokenKeysSchema } from "@octoplane/api/config";
import { AppControllerConfigSchema } from "@octoplane/app-controller/config";
import { ClusterControllerConfigSchema } from "@octoplane/cluster-controller/config";
import { keyReloadInterval, logLevel } from "@octoplane/process/process-config";
import { SchedulerConfigSchema } from "@octoplane/scheduler/config";

const { listen, ...api } = ApiConfigSchema.properties;

/** Everything in one process: its own few settings, and those of each part under the part's name. */
export const StandaloneConfigSchema = Type.Object(
  {
    data_dir: Type.String({ default: "./data", description: "where everything is kept" }),
    listen,
    log_level: logLevel("warn"),
    token_keys: TokenKeysSchema,
    key_reload_interval: keyReloadInterval,
    api: Type.Object(api, { additionalProperties: false, default: {} }),
    scheduler: SchedulerConfigSchema,
    cluster_controller: ClusterControllerConfigSchema,
    app_controller: AppControllerConfigSchema,
  },
  { additionalProperties: false },
);
export type StandaloneConfig = Static<typeof StandaloneConfigSchema>;
