import { identify, type ManifestObject } from "@octoplane/kinds/manifest";
import { factsOf, isFacts, type Facts } from "@octoplane/kinds/manifest-facts";
import type { KubeObject } from "@octoplane/kube/kube";
import type { Desired, DesiredObject } from "./desired.ts";
import { digestOf } from "./digest.ts";
import { isOfHook } from "./hook-objects.ts";
import { digestAnnotation, nameAnnotation, ownerLabel, stamped } from "./mark.ts";
import { defaultSchema, observedFields } from "./observed-fields.ts";

/**
 * Objects of which only some fields are ours: the whole of them is applied when they are made, or written anew, and after that
 * nothing but these fields. All pure.
 */

/** The desired objects, those with a schema with what it says of them. */
export function withSchemas(desired: Desired, schemas: readonly ManifestObject[]): Desired {
  if (schemas.length === 0) return desired;
  const objects = desired.objects.map((object) => {
    const schema = schemas.find((one) => isAbout(one, object));
    if (schema === undefined) return object;
    const digest = digestOf({ object: object.digest, schema });
    const fields = object.leavesReplicas ? withoutReplicas(schema) : schema;
    return { ...object, digest, object: stamped(object.object, digest), schema: fields };
  });
  return { ...desired, objects };
}

function isAbout(schema: ManifestObject, { ref }: DesiredObject): boolean {
  const identity = identify(schema);
  if ("problem" in identity) return false;
  const { group, kind, name, namespace } = identity;
  const { served } = ref;
  if (group !== served.group || kind !== served.kind || name !== ref.name) return false;
  return namespace === undefined || namespace === ref.namespace;
}

/** What an autoscaler says is not pinned. */
function withoutReplicas(schema: Facts): Facts {
  const { replicas: _replicas, ...spec } = factsOf(schema["spec"]);
  return { ...schema, spec };
}

/** Of an object with a schema, what is found on the cluster where the manifest says nothing, as it was found first. */
export function pinnedFields(
  { object, ref, schema }: DesiredObject,
  live: Facts,
  before: Facts | undefined,
): Facts {
  const found = before === undefined ? live : overlaid(live, before);
  const { group } = ref.served;
  return observedFields(schema ?? {}, { group, wanted: object, found, isPin: true });
}

function overlaid(under: unknown, over: unknown): unknown {
  if (!isFacts(under) || !isFacts(over)) return over;
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) merged[key] = overlaid(under[key], value);
  return merged;
}

/** What of an object with a schema is ours, as it is applied: with its marks, and with the variables of hooks. */
export function ownObject(desired: DesiredObject, pinned: Facts): KubeObject {
  const { object, ref, schema } = desired;
  const { group } = ref.served;
  const fields = observedFields(schema ?? {}, { group, wanted: object, found: pinned });
  const { apiVersion, kind, metadata } = object;
  const { labels, annotations } = factsOf(fields["metadata"]);
  return {
    ...hookVariablesIn(fields, object),
    apiVersion,
    kind,
    metadata: {
      ...factsOf(fields["metadata"]),
      name: metadata.name!,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      labels: { ...textsOf(labels), ...marksIn(metadata.labels, [ownerLabel]) },
      annotations: {
        ...textsOf(annotations),
        ...marksIn(metadata.annotations, [nameAnnotation, digestAnnotation]),
      },
    },
  };
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  return factsOf(value) as Readonly<Record<string, string>>;
}

function marksIn(
  texts: Readonly<Record<string, string>> | undefined,
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, texts?.[name] ?? ""]));
}

/** Fields with the variables, volumes and mounts of hooks that the whole object has, wherever those stand. */
function hookVariablesIn(fields: Facts, whole: Facts): Facts {
  const merged: Record<string, unknown> = { ...fields };
  for (const [key, value] of Object.entries(whole)) {
    if (key === "containers" || key === "initContainers") {
      const containers = withHookVariables(fields[key], value);
      if (containers.length > 0) merged[key] = containers;
    } else if (key === "volumes") {
      const volumes = ofHooks(value);
      if (volumes.length > 0) merged[key] = [...withoutHooks(fields[key]), ...volumes];
    } else if (isFacts(value) && key !== "metadata") {
      const inner = hookVariablesIn(factsOf(fields[key]), value);
      if (Object.keys(inner).length > 0) merged[key] = inner;
    }
  }
  return merged;
}

function withHookVariables(own: unknown, whole: unknown): readonly unknown[] {
  const known = listOfFacts(own);
  const missing = listOfFacts(whole).flatMap((container): readonly Facts[] => {
    const variables = ofHooks(container["env"]);
    const mounts = ofHooks(container["volumeMounts"]);
    if (variables.length + mounts.length === 0) return [];
    const { name } = container;
    const before = known.find((one) => one["name"] === name) ?? { name };
    const env = [...variables, ...withoutHooks(before["env"])];
    const volumeMounts = [...withoutHooks(before["volumeMounts"]), ...mounts];
    const lists = { env, ...(volumeMounts.length === 0 ? {} : { volumeMounts }) };
    return [{ ...before, ...lists }];
  });
  const changed = new Set(missing.map(({ name }) => name));
  return [...known.filter(({ name }) => !changed.has(name)), ...missing];
}

/** A list that is watched as a whole has them already. */
function withoutHooks(list: unknown): readonly Facts[] {
  return listOfFacts(list).filter((element) => !isOfHook(element));
}

function ofHooks(list: unknown): readonly Facts[] {
  return listOfFacts(list).filter((element) => isOfHook(element));
}

function listOfFacts(value: unknown): readonly Facts[] {
  return Array.isArray(value) ? value.filter(isFacts) : [];
}

/** What Krake's clients read of it: the fields that are ours, as they were applied and as they were seen. */
export interface ObservedPair {
  readonly applied: Facts;
  readonly seen: Facts | undefined;
}

export function observedPair(
  desired: DesiredObject,
  pinned: Facts,
  live: Facts | undefined,
): ObservedPair {
  const { object, ref, schema = {} } = desired;
  const { group } = ref.served;
  const identity = {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      name: ref.name,
      ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
    },
  };
  const told = (fields: Facts): Facts => ({
    ...fields,
    ...identity,
    metadata: { ...factsOf(fields["metadata"]), ...identity.metadata },
  });
  const applied = observedFields(schema, { group, wanted: object, found: pinned });
  const seen = live && observedFields(schema, { group, wanted: live, found: undefined });
  return { applied: told(applied), seen: seen && told(seen) };
}

/** The schema of everything: that of the user, and what holds for the objects that it leaves out. */
export function wholeSchema(
  schemas: readonly ManifestObject[],
  manifest: readonly ManifestObject[],
): readonly ManifestObject[] {
  const others = manifest.filter((item) => !schemas.some((schema) => isSame(schema, item)));
  return [...schemas, ...others.map(defaultSchema)];
}

function isSame(schema: ManifestObject, item: ManifestObject): boolean {
  const [a, b] = [identify(schema), identify(item)];
  if ("problem" in a || "problem" in b) return false;
  if (a.group !== b.group || a.kind !== b.kind || a.name !== b.name) return false;
  return a.namespace === undefined || a.namespace === b.namespace;
}
