import { Type, type Static } from "typebox";
import { limits } from "@octoplane/shared/limits";

const closed = { additionalProperties: false } as const;
const textOrNone = (description: string) =>
  Type.Union([Type.String(), Type.Null()], { default: null, description });

/** How much is logged, from all down to nothing. */
export function logLevel(byDefault: "info" | "warn") {
  return Type.Union(
    [
      Type.Literal("debug"),
      Type.Literal("info"),
      Type.Literal("warn"),
      Type.Literal("error"),
      Type.Literal("silent"),
    ],
    { default: byDefault, type: "string", description: "debug, info, warn, error or silent" },
  );
}

/** How often the files of keys are looked at. */
export const keyReloadInterval = Type.Number({
  minimum: 0.05,
  maximum: 86_400,
  default: limits.keyReloadMs / 1_000,
  description: "seconds between two looks at the key files; changed ones are taken over",
});

/** What every process of a distributed set-up is told, beside its own settings. */
export const processFields = {
  store: Type.String({
    default: "etcd://127.0.0.1:2379",
    description: "where the objects are: etcd://host:port,host:port or lmdb:///path",
  }),
  store_auth: Type.Object(
    {
      ca: textOrNone("the authority of etcd's certificates (PEM); with it, TLS is spoken"),
      cert: textOrNone("the certificate to show etcd (PEM)"),
      key: textOrNone("its key (PEM)"),
      user: textOrNone("the user of etcd"),
      password_file: textOrNone("a file with the user's password"),
    },
    { ...closed, default: {}, description: "files for TLS, and the user, of etcd" },
  ),
  sealing_key_file: Type.String({
    default: "sealing.key",
    description:
      "keys of 32 bytes in base64, one a line: the first seals, all open; the same for every process " +
      "(OCTOPLANE_SEALING_KEY: the keys themselves)",
  }),
  key_reload_interval: keyReloadInterval,
  health_listen: Type.String({
    default: "127.0.0.1:0",
    description: "address and port of /livez, /readyz and /metrics",
  }),
  log_level: logLevel("info"),
} as const;

const ProcessConfigSchema = Type.Object(processFields, closed);
export type ProcessConfig = Static<typeof ProcessConfigSchema>;

/** The schema of a process: the common fields, and its own. */
export function processSchema(own: Type.TObject): Type.TObject {
  return Type.Object({ ...processFields, ...own.properties }, closed);
}
