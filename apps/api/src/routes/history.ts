import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { EventSchema } from "@octoplane/kinds/event";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { ResourceRefSchema } from "@octoplane/kinds/metadata";
import { kindNamed, kinds } from "@octoplane/kinds/registry";
import { cascadeOf } from "@octoplane/resources/cascade";
import { readEvents } from "@octoplane/resources/event-log";
import { userOf, type ApiContext } from "../api-context.ts";
import { operation } from "../http/route-schema.ts";
import { sendJson } from "../http/send-json.ts";
import { demand, pathOf } from "./resource.ts";

const EventListSchema = Type.Object({
  api: Type.String(),
  kind: Type.Literal("EventList"),
  metadata: Type.Object({}),
  items: Type.Array(EventSchema),
});

const CascadePreviewSchema = Type.Object({
  api: Type.String(),
  kind: Type.Literal("CascadePreview"),
  metadata: Type.Object({}),
  items: Type.Array(ResourceRefSchema),
  hidden: Type.Integer({ description: "how many more there are that you may not list" }),
});

/** What has happened to an object, and what its deletion would take along. */
export function historyRoutes(app: FastifyInstance, context: ApiContext, kind: AnyKind): void {
  const events = operation(kind)("read the events of", { answer: EventListSchema });
  app.get(`${pathOf(kind)}/events`, events, async (request, reply) => {
    const ref = demand(context, kind, request, "get");
    const object = await context.resources.of(kind).mustGet(ref);
    const items = await readEvents(context.resources.parts.store, object);
    const list = { api: kind.api, kind: "EventList", metadata: {}, items };
    return sendJson(reply, list);
  });

  const cascade = operation(kind)("preview the deletion of", { answer: CascadePreviewSchema });
  app.get(`${pathOf(kind)}/cascade`, cascade, async (request, reply) => {
    const ref = demand(context, kind, request, "get");
    const object = await context.resources.of(kind).mustGet(ref);
    const all = cascadeOf(object, everything(context));
    const user = userOf(request);
    const seen = all.filter((one) => {
      const plural = kindNamed(one.api, one.kind)?.plural ?? "";
      const wish = { api: one.api, resource: plural, verb: "list" } as const;
      return context.authorizer.allows(user, wish, one.metadata.namespace ?? undefined);
    });
    const items = seen.map((one) => {
      const { namespace, name } = one.metadata;
      return { api: one.api, kind: one.kind, namespace, name };
    });
    const hidden = all.length - seen.length;
    const preview = { api: kind.api, kind: "CascadePreview", metadata: {}, items, hidden };
    return sendJson(reply, preview);
  });
}

function* everything(context: ApiContext): Iterable<AnyResource> {
  for (const kind of kinds) yield* context.resources.feed(kind).objects.values();
}
