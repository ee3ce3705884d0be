import { Type, type Static } from "typebox";
import { invalid, type FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Adjustment } from "./adjustment.ts";
import type { Application } from "./application.ts";
import type { ManifestObject } from "./manifest.ts";
import { boundClusters } from "./bound-places.ts";
import { localDataOf } from "./local-data.ts";
import { isScalable } from "./override.ts";
import { podSpecOf, podSpecPath } from "./pod-spec.ts";
import { listOf } from "./manifest-facts.ts";
import { isRolling, isSuspendable } from "./wanted-manifest.ts";
import { findWorkload, workloadsIn, type Workload, type WorkloadName } from "./workload.ts";

/**
 * What people do with an application after it was handed in (ADR 22). Each action is a change of the specification, held to
 * what it was read from; controllers do the rest. Pure; what cannot be done is an `Invalid` error that names the field.
 */
export interface ApplicationAction {
  /** As in its route: `…/applications/{name}/scale`. */
  readonly name: string;
  /** What it does, as the document of the interface says it. */
  readonly about: string;
  readonly body: Type.TSchema;
  /** Why it would come to nothing, with this application as it is now; left out: nothing stands in its way. */
  readonly refuse?: (app: Pick<Application, "spec" | "status">, body: never) => string | undefined;
  readonly change: (spec: Spec, body: never, now: string) => Spec;
}

type Spec = Application["spec"];

const closed = { additionalProperties: false } as const;
const nameFields = {
  kind: Type.Optional(Type.String({ description: "left out: told by its name" })),
  name: Type.String({ minLength: 1 }),
  namespace: Type.Optional(Type.String({ description: "as its manifest names it" })),
};
const WorkloadSchema = Type.Object(nameFields, closed);

/** A list of workloads with something said of each. */
function listed<Fields extends Record<string, Type.TSchema>>(fields: Fields) {
  return Type.Array(Type.Object({ ...nameFields, ...fields }, closed), {
    minItems: 1,
    maxItems: limits.adjustmentsMax,
  });
}

const someWorkloads = Type.Object(
  {
    workloads: Type.Array(WorkloadSchema, {
      default: [],
      maxItems: limits.adjustmentsMax,
      description: "left out: all",
    }),
  },
  closed,
);
type SomeWorkloads = Static<typeof someWorkloads>;

const ScaleSchema = Type.Object(
  {
    workloads: listed({
      replicas: Type.Union(
        [Type.Integer({ minimum: 0, maximum: limits.replicasMax }), Type.Null()],
        {
          description: "null: as the manifest says",
        },
      ),
    }),
  },
  closed,
);

const SetImageSchema = Type.Object(
  {
    workloads: listed({
      images: Type.Record(Type.String(), Type.Union([Type.String({ minLength: 1 }), Type.Null()]), {
        minProperties: 1,
        maxProperties: limits.adjustedImagesMax,
        description: "by container, `*` for all; null: as the manifest says",
      }),
    }),
  },
  closed,
);

const StopSchema = Type.Object(
  {
    remove: Type.Boolean({
      default: false,
      description: "remove all objects, volumes too, rather than scale workloads to nothing",
    }),
  },
  closed,
);

const NothingSchema = Type.Object({}, closed);

const MigrateSchema = Type.Object(
  {
    to: Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
      description: "the cluster that it is to be on and stay on; null: it may be on any again",
    }),
    accept_data_loss: Type.Boolean({
      default: false,
      description: "also when data of it is on a node of the old cluster, which stays behind",
    }),
  },
  closed,
);

export const applicationActions: readonly ApplicationAction[] = [
  {
    name: "scale",
    about: "set the replicas of workloads of",
    body: ScaleSchema,
    change: (spec, { workloads }: Static<typeof ScaleSchema>) =>
      adjust(spec, workloads, scalable, (_workload, { replicas }) => ({ replicas })),
  },
  {
    name: "set-image",
    about: "set images of containers of",
    body: SetImageSchema,
    change: (spec, { workloads }: Static<typeof SetImageSchema>) =>
      adjust(spec, workloads, withPods, (workload, { images }, at, before) => ({
        images: imagesAfter(workload, images, at, before.images),
      })),
  },
  {
    name: "restart",
    about: "make the Pods anew, one after the other, of",
    body: someWorkloads,
    change: (spec, { workloads }: SomeWorkloads, now) =>
      adjust(spec, orAll(spec, workloads, rolling), rolling, () => ({ restarted_at: now })),
  },
  {
    name: "suspend",
    about: "make Jobs and CronJobs wait of",
    body: someWorkloads,
    change: (spec, { workloads }: SomeWorkloads) =>
      adjust(spec, orAll(spec, workloads, suspendable), suspendable, () => ({ suspended: true })),
  },
  {
    name: "resume",
    about: "let Jobs and CronJobs go on of",
    body: someWorkloads,
    change: (spec, { workloads }: SomeWorkloads) =>
      adjust(spec, orAll(spec, workloads, suspendable), suspendable, () => ({ suspended: false })),
  },
  {
    name: "rerun",
    about: "make Jobs anew, so that they run once more, of",
    body: someWorkloads,
    change: (spec, { workloads }: SomeWorkloads) =>
      adjust(spec, orAll(spec, workloads, jobs), jobs, (_workload, _asked, _at, { rerun = 0 }) => ({
        rerun: rerun + 1,
      })),
  },
  {
    name: "stop",
    about: "let nothing run any more of",
    body: StopSchema,
    change: (spec, { remove }: Static<typeof StopSchema>) => ({
      ...spec,
      stopped: remove ? "removed" : "scaled",
    }),
  },
  {
    name: "start",
    about: "let run again what was stopped of",
    body: NothingSchema,
    change: ({ stopped: _stopped, ...spec }) => spec,
  },
  {
    name: "migrate",
    about: "choose the cluster of",
    body: MigrateSchema,
    refuse: whatKeeps,
    change: (spec, { to, accept_data_loss: loses }: Static<typeof MigrateSchema>) => ({
      ...spec,
      placement: {
        ...spec.placement,
        cluster: to,
        ...(loses ? { local_data: "abandon" as const } : {}),
      },
    }),
  },
];

