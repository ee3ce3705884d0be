import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { OidcConfig } from "../auth/oidc.ts";

const LoginSchema = Type.Object({
  issuers: Type.Array(
    Type.Object({
      issuer: Type.String(),
      client_id: Type.String(),
      scopes: Type.Array(Type.String()),
    }),
  ),
});

/** `GET /login`, open to everyone: where people log in, and as which client. Neither is a secret. */
export function loginRoute(app: FastifyInstance, issuers: readonly OidcConfig[]): void {
  const schema = {
    tags: ["service"],
    summary: "where people can log in",
    description: "The issuers of OpenID Connect by which `rok login` gets a token (RFC 8628).",
    response: { 200: LoginSchema },
  };
  const known = issuers.flatMap(({ issuer, device_client_id, device_scopes: scopes }) =>
    device_client_id === undefined ? [] : [{ issuer, client_id: device_client_id, scopes }],
  );
  app.get("/login", { schema }, async () => ({ issuers: known }));
}
