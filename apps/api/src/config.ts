import { Type, type Static } from "typebox";

const closed = { additionalProperties: false } as const;

/** The API server's own settings. */
export const ApiConfigSchema = Type.Object(
  {
    listen: Type.String({
      default: "127.0.0.1:8080",
      description: "address and port; port 0 takes a free one",
    }),
    authorization: Type.Union(
      [Type.Literal("RBAC"), Type.Literal("always-allow"), Type.Literal("always-deny")],
      { default: "RBAC" },
    ),
    authentication: Type.Object(
      {
        allow_anonymous: Type.Boolean({ default: false }),
        static_users: Type.Union([Type.String(), Type.Null()], {
          default: null,
          description: "a file of users and the hashes of their tokens",
        }),
      },
      { ...closed, default: {} },
    ),
    bootstrap: Type.Array(Type.String(), {
      default: [],
      description:
        "files of roles and bindings for an empty store, beside the ones that come with it",
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

/** An API server that is a process of its own is told where the key is that its tokens are signed with. */
export const ApiProcessSchema = Type.Object(
  {
    ...ApiConfigSchema.properties,
    token_key_file: Type.String({
      default: "token.key",
      description: "32 bytes in base64 that sign tokens; the same for every API server",
    }),
  },
  closed,
);
export type ApiProcessConfig = Static<typeof ApiProcessSchema>;
