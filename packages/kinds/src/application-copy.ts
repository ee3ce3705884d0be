import { Type, type Static } from "typebox";
import { dateTime, nullable, ResourceRefSchema } from "./metadata.ts";

/** What is written down of what runs of an application, cluster by cluster. */

const closed = { additionalProperties: false } as const;

/** One object of an application as it stands on a cluster. */
const InventoryItemSchema = Type.Object(
  {
    group: Type.String(),
    version: Type.String(),
    kind: Type.String(),
    namespace: nullable(Type.String()),
    name: Type.String(),
    uid: Type.String(),
    digest: Type.String({ description: "of what was applied" }),
    fields_digest: Type.String({ description: "of the fields that are ours, after that" }),
    created: Type.Boolean({ description: "false when the object was there before" }),
    joined: Type.Optional(
      Type.Boolean({ description: "a namespace of somebody else's that is used as it is" }),
    ),
    keep: Type.Optional(Type.Boolean({ description: "stays when the application goes" })),
    yielded: Type.Optional(
      Type.Integer({ description: "the generation in which another application took it over" }),
    ),
    warnings: Type.Optional(Type.Array(Type.String(), { description: "of the cluster" })),
    pinned: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: "fields that are watched and not in the manifest, as they were found first",
      }),
    ),
  },
  closed,
);

/** How far the hooks of one event have come on one copy. */
const HookRunSchema = Type.Object(
  {
    event: Type.Union([
      Type.Literal("install"),
      Type.Literal("upgrade"),
      Type.Literal("delete"),
      Type.Literal("migrate"),
    ]),
    digest: Type.String({ description: "of the manifest that the event is about" }),
    generation: Type.Integer({ description: "of the specification under which it began" }),
    over: Type.Boolean({ description: "true when all of them have run" }),
    turns: Type.Record(Type.String(), Type.Union([Type.Literal("begun"), Type.Literal("done")]), {
      description: "of each hook, by its side and identity",
    }),
    until: Type.Optional(dateTime),
    failed: Type.Optional(Type.String({ description: "what went wrong; nothing comes after it" })),
    objects: Type.Array(InventoryItemSchema, {
      description: "what they have made, as far as it stands",
    }),
  },
  closed,
);
export type HookRun = Static<typeof HookRunSchema>;

/** How far a copy has come in getting ready to be removed. */
const ShutdownSchema = Type.Object(
  {
    state: Type.Union([
      Type.Literal("asking"),
      Type.Literal("ready"),
      Type.Literal("expired"),
      Type.Literal("failed"),
    ]),
    attempt: Type.Integer({ description: "how many times it was asked, this one included" }),
    sent: Type.Boolean({ description: "false until the request of this attempt has gone out" }),
    until: dateTime,
    message: Type.String({ description: "what the last request has come to" }),
  },
  closed,
);
export type CopyShutdown = Static<typeof ShutdownSchema>;

/** What runs of an application on one cluster. */
export const CopySchema = Type.Object(
  {
    cluster: ResourceRefSchema,
    cluster_uid: Type.String(),
    cluster_identity: Type.Optional(
      Type.String({ description: "another one: the cluster was built anew, and is empty" }),
    ),
    generation: Type.Integer({ description: "the last one applied in full" }),
    objects: Type.Array(InventoryItemSchema),
    hooks: Type.Optional(HookRunSchema),
    migration: Type.Optional(HookRunSchema),
    shutdown: Type.Optional(ShutdownSchema),
  },
  closed,
);
