/** Fields that may not change after an object is created, by kind. */
import { forbiddenField, invalidField, type Cause } from "../api-error.ts";
import { equalJson, isMap, mapAt, textAt, valueAt, type JsonMap } from "../json.ts";
import { kindKey, type SimKind } from "../kind.ts";

interface Pair {
  readonly before: JsonMap;
  readonly after: JsonMap;
}

function fixed(pair: Pair, ...fields: readonly string[]): readonly Cause[] {
  return fields.flatMap((field) => {
    const path = field.split(".");
    const value = valueAt(pair.after, ...path);
    return equalJson(valueAt(pair.before, ...path), value)
      ? []
      : [invalidField(field, value ?? null, "field is immutable")];
  });
}

const byKind: Readonly<Record<string, (pair: Pair) => readonly Cause[]>> = {
  "apps/deployments": (pair) => fixed(pair, "spec.selector"),
  "apps/replicasets": (pair) => fixed(pair, "spec.selector"),
  "apps/daemonsets": (pair) => fixed(pair, "spec.selector"),
  "apps/statefulsets": fixedStatefulSet,
  "batch/jobs": fixedJob,
  "/services": fixedService,
  "/persistentvolumeclaims": fixedClaim,
  "/persistentvolumes": fixedVolume,
  "/pods": fixedPod,
  "/configmaps": fixedData,
  "/secrets": (pair) => [...fixedData(pair), ...fixed(pair, "type")],
  "rbac.authorization.k8s.io/rolebindings": fixedRole,
  "rbac.authorization.k8s.io/clusterrolebindings": fixedRole,
  "storage.k8s.io/storageclasses": fixedClass,
  "scheduling.k8s.io/priorityclasses": (pair) => fixed(pair, "value", "preemptionPolicy"),
  "apiextensions.k8s.io/customresourcedefinitions": (pair) =>
    fixed(pair, "spec.scope", "spec.group", "spec.names.plural", "spec.names.kind"),
};

/** Changes that the API server refuses with 422. */
export function immutableChanges(kind: SimKind, pair: Pair): readonly Cause[] {
  return byKind[kindKey(kind)]?.(pair) ?? [];
}

const statefulSetMutable = new Set([
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
]);

function fixedStatefulSet({ before, after }: Pair): readonly Cause[] {
  const left = mapAt(before, "spec");
  const right = mapAt(after, "spec");
  const fields = new Set([...Object.keys(left), ...Object.keys(right)]);
  const changed = [...fields].some(
    (field) => !statefulSetMutable.has(field) && !equalJson(left[field], right[field]),
  );
  const text =
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', " +
    "'updateStrategy', " +
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are " +
    "forbidden";
  return changed ? [forbiddenField("spec", text)] : [];
}

function fixedJob(pair: Pair): readonly Cause[] {
  const causes = [...fixed(pair, "spec.selector", "spec.completionMode")];
  const isIndexed = valueAt(pair.after, "spec", "completionMode") === "Indexed";
  if (!isIndexed) causes.push(...fixed(pair, "spec.completions"));
  const wasIdle =
    valueAt(pair.before, "spec", "suspend") === true &&
    valueAt(pair.before, "status", "startTime") === undefined;
  // The scheduling of a suspended job that never ran may still be changed, as queueing controllers
  // do.
  const left = templateForComparison(pair.before, wasIdle);
  const right = templateForComparison(pair.after, wasIdle);
  if (!equalJson(left, right)) {
    const template = valueAt(pair.after, "spec", "template");
    causes.push(invalidField("spec.template", template, "field is immutable"));
  }
  return causes;
}

const schedulingFields = new Set(["nodeSelector", "tolerations", "schedulingGates", "affinity"]);

function templateForComparison(job: JsonMap, wasIdle: boolean): unknown {
  const template = mapAt(job, "spec", "template");
  if (!wasIdle) return template;
  const spec = Object.entries(mapAt(template, "spec")).filter(
    ([field]) => !schedulingFields.has(field),
  );
  return { spec: Object.fromEntries(spec) };
}

