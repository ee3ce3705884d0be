/**
 * Configuration files as Krake's generator leaves them when it is told nothing: the same keys and values in the same places
 * as in the templates of release 1.0.1, in our own words otherwise.
 */
interface KrakeChoices {
  readonly apiPort?: number;
  readonly etcdPort?: number;
  readonly authorization?: "always-allow" | "RBAC";
  readonly staticUser?: boolean;
}

const logging = (name: string): string => `log:
  version: 1
  level: INFO
  disable_existing_loggers: false
  formatters:
    krake:
      format: "%(levelname)-5s %(message)s"
  handlers:
    console:
      class: logging.StreamHandler
      formatter: krake
      stream: ext://sys.stdout
    file:
      class: logging.handlers.WatchedFileHandler
      formatter: krake
      filename: ./logs/krake-${name}.log
    rotating:
      class: logging.handlers.RotatingFileHandler
      formatter: krake
      filename: ./logs/krake-${name}.rotating.log
      mode: 'a'
      maxBytes: 2000000
      backupCount: 3
  root:
    handlers: [console]
  loggers:
    krake:
      handlers: [console]
      propagate: no
`;

const controller = (user: string, name: string, own = ""): string => `# of the ${name} controller
api_endpoint: http://localhost:8080
worker_count: 5
debounce: 1.0
${own}tls:
  enabled: False
  client_ca: tmp/pki/ca.pem
  client_cert: tmp/pki/${user}.pem
  client_key: tmp/pki/${user}-key.pem
${logging(name)}`;

const hook = (name: string): string => `  ${name}:
    hook_user: system:${name}-hook
    intermediate_src: tmp/pki/system:${name}-signing.pem
    intermediate_key_src: tmp/pki/system:${name}-signing-key.pem
    cert_dest: /etc/krake_cert
    env_token: KRAKE_${name.toUpperCase()}_TOKEN
    env_url: KRAKE_${name.toUpperCase()}_URL
    
`;

export function krakeFiles(choices: KrakeChoices = {}): Readonly<Record<string, string>> {
  const { apiPort = 8080, etcdPort = 2379, authorization = "always-allow" } = choices;
  return {
    "api.yaml": `# of the API
host: localhost
port: ${apiPort}
etcd:
  host: 127.0.0.1
  port: ${etcdPort}
  retry_transactions: 1
tls:
  enabled: False
  cert: tmp/pki/system:api-server.pem
  key: tmp/pki/system:api-server-key.pem
  client_ca: tmp/pki/ca.pem
authentication:
  allow_anonymous: False
  strategy:
    keystone:
      enabled: False
      endpoint: http://localhost:5000/v3
    keycloak:
      enabled: False
      endpoint: http://localhost:9080
      realm: krake
    static:
      enabled: ${choices.staticUser === true ? "True" : "False"}
      name: system:admin
  cors-origin: "*"
authorization: ${authorization}
docs:
  problem_base_url: https://rak-n-rok.readthedocs.io/projects/krake/en/latest/user/problem.html
${logging("api")}`,
    "scheduler.yaml": controller(
      "system:scheduler",
      "scheduler",
      "reschedule_after: 60\nstickiness: 0.1\nautomatic_cluster_creation:\n" +
        "  tosca_file: examples/automation/cluster.yaml\n  deletion_retention: 600\n",
    ),
    "kubernetes_application.yaml": controller(
      "system:kubernetes-application",
      "app",
      `hooks:\n${hook("complete")}${hook("shutdown")}migration:\n  retry:\n    max: 10\n    timeout: 60\n`,
    ),
    "kubernetes_cluster.yaml": controller("system:kubernetes-cluster", "cluster"),
    "garbage_collector.yaml": controller("system:gc", "gc"),
    "infrastructure.yaml": controller("system:infrastructure", "infra", "poll_interval: 30\n"),
    "magnum.yaml": controller("system:magnum", "magnum", "poll_interval: 30\n"),
  };
}