/** The scheduler leaves an application where it is for these reasons, and does so without a word to whoever moves it. */
function whatKeeps(
  { spec, status }: Pick<Application, "spec" | "status">,
  { to, accept_data_loss: loses }: Static<typeof MigrateSchema>,
): string | undefined {
  const clusters = boundClusters(status).map(({ name }) => name);
  if (to === null || clusters.length === 0 || clusters.includes(to)) return undefined;
  const stays = `it stays on ${clusters.join(", ")}`;
  if (!spec.constraints.migration) return `${stays}: migration is switched off for it`;
  if (loses || spec.placement?.local_data === "abandon") return undefined;
  const data = localDataOf(spec.manifest);
  if (data === undefined) return undefined;
  return `${stays} with its data (${data}), unless accept_data_loss (--accept-data-loss) says that this may be left behind`;
}

interface Choice {
  readonly isMeant: (item: ManifestObject) => boolean;
  readonly what: string;
}

const scalable: Choice = { isMeant: isScalable, what: "workload with replicas" };
const rolling: Choice = { isMeant: isRolling, what: "Deployment, StatefulSet or DaemonSet" };
const suspendable: Choice = { isMeant: isSuspendable, what: "Job or CronJob" };
const jobs: Choice = { isMeant: (item) => item["kind"] === "Job", what: "Job" };
const withPods: Choice = {
  isMeant: (item) => podSpecPath(item) !== undefined,
  what: "workload with containers",
};

/** Those that are named, or all that there are; it is no use to do something with none. */
function orAll(
  { manifest }: Spec,
  named: readonly WorkloadName[],
  { isMeant, what }: Choice,
): readonly WorkloadName[] {
  if (named.length > 0) return named;
  const all = workloadsIn(manifest, isMeant);
  if (all.length > 0)
    return all.map(({ kind, name, namespace }) => workloadName(kind, name, namespace));
  throw invalid([
    { field: "workloads", message: `expected a ${what} in the manifest, found none` },
  ]);
}

function workloadName(kind: string, name: string, namespace: string | undefined) {
  return { kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** What an adjustment says after an action; `null` and `undefined`: no more. */
type Said = {
  readonly [Field in Exclude<keyof Adjustment, keyof WorkloadName>]?:
    | Adjustment[Field]
    | null
    | undefined;
};

/** Writes down what is asked of each workload, beside what was written down of it before. */
function adjust<Asked extends WorkloadName>(
  spec: Spec,
  asked: readonly Asked[],
  { isMeant, what }: Choice,
  say: (workload: Workload, asked: Asked, field: string, before: Partial<Adjustment>) => Said,
): Spec {
  const workloads = workloadsIn(spec.manifest, isMeant);
  const problems: FieldProblem[] = [];
  let adjustments: readonly Adjustment[] = spec.adjustments ?? [];
  for (const [index, one] of asked.entries()) {
    const field = `workloads[${index}]`;
    const workload = findWorkload(workloads, one, what);
    if ("problem" in workload) {
      problems.push({ field, message: workload.problem });
      continue;
    }
    const { kind, name, namespace } = workload;
    const key = workloadName(kind, name, namespace);
    const isThis = (other: Adjustment): boolean =>
      other.kind === kind && other.name === name && other.namespace === namespace;
    const before = adjustments.find(isThis) ?? key;
    const after = { ...before, ...say(workload, one, field, before) };
    adjustments = [...adjustments.filter((other) => !isThis(other)), ...saying(after)];
  }
  if (problems.length > 0) throw invalid(problems);
  const { adjustments: _before, ...rest } = spec;
  return adjustments.length === 0 ? rest : { ...rest, adjustments: [...adjustments] };
}

/** Without what it says no more; nothing at all, when nothing is left but whom it is about. */
function saying(said: object): readonly Adjustment[] {
  const entries = Object.entries(said).filter(([, value]) => (value ?? null) !== null);
  const about = new Set(["kind", "name", "namespace"]);
  if (entries.every(([name]) => about.has(name))) return [];
  return [Object.fromEntries(entries) as Adjustment];
}

/** The images that were set, with those that are asked for; `*` is every container that there is. */
function imagesAfter(
  { item }: Workload,
  asked: Readonly<Record<string, string | null>>,
  field: string,
  before: Adjustment["images"],
): Adjustment["images"] | null {
  const { containers, initContainers } = podSpecOf(item);
  const names = [...listOf(containers), ...listOf(initContainers)].flatMap(({ name }) =>
    typeof name === "string" ? [name] : [],
  );
  const after: Record<string, string> = { ...before };
  for (const [container, image] of Object.entries(asked)) {
    if (container !== "*" && !names.includes(container)) {
      const message = `expected a container of it (${names.join(", ")}), found ${container}`;
      throw invalid([{ field: `${field}.images`, message }]);
    }
    for (const name of container === "*" ? names : [container]) {
      if (image === null) delete after[name];
      else after[name] = image;
    }
  }
  return Object.keys(after).length === 0 ? null : after;
}
