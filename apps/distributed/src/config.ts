import { Type, type Static } from "typebox";
import { ApiConfigSchema, TokenKeysSchema } from "@octoplane/api/config";
import { keyReloadInterval, logLevel } from "@octoplane/process/process-config";

const { tls } = ApiConfigSchema.properties;

/** What all processes of the distributed set-up on one machine are told. */
export const DistributedConfigSchema = Type.Object(
  {
    store: Type.String({
      default: "etcd://127.0.0.1:2379",
      description: "etcd://host:port,host:port",
    }),
    listen: Type.String({ default: "127.0.0.1:8080", description: "address and port of the API" }),
    data_dir: Type.String({ default: "./data", description: "where the keys and the token are" }),
    log_level: logLevel("warn"),
    tls,
    token_keys: TokenKeysSchema,
    key_reload_interval: keyReloadInterval,
  },
  { additionalProperties: false },
);
export type DistributedConfig = Static<typeof DistributedConfigSchema>;
