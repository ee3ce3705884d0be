import { Type, type Static } from "typebox";
import { limits } from "@octoplane/shared/limits";
import { OidcSchema } from "./auth/oidc.ts";

const closed = { additionalProperties: false } as const;

const fileOrNone = (description: string) =>
  Type.Union([Type.String(), Type.Null()], { default: null, description });

const endpoint = (value: string) =>
  Type.String({
    default: value,
    pattern: "^https?://[^?#\\s]*[^?#\\s/]$",
    description: "its address, without a slash at the end",
  });

/** The API server's own settings. */
export const ApiConfigSchema = Type.Object(
  {
    listen: Type.String({
      default: "127.0.0.1:8080",
      description: "address and port; port 0 takes a free one",
    }),
    tls: Type.Object(
      {
        enabled: Type.Boolean({
          default: false,
          description: "whether the API is served over TLS",
        }),
        cert: fileOrNone("the server's certificate, with its chain (PEM)"),
        key: fileOrNone("its key (PEM)"),
        client_ca: fileOrNone(
          "the authority of client certificates (PEM): their CN is the user, their O the groups",
        ),
        reload_interval: Type.Number({
          minimum: 0.05,
          maximum: 86_400,
          default: limits.certificateReloadMs / 1_000,
          description: "seconds between two looks at these files; changed ones are taken over",
        }),
      },
      { ...closed, default: {} },
    ),
    rate_limit: Type.Object(
      {
        requests_per_second: Type.Number({
          exclusiveMinimum: 0,
          default: limits.requestsPerSecondMost,
          description: "of one user; more are answered with 429",
        }),
        burst: Type.Number({
          minimum: 1,
          default: limits.requestsBurstMost,
          description: "how many may come at once",
        }),
      },
      { ...closed, default: {} },
    ),
    request_timeout: Type.Number({
      minimum: 0.05,
      maximum: 3_600,
      default: limits.requestTimeoutMs / 1_000,
      description: "seconds in which a request must have arrived, headers and body",
    }),
    audit_records: Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      default: limits.auditRecordsMax,
      description:
        "how many records of the audit trail are kept in the store; the log has them all",
    }),
    authorization: Type.Union(
      [Type.Literal("RBAC"), Type.Literal("always-allow"), Type.Literal("always-deny")],
      {
        default: "RBAC",
        type: "string",
        description: "RBAC asks the roles; always-allow and always-deny ask nobody",
      },
    ),
    authentication: Type.Object(
      {
        allow_anonymous: Type.Boolean({
          default: false,
          description: "whether requests without credentials are those of system:anonymous",
        }),
        static_users: Type.Union([Type.String(), Type.Null()], {
          default: null,
          description: "a file of users and the hashes of their tokens",
        }),
        oidc: Type.Array(OidcSchema, {
          default: [],
          description: "issuers of OpenID Connect whose tokens are taken",
        }),
        strategy: Type.Object(
          {
            keystone: Type.Object(
              {
                enabled: Type.Boolean({
                  default: false,
                  description: "whether its tokens are taken",
                }),
                endpoint: endpoint("http://localhost:5000/v3"),
              },
              { ...closed, default: {} },
            ),
            keycloak: Type.Object(
              {
                enabled: Type.Boolean({
                  default: false,
                  description: "whether its tokens are taken",
                }),
                endpoint: endpoint("http://localhost:9080"),
                realm: Type.String({
                  default: "krake",
                  minLength: 1,
                  description: "the realm whose tokens are taken",
                }),
                base_path: Type.String({
                  default: "/auth",
                  description: "what stands before /realms; empty since Keycloak 17",
                }),
              },
              { ...closed, default: {} },
            ),
            static: Type.Object(
              {
                enabled: Type.Boolean({
                  default: false,
                  description:
                    "whether everybody who sends no credentials is one user: for trials on one machine",
                }),
                name: Type.String({
                  default: "system",
                  minLength: 1,
                  maxLength: limits.identityNameMax,
                  description: "the name of that user; roles are bound to it as to any other",
                }),
              },
              { ...closed, default: {} },
            ),
            allow_system_names: Type.Boolean({
              default: false,
              description: "whether Keystone and Keycloak may name users that begin with system:",
            }),
          },
          { ...closed, default: {} },
        ),
        cors_origin: Type.Union([Type.String(), Type.Null()], {
          default: null,
          description:
            "the origin, such as https://ui.example.org, whose pages may call this server; * is any, and then " +
            "browsers send no credentials of their own",
        }),
      },
      { ...closed, default: {} },
    ),
    bootstrap: Type.Array(Type.String(), {
      default: [],
      description:
        "files of roles, bindings, metrics and providers for an empty store, beside the roles and policies that come with it",
    }),
    docs: Type.Object(
      {
        problem_base_url: Type.Union([Type.String(), Type.Null()], {
          default: null,
          description: "where the titles of problems are explained",
        }),
      },
      { ...closed, default: {} },
    ),
  },
  { ...closed, default: {} },
);
export type ApiConfig = Static<typeof ApiConfigSchema>;

export const TokenKeysSchema = Type.Array(Type.String(), {
  default: [],
  description:
    "files of keys: the first key of the first signs tokens, all verify; empty: the one key file",
});

/** An API server that is a process of its own is told where the key is that its tokens are signed with. */
export const ApiProcessSchema = Type.Object(
  {
    ...ApiConfigSchema.properties,
    token_key_file: Type.String({
      default: "token.key",
      description:
        "keys of 32 bytes in base64, one a line: the first signs tokens, all verify; the same for every API server " +
        "(OCTOPLANE_TOKEN_KEY: the keys themselves)",
    }),
    token_keys: TokenKeysSchema,
  },
  closed,
);
export type ApiProcessConfig = Static<typeof ApiProcessSchema>;
