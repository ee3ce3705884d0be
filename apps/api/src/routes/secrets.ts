import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ResourceRefSchema } from "@octoplane/kinds/metadata";
import { countKeys, reseal, type KeyUse } from "@octoplane/resources/reseal";
import { userOf, type ApiContext } from "../api-context.ts";
import { sendJson } from "../http/send-json.ts";

const KeySchema = Type.Object({
  id: Type.String({ description: "a part of the key's SHA-256; not the key" }),
  state: Type.Union([Type.Literal("current"), Type.Literal("old"), Type.Literal("missing")], {
    description: "current: seals; old: only opens; missing: seals records, and is not here",
  }),
  records: Type.Integer({ description: "that have a credential sealed with it" }),
});

const KeysSchema = Type.Object({ items: Type.Array(KeySchema) });

const ResealSchema = Type.Object({
  resealed: Type.Integer(),
  unchanged: Type.Integer(),
  keys: Type.Array(KeySchema, { description: "afterwards" }),
  failed: Type.Integer({ description: "records that do not open; they stay as they are" }),
  unopened: Type.Array(ResourceRefSchema, { description: "the first objects of these" }),
});

/** The keys that credentials are sealed with, and the step that ends a rotation (ADR 10). */
export function secretRoutes(app: FastifyInstance, context: ApiContext): void {
  const { parts } = context.resources;
  const prepare = async (request: FastifyRequest, verb: "get" | "update"): Promise<void> => {
    const wish = { api: "core", resource: "secrets", verb } as const;
    context.authorizer.demand(userOf(request), wish, undefined);
    // Who has just changed the file means the keys that it holds now.
    await context.lookAtKeys?.();
  };
  const tags = ["core"];
  const keys = {
    tags,
    summary: "list the keys that seal credentials",
    description:
      "Needs a role for `core/secrets`. Ids of keys and how many records each seals, the one in use first; never a key.",
    response: { 200: KeysSchema },
  };
  app.get("/core/secrets/keys", { schema: keys }, async (request, reply) => {
    await prepare(request, "get");
    const items = listOf(parts.sealer.keyIds, await countKeys(parts));
    return sendJson(reply, { items });
  });
  const again = {
    tags,
    summary: "seal all credentials with the key in use",
    description:
      "Needs a role for `core/secrets`. Ends a rotation: afterwards no record needs an old key. Objects keep their " +
      "generation and `modified`; their resource version changes.",
    response: { 200: ResealSchema },
  };
  app.post("/core/secrets/reseal", { schema: again }, async (request, reply) => {
    await prepare(request, "update");
    const { keys: uses, ...result } = await reseal(parts);
    const { resealed, failed } = result;
    context.log.info({ user: userOf(request).name, resealed, failed }, "credentials were resealed");
    const answer = { ...result, keys: listOf(parts.sealer.keyIds, uses) };
    return sendJson(reply, answer);
  });
}

/** The ring in its order, then what seals records and is not in it. */
function listOf(ring: readonly string[], uses: KeyUse) {
  const ids = [...new Set([...ring, ...Object.keys(uses).toSorted()])];
  return ids.map((id, index) => {
    const state = index === 0 ? "current" : ring.includes(id) ? "old" : "missing";
    return { id, state, records: uses[id] ?? 0 };
  });
}
