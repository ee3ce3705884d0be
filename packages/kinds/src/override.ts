import { Type, type Static } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { checkLabelConstraint } from "./constraints.ts";
import { withRegistry } from "./image-registry.ts";
import { draftOf, JsonPatchSchema, patchDraft } from "./json-patch.ts";
import { labelsSatisfy, parseLabelConstraint } from "./label-constraint.ts";
import { identify, type ManifestObject } from "./manifest.ts";
import { isLabelKey, isLabelValue } from "./metadata.ts";
import { withContainers } from "./pod-spec.ts";

/** What of an application differs by cluster. */

const closed = { additionalProperties: false } as const;

const PatchSchema = Type.Object(
  {
    kind: Type.String({ description: "of the object" }),
    name: Type.String({ description: "of the object" }),
    namespace: Type.Optional(
      Type.String({ description: "of the object, as it is written there; left out: any" }),
    ),
    operations: JsonPatchSchema,
  },
  closed,
);

export const OverrideSchema = Type.Object(
  {
    clusters: Type.Optional(
      Type.String({
        maxLength: limits.preferenceCharsMax,
        description: "a label constraint; left out: every cluster",
      }),
    ),
    names: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: limits.overridesMax,
        description: "of clusters; left out: any",
      }),
    ),
    image_registry: Type.Optional(
      Type.String({
        pattern: "^[A-Za-z0-9][A-Za-z0-9._:-]*(/[a-z0-9._-]+)*$",
        maxLength: 253,
        description: "takes the place of the registry of every image: host, port and path",
      }),
    ),
    pull_policy: Type.Optional(
      Type.Union([Type.Literal("IfNotPresent"), Type.Literal("Always"), Type.Literal("Never")], {
        description: "takes the place of imagePullPolicy in every container",
      }),
    ),
    replicas: Type.Optional(
      Type.Record(Type.String(), Type.Integer({ minimum: 0 }), {
        description: "by name of the workload",
      }),
    ),
    labels: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: "of every object" }),
    ),
    patches: Type.Optional(Type.Array(PatchSchema, { maxItems: limits.overridesMax })),
  },
  closed,
);
export type Override = Static<typeof OverrideSchema>;

export const overridesField = Type.Optional(
  Type.Array(OverrideSchema, {
    maxItems: limits.overridesMax,
    description: "what differs by cluster; all that concern a cluster apply, in their order",
  }),
);

/** A cluster, as far as overrides look at it. */
export interface OverriddenCluster {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The manifest as it is meant for one cluster: every override that concerns it, in their order, and in each the registry, pull
 * policy, replicas, labels and patches one after the other. The input stays as it is, and without an override that concerns the cluster it is the
 * result. A patch that does not fit is a problem; when the application was written, all of them did. Pure.
 */
export function overriddenFor(
  manifest: readonly ManifestObject[],
  overrides: readonly Override[] | undefined,
  cluster: OverriddenCluster,
): { readonly manifest: readonly ManifestObject[]; readonly problems: readonly FieldProblem[] } {
  const problems: FieldProblem[] = [];
  let result = manifest;
  for (const [index, override] of (overrides ?? []).entries()) {
    if (!concerns(override, cluster)) continue;
    const field = `spec.placement.overrides[${index}]`;
    result = result.map((item) => overridden(item, override, { field, problems }));
  }
  return { manifest: result, problems };
}

function concerns({ clusters, names }: Override, { name, labels }: OverriddenCluster): boolean {
  if (names !== undefined && !names.includes(name)) return false;
  if (clusters === undefined) return true;
  const parsed = parseLabelConstraint(clusters);
  return parsed.ok && labelsSatisfy(parsed.constraint, labels);
}

interface Place {
  readonly field: string;
  readonly problems: FieldProblem[];
}

function overridden(item: ManifestObject, override: Override, place: Place): ManifestObject {
  const { image_registry: registry, pull_policy: pull, replicas, labels, patches } = override;
  let result = registry === undefined ? item : withRegistry(item, registry);
  if (pull !== undefined) {
    result = withContainers(result, (container) => ({ ...container, imagePullPolicy: pull }));
  }
  if (replicas !== undefined) result = withReplicas(result, replicas);
  if (labels !== undefined) result = withLabels(result, labels);
  return patches === undefined ? result : patched(result, patches, place);
}

function withReplicas(
  item: ManifestObject,
  replicas: Readonly<Record<string, number>>,
): ManifestObject {
  const identity = identify(item);
  if ("problem" in identity || !isScalable(item)) return item;
  const wanted = Object.hasOwn(replicas, identity.name) ? replicas[identity.name] : undefined;
  return wanted === undefined ? item : replicated(item, wanted);
}

const scalable = new Set(["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"]);

/** True for the kinds of Kubernetes whose `spec.replicas` is a number of Pods. */
export function isScalable(item: ManifestObject): boolean {
  return typeof item["kind"] === "string" && scalable.has(item["kind"]);
}

/** The object with so many replicas. */
export function replicated(item: ManifestObject, replicas: number): ManifestObject {
  return { ...item, spec: { ...(item["spec"] as object | undefined), replicas } };
}

function withLabels(
  item: ManifestObject,
  labels: Readonly<Record<string, string>>,
): ManifestObject {
  // What has no metadata is refused for that, and has no place for labels.
  if ("problem" in identify(item)) return item;
  const metadata = item["metadata"] as { readonly labels?: object };
  return { ...item, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } };
}

