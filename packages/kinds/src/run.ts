import { Type } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { formatRef, formatState, printable } from "./cells.ts";
import { ConditionSchema } from "./condition.ts";
import { eventCount } from "./event.ts";
import { defineKind, type Resource } from "./kind.ts";
import { checkName, dateTime, nullable, ReasonSchema, ResourceRefSchema } from "./metadata.ts";
import { runState } from "./run-state.ts";

/**
 * Kind Run: one run of a Job or CronJob of an application, as a Job of its own on the cluster where the application runs. What
 * it was given and what came of it stays, with the Job, until it is deleted.
 */

const closed = { additionalProperties: false } as const;
const words = Type.Array(Type.String(), { maxItems: limits.runWordsMax });

const SpecSchema = Type.Object(
  {
    application: Type.String({ description: "of the same namespace" }),
    workload: Type.Object(
      {
        kind: Type.Optional(
          Type.Union([Type.Literal("Job"), Type.Literal("CronJob")], {
            description: "left out: told by its name",
          }),
        ),
        name: Type.String({ minLength: 1 }),
        namespace: Type.Optional(Type.String({ description: "as its manifest names it" })),
      },
      { ...closed, description: "the template, suspended or not" },
    ),
    container: Type.Optional(
      Type.String({ description: "that gets the rest; left out: the first" }),
    ),
    env: Type.Record(Type.String(), Type.String(), {
      default: {},
      maxProperties: limits.runWordsMax,
      description: "instead of, or beside, what the template sets; no place for secrets",
    }),
    command: Type.Optional(words),
    args: Type.Optional(words),
    note: Type.String({ default: "", maxLength: 1_024, description: "for people" }),
  },
  closed,
);

const JobSchema = Type.Object(
  {
    namespace: Type.String(),
    name: Type.String(),
    uid: Type.String({ description: "empty until it was made" }),
    container: Type.String({ description: "that was told what to do" }),
  },
  closed,
);

const StatusSchema = Type.Object(
  {
    state: Type.String({ default: "PENDING" }),
    reason: nullable(ReasonSchema),
    conditions: Type.Array(ConditionSchema, { default: [] }),
    events: eventCount,
    cluster: nullable(ResourceRefSchema),
    cluster_uid: nullable(Type.String()),
    job: nullable(JobSchema),
    started: nullable(dateTime),
    ended: nullable(dateTime),
    exit_code: nullable(Type.Integer({ description: "of the container, in the last Pod" })),
    last_lines: Type.Array(Type.String(), {
      default: [],
      description: "the end of that container's log, cut",
    }),
  },
  closed,
);

export type Run = Resource<{ spec: typeof SpecSchema }, typeof StatusSchema>;
export type RunStatus = Run["status"];

export const RunKind = defineKind({
  api: "kubernetes",
  kind: "Run",
  plural: "runs",
  namespaced: true,
  aliases: [],
  fields: { spec: SpecSchema },
  status: StatusSchema,
  subresources: ["logs"],
  secrets: [],
  immutable: ["application", "workload", "container", "env", "command", "args"].map((field) => [
    "spec",
    field,
  ]),
  additions: [],
  selectable: [
    ["spec", "application"],
    ["spec", "workload", "name"],
  ],
  finalizers: ["run_deletion"],
  columns: [
    { title: "state", cell: ({ status }) => formatState(status.state) },
    { title: "application", cell: ({ spec }) => printable(spec.application) },
    { title: "workload", cell: ({ spec }) => printable(spec.workload.name) },
    { title: "cluster", cell: ({ status }) => printable(status.cluster?.name ?? "") },
    { title: "started", cell: ({ status }) => status.started ?? "" },
    { title: "seconds", cell: ({ status }) => secondsText(status) },
    { title: "exit", cell: ({ status }) => String(status.exit_code ?? "") },
    { title: "reason", wide: true, cell: ({ status }) => printable(status.reason?.message ?? "") },
    { title: "env", wide: true, cell: ({ spec }) => printable(envText(spec.env)) },
    { title: "args", wide: true, cell: ({ spec }) => printable((spec.args ?? []).join(" ")) },
    { title: "note", wide: true, cell: ({ spec }) => printable(spec.note) },
    { title: "on", wide: true, cell: ({ status }) => formatRef(status.cluster) },
    {
      title: "last lines",
      wide: true,
      cell: ({ status }) => printable(status.last_lines.join("\n")),
    },
  ],
  validate: ({ spec }) => [
    ...checkName("spec.application", spec.application),
    ...Object.keys(spec.env).flatMap(checkVariable),
  ],
  derive: runState,
  owners: ({ metadata, spec }) => [
    {
      api: "kubernetes",
      kind: "Application",
      namespace: metadata.namespace,
      name: spec.application,
    },
  ],
});

/** How long it took, or has been taking; `undefined` before it has begun. Pure. */
export function secondsOf({ started, ended }: RunStatus): number | undefined {
  if (started === null || ended === null) return undefined;
  return Math.max(0, Math.round((Date.parse(ended) - Date.parse(started)) / 1_000));
}

function secondsText(status: RunStatus): string {
  return String(secondsOf(status) ?? "");
}

function envText(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
}

/** Kubernetes takes any printable ASCII but the sign that separates name and value. */
function checkVariable(name: string): readonly FieldProblem[] {
  if (/^[ -<>-~]+$/.test(name)) return [];
  return [{ field: `spec.env.${name.slice(0, 80)}`, message: "expected the name of a variable" }];
}
