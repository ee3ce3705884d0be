import { Type, type Static } from "typebox";
import { limits } from "@octoplane/shared/limits";

const fileOrNone = (description: string) =>
  Type.Union([Type.String({ minLength: 1 }), Type.Null()], { default: null, description });

const hookWords = (hook: "COMPLETE" | "SHUTDOWN") => ({
  hook_user: Type.String({
    default: `system:${hook.toLowerCase()}-hook`,
    minLength: 1,
    maxLength: 64,
    description: "who the certificates for callbacks say that it is",
  }),
  intermediate_src: fileOrNone(
    "file with the certificate that signs those for callbacks (PEM), first, and what leads to its root; null: none are made",
  ),
  intermediate_key_src: fileOrNone("file with the private key of `intermediate_src` (PEM)"),
  ca_src: fileOrNone(
    "file with the authority of the API's own certificate (PEM), if that is another one",
  ),
  cert_dest: Type.String({
    default: `/etc/krake_${hook.toLowerCase()}_certs/`,
    pattern: "^/+[^/:][^:]*$",
    description: "the folder in containers that has the certificate",
  }),
  env_token: Type.String({
    default: `KRAKE_${hook}_TOKEN`,
    pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
    description: "the variable that holds the token",
  }),
  env_url: Type.String({
    default: `KRAKE_${hook}_URL`,
    pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
    description: "the variable that holds the URL to call",
  }),
  external_endpoint: Type.Union([Type.String({ pattern: "^https?://[^/]+" }), Type.Null()], {
    default: null,
    description: "what stands in that URL instead of `hooks.api_endpoint`",
  }),
});

const CompleteHookSchema = Type.Object(hookWords("COMPLETE"), {
  additionalProperties: false,
  default: {},
});

const ShutdownHookSchema = Type.Object(
  {
    ...hookWords("SHUTDOWN"),
    timeout: Type.Number({
      exclusiveMinimum: 0,
      default: 30,
      description: "seconds that an application has to get ready, if it does not say itself",
    }),
    failure_strategy: Type.Union([Type.Literal("delete"), Type.Literal("give_up")], {
      default: "delete",
      description: "what becomes of one that does not answer: removed all the same, or left alone",
    }),
    failure_retry_count: Type.Integer({
      minimum: 0,
      default: 0,
      description: "how often it is asked again before that",
    }),
  },
  { additionalProperties: false, default: {} },
);

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
    hooks: Type.Object(
      {
        api_endpoint: Type.Union([Type.String({ pattern: "^https?://[^/]+" }), Type.Null()], {
          default: null,
          description:
            "where applications on clusters reach the API; null: where that of the same process listens, else http://127.0.0.1:8080",
        }),
        complete: CompleteHookSchema,
        shutdown: ShutdownHookSchema,
      },
      { additionalProperties: false, default: {} },
    ),
  },
  { additionalProperties: false, default: {} },
);
export type AppControllerConfig = Static<typeof AppControllerConfigSchema>;
