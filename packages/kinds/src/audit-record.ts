import { Type, type Static } from "typebox";
import { printable } from "./cells.ts";
import { defineKind, type ResourceOf } from "./kind.ts";
import { dateTime, nullable } from "./metadata.ts";
import { verbSchema } from "./role.ts";

const SpecSchema = Type.Object(
  {
    time: dateTime,
    user: Type.String(),
    groups: Type.Array(Type.String()),
    from: Type.String({ description: "the address of the client, as the server sees it" }),
    client: Type.String({ description: "what the client calls itself (User-Agent)" }),
    method: Type.String(),
    path: Type.String({ description: "without the query" }),
    verb: verbSchema,
    api: Type.String({ description: "empty for what belongs to no group" }),
    resource: Type.String({ description: "a plural, or plural/sub-resource" }),
    namespace: nullable(Type.String()),
    name: nullable(Type.String()),
    dry_run: Type.Boolean({ description: "checked only, nothing written" }),
    force: Type.Boolean(),
    allowed: Type.Boolean({ description: "false: refused for want of a right" }),
    status: Type.Integer({ description: "of the answer (HTTP)" }),
    code: nullable(Type.String({ description: "of the error; null when there was none" })),
    duration_ms: Type.Integer(),
    request_id: Type.String({ description: "as in the answer's x-request-id and in the log" }),
    detail: Type.Optional(
      Type.String({ description: "of what leads into a Pod: which one, the port or the command" }),
    ),
  },
  { additionalProperties: false },
);
export type AuditEntry = Static<typeof SpecSchema>;

/** One request that might have changed something, or handed out a secret; written by the server alone. */
export const AuditRecordKind = defineKind({
  api: "core",
  kind: "AuditRecord",
  plural: "auditrecords",
  namespaced: false,
  aliases: ["audit"],
  fields: { spec: SpecSchema },
  status: undefined,
  subresources: [],
  secrets: [],
  additions: [],
  selectable: ["user", "verb", "resource", "namespace", "name", "allowed", "code"].map((field) => [
    "spec",
    field,
  ]),
  finalizers: [],
  columns: [
    { title: "time", cell: ({ spec }) => spec.time },
    { title: "user", cell: ({ spec }) => printable(spec.user) },
    { title: "verb", cell: ({ spec }) => spec.verb },
    { title: "resource", cell: ({ spec }) => printable(spec.resource) },
    { title: "namespace", cell: ({ spec }) => printable(spec.namespace ?? "") },
    { title: "name of", cell: ({ spec }) => printable(spec.name ?? "") },
    { title: "status", cell: ({ spec }) => `${spec.status} ${spec.code ?? ""}`.trim() },
    { title: "from", cell: ({ spec }) => printable(spec.from) },
    { title: "client", wide: true, cell: ({ spec }) => printable(spec.client) },
    { title: "path", wide: true, cell: ({ spec }) => printable(`${spec.method} ${spec.path}`) },
    { title: "detail", wide: true, cell: ({ spec }) => printable(spec.detail ?? "") },
    { title: "dry run", wide: true, cell: ({ spec }) => String(spec.dry_run) },
    { title: "request", wide: true, cell: ({ spec }) => spec.request_id },
  ],
  validate: () => [],
});

export type AuditRecord = ResourceOf<typeof AuditRecordKind>;