type Patch = NonNullable<Override["patches"]>[number];

function isMeant(item: ManifestObject, { kind, name, namespace }: Patch): boolean {
  const identity = identify(item);
  if ("problem" in identity || identity.kind !== kind || identity.name !== name) return false;
  return namespace === undefined || identity.namespace === namespace;
}

/** What it is, an object stays: its identity is how it is found again on the cluster. */
function patched(item: ManifestObject, patches: readonly Patch[], place: Place): ManifestObject {
  const meant = [...patches.entries()].filter(([, patch]) => isMeant(item, patch));
  if (meant.length === 0) return item;
  const draft = draftOf(item);
  const before = identityText(item);
  for (const [index, { operations }] of meant) {
    const field = `${place.field}.patches[${index}].operations`;
    const problem = patchDraft(draft, operations);
    if (problem !== undefined) {
      place.problems.push({ field: `${field}[${problem.index}]`, message: problem.message });
      return item;
    }
    if (identityText(draft.value as ManifestObject) === before) continue;
    const message = `expected the object to stay ${before}; a patch must not change what an object is`;
    place.problems.push({ field, message });
    return item;
  }
  return draft.value as ManifestObject;
}

function identityText(item: ManifestObject): string {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return "no object";
  const identity = identify(item);
  if ("problem" in identity) return identity.problem;
  const { group, version, kind, namespace, name } = identity;
  const type = `${kind} of ${group === "" ? version : `${group}/${version}`}`;
  return `${type}, ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

/** What is wrong with overrides, tried on the manifest that they are for. */
export function checkOverrides(
  field: string,
  overrides: readonly Override[] | undefined,
  manifest: readonly ManifestObject[],
): readonly FieldProblem[] {
  const operations = (overrides ?? [])
    .flatMap(({ patches }) => patches ?? [])
    .reduce((sum, patch) => sum + patch.operations.length, 0);
  if (operations > limits.patchOperationsOfAllMax) {
    const message = `expected ${limits.patchOperationsOfAllMax} operations of patches at most, all together`;
    return [{ field, message }];
  }
  return (overrides ?? []).flatMap((override, index) => {
    const at = `${field}[${index}]`;
    const { clusters, labels, patches, replicas } = override;
    const shape = [
      ...(clusters === undefined ? [] : checkLabelConstraint(`${at}.clusters`, clusters)),
      ...checkLabels(`${at}.labels`, labels),
      ...Object.keys(replicas ?? {}).flatMap((name) =>
        manifest.some((item) => isScalable(item) && nameOf(item) === name)
          ? []
          : [
              {
                field: `${at}.replicas.${name}`,
                message: "no workload of this name is in the manifest",
              },
            ],
      ),
      ...(patches ?? []).flatMap((patch, number) =>
        manifest.some((item) => isMeant(item, patch))
          ? []
          : [
              {
                field: `${at}.patches[${number}]`,
                message: `no ${patch.kind} ${patch.name} is in the manifest`,
              },
            ],
      ),
    ];
    const problems: FieldProblem[] = [];
    for (const item of manifest) overridden(item, override, { field: at, problems });
    return [...shape, ...problems];
  });
}

function nameOf(item: ManifestObject): string | undefined {
  const identity = identify(item);
  return "problem" in identity ? undefined : identity.name;
}

function checkLabels(
  field: string,
  labels: Readonly<Record<string, string>> = {},
): readonly FieldProblem[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    if (!isLabelKey(key)) return [{ field: `${field}.${key}`, message: "expected a label key" }];
    if (value === "" || isLabelValue(value)) return [];
    return [{ field: `${field}.${key}`, message: "expected a label value" }];
  });
}
