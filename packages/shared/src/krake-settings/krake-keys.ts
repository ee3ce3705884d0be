/**
 * Every key of Krake's configuration files (release 1.0.1 and its templates), and what becomes of each. The documentation
 * is held against this table, and the translation runs on it.
 */

export type KrakeFile =
  | "api.yaml"
  | "scheduler.yaml"
  | "kubernetes_application.yaml"
  | "kubernetes_cluster.yaml"
  | "garbage_collector.yaml"
  | "infrastructure.yaml"
  | "magnum.yaml";

export interface KrakeKey {
  /** With dots: `etcd.host`. */
  readonly path: string;
  readonly form: "text" | "number" | "flag" | "list" | "any";
  /** Our setting that gets the value, or that is made with it. */
  readonly becomes?: string;
  /** Why it has no effect here. */
  readonly note?: string;
  /** It counts only where the file does not switch TLS off: Krake's own files name certificates that nobody has made. */
  readonly isOfTls?: boolean;
}

const same = (path: string, form: KrakeKey["form"]): KrakeKey => ({ path, form, becomes: path });

const logging: readonly KrakeKey[] = [
  { path: "log.level", form: "text", becomes: "log_level" },
  ...[
    "version",
    "disable_existing_loggers",
    "incremental",
    "formatters",
    "filters",
    "handlers",
    "loggers",
    "root",
  ].map((name): KrakeKey => ({
    path: `log.${name}`,
    form: "any",
    note: "one line of JSON for each event goes to standard error; whoever starts the process stores it",
  })),
];

const apiKeys: readonly KrakeKey[] = [
  { path: "host", form: "text", becomes: "listen" },
  { path: "port", form: "number", becomes: "listen" },
  { path: "etcd.host", form: "text", becomes: "store" },
  { path: "etcd.port", form: "number", becomes: "store" },
  {
    path: "etcd.retry_transactions",
    form: "number",
    note: "a write that loses against another is tried again as often as is sensible",
  },
  same("docs.problem_base_url", "text"),
  same("tls.enabled", "flag"),
  same("tls.cert", "text"),
  same("tls.key", "text"),
  same("tls.client_ca", "text"),
  same("authentication.cors_origin", "text"),
  same("authentication.allow_anonymous", "flag"),
  same("authentication.strategy.keystone.enabled", "flag"),
  same("authentication.strategy.keystone.endpoint", "text"),
  same("authentication.strategy.keycloak.enabled", "flag"),
  same("authentication.strategy.keycloak.endpoint", "text"),
  same("authentication.strategy.keycloak.realm", "text"),
  same("authentication.strategy.static.enabled", "flag"),
  same("authentication.strategy.static.name", "text"),
  same("authorization", "text"),
  ...["default_roles", "default_role_bindings"].map((path): KrakeKey => ({
    path,
    form: "list",
    note: "Krake never read it either; name files of roles and bindings in `bootstrap`",
  })),
  ...logging,
];

const notCalling =
  "this process watches the store and calls no API, so it needs no certificate; `store_auth` is for TLS to etcd";

const controllerKeys: readonly KrakeKey[] = [
  {
    path: "api_endpoint",
    form: "text",
    note: "this process watches the store, and not the API; `store` says where that is",
  },
  {
    path: "debounce",
    form: "number",
    note: "a change is worked on at once; changes that arrive meanwhile are taken together",
  },
  ...["enabled", "client_ca", "client_cert", "client_key", "external_endpoint"].map(
    (name): KrakeKey => ({
      path: `tls.${name}`,
      form: name === "enabled" ? "flag" : "text",
      note: notCalling,
    }),
  ),
  ...logging,
];

const workerNote: KrakeKey = {
  path: "worker_count",
  form: "number",
  note: "this process shares its work out by itself",
};

const hooks = (hook: "complete" | "shutdown"): readonly KrakeKey[] => [
  ...["hook_user", "intermediate_src", "intermediate_key_src", "cert_dest"].map(
    (name): KrakeKey => ({ ...same(`hooks.${hook}.${name}`, "text"), isOfTls: true }),
  ),
  ...["env_token", "env_url", "external_endpoint"].map((name) =>
    same(`hooks.${hook}.${name}`, "text"),
  ),
];

const notYet: readonly KrakeKey[] = [
  ...controllerKeys,
  workerNote,
  { path: "poll_interval", form: "number", note: "there is no such process here yet" },
];

export const krakeKeys: Readonly<Record<KrakeFile, readonly KrakeKey[]>> = {
  "api.yaml": apiKeys,
  "scheduler.yaml": [
    ...controllerKeys,
    workerNote,
    same("reschedule_after", "number"),
    same("stickiness", "number"),
    same("automatic_cluster_creation.tosca_file", "text"),
    same("automatic_cluster_creation.deletion_retention", "number"),
  ],
  "kubernetes_application.yaml": [
    { path: "api_endpoint", form: "text", becomes: "hooks.api_endpoint" },
    ...controllerKeys.filter(({ path }) => path !== "api_endpoint"),
    same("worker_count", "number"),
    ...hooks("complete"),
    ...hooks("shutdown"),
    same("hooks.shutdown.timeout", "number"),
    same("hooks.shutdown.failure_strategy", "text"),
    same("hooks.shutdown.failure_retry_count", "number"),
    ...["max", "timeout"].map((name): KrakeKey => ({
      path: `migration.retry.${name}`,
      form: "number",
      note: "a move is tried until it succeeds; the old copy runs meanwhile",
    })),
  ],
  "kubernetes_cluster.yaml": [...controllerKeys, workerNote],
  "garbage_collector.yaml": [...controllerKeys, workerNote],
  "infrastructure.yaml": notYet,
  "magnum.yaml": notYet,
};

/** The processes that read these files, by what they are called here; the others do not exist yet. */
export const krakeFileOf: Readonly<Record<string, KrakeFile>> = {
  api: "api.yaml",
  scheduler: "scheduler.yaml",
  "app-controller": "kubernetes_application.yaml",
  "cluster-controller": "kubernetes_cluster.yaml",
  gc: "garbage_collector.yaml",
};