function fixedService(pair: Pair): readonly Cause[] {
  const external = "ExternalName";
  const types = [valueAt(pair.before, "spec", "type"), valueAt(pair.after, "spec", "type")];
  if (types.includes(external)) return [];
  const old = textAt(pair.before, "spec", "clusterIP");
  const next = textAt(pair.after, "spec", "clusterIP");
  if (old === undefined || old === next) return [];
  return [invalidField("spec.clusterIPs[0]", [next ?? ""], "may not change once set")];
}

function fixedClaim({ before, after }: Pair): readonly Cause[] {
  const left = withoutRequests(mapAt(before, "spec"));
  const right = withoutRequests(mapAt(after, "spec"));
  // Binding fills in the volume, and an unset class may be set once.
  if (left["volumeName"] === undefined) left["volumeName"] = right["volumeName"];
  if (left["storageClassName"] === undefined) left["storageClassName"] = right["storageClassName"];
  const text =
    "spec is immutable after creation except resources.requests and volumeAttributesClassName " +
    "for bound claims";
  return equalJson(left, right) ? [] : [forbiddenField("spec", text)];
}

function withoutRequests(spec: JsonMap): JsonMap {
  const { resources: _resources, volumeAttributesClassName: _class, ...rest } = spec;
  return rest;
}

const volumeMutable = new Set([
  "capacity",
  "accessModes",
  "claimRef",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "mountOptions",
  "nodeAffinity",
  "volumeMode",
  "volumeAttributesClassName",
]);

function fixedVolume({ before, after }: Pair): readonly Cause[] {
  const source = (object: JsonMap): JsonMap =>
    Object.fromEntries(
      Object.entries(mapAt(object, "spec")).filter(([field]) => !volumeMutable.has(field)),
    );
  return equalJson(source(before), source(after))
    ? []
    : [
        forbiddenField(
          "spec.persistentvolumesource",
          "spec.persistentvolumesource is immutable after creation",
        ),
      ];
}

function fixedData({ before, after }: Pair): readonly Cause[] {
  if (before["immutable"] !== true) return [];
  const text = "field is immutable when `immutable` is set";
  return ["immutable", "data", "binaryData"].flatMap((field) =>
    equalJson(before[field], after[field]) ? [] : [forbiddenField(field, text)],
  );
}

function fixedRole(pair: Pair): readonly Cause[] {
  return equalJson(pair.before["roleRef"], pair.after["roleRef"])
    ? []
    : [invalidField("roleRef", pair.after["roleRef"] ?? null, "cannot change roleRef")];
}

function fixedClass({ before, after }: Pair): readonly Cause[] {
  return ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"].flatMap((field) =>
    equalJson(before[field], after[field])
      ? []
      : [forbiddenField(field, "updates to parameters are forbidden.")],
  );
}

const podMutable = new Set([
  "activeDeadlineSeconds",
  "tolerations",
  "terminationGracePeriodSeconds",
  "nodeName",
  "schedulingGates",
  "ephemeralContainers",
]);

function fixedPod({ before, after }: Pair): readonly Cause[] {
  const shape = (object: JsonMap): JsonMap => {
    const entries = Object.entries(mapAt(object, "spec")).filter(
      ([field]) => !podMutable.has(field),
    );
    return Object.fromEntries(
      entries.map(([field, value]) => [
        field,
        field.endsWith("ontainers") ? imagesOut(value) : value,
      ]),
    );
  };
  const text =
    "pod updates may not change fields other than " +
    "`spec.containers[*].image`,`spec.initContainers[*].image`," +
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations)," +
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
  return equalJson(shape(before), shape(after)) ? [] : [forbiddenField("spec", text)];
}

function imagesOut(containers: unknown): unknown {
  if (!Array.isArray(containers)) return containers;
  return containers.map((container) =>
    isMap(container) ? { ...container, image: "" } : container,
  );
}
