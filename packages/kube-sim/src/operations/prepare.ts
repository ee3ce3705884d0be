/**
 * From a body to an object that may be stored: identity, defaults, validation, immutability,
 * generation.
 */
import {
  badRequest,
  forbidden,
  invalidObject,
  notFound,
  preconditionFailed,
  staleWrite,
  type Cause,
} from "../api-error.ts";
import { kinds, nameSuffix } from "../cluster.ts";
import { fillDefaults, pruneUnknown, validateCustom } from "../crd/custom-schema.ts";
import { defaultObject } from "../defaults/default-object.ts";
import { claimProtection, volumeProtection } from "../defaults/volume-defaults.ts";
import { cloneJson, ensureMap, equalJson, mapAt, textAt, type JsonMap } from "../json.ts";
import { apiVersionOf, kindKey } from "../kind.ts";
import { kubeTime } from "../kube-time.ts";
import type { SimObject } from "../sim-object.ts";
import { illegalBase64 } from "../validation/base64.ts";
import { dropUnknownFields } from "../validation/known-fields.ts";
import { immutableChanges } from "../validation/immutability.ts";
import { validateMetadata } from "../validation/metadata-validation.ts";
import { validateObject } from "../validation/object-validation.ts";
import { wrongTexts } from "../validation/text-types.ts";
import { allocateService } from "./service-allocation.ts";
import type { WriteContext } from "./write-context.ts";

/**
 * Checks that a body is the object that the URL speaks of; returns its metadata, made if it was
 * absent.
 */
export function checkIdentity(context: WriteContext, body: JsonMap): JsonMap {
  const { kind } = context;
  const expected = apiVersionOf(kind);
  const apiVersion = textAt(body, "apiVersion") ?? expected;
  if (apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version ` +
        `(${expected})`,
    );
  }
  const named = textAt(body, "kind") ?? kind.kind;
  if (named !== kind.kind) {
    const text = `${named} in version "${kind.version}" cannot be handled as a ${kind.kind}`;
    throw badRequest(`${text}: converting (${named}) to (${kind.kind}): unknown conversion`);
  }
  body["apiVersion"] = expected;
  body["kind"] = kind.kind;
  const metadata = ensureMap(body, "metadata");
  const name = textAt(metadata, "name");
  if (context.name !== undefined && name !== undefined && name !== context.name) {
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${context.name})`,
    );
  }
  const namespace = textAt(metadata, "namespace") ?? "";
  if (!kind.namespaced) delete metadata["namespace"];
  else if (namespace !== "" && namespace !== context.namespace) {
    throw badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  } else metadata["namespace"] = context.namespace;
  checkTexts(context, body);
  return metadata;
}

/** Numbers and booleans where text belongs: the decoder of the API server finds them. */
function checkTexts(context: WriteContext, body: JsonMap): void {
  const { kind } = context;
  const encoding = kind.custom === undefined ? illegalBase64(body) : undefined;
  if (encoding !== undefined) {
    throw badRequest(`Secret in version "v1" cannot be handled as a Secret: ${encoding}`);
  }
  const [wrong] = wrongTexts(kind.custom === undefined ? body : { metadata: body["metadata"] });
  if (wrong === undefined) return;
  const type = typeof wrong.value === "boolean" ? "bool" : "number";
  throw badRequest(
    `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: json: ` +
      `cannot unmarshal ${type} into Go struct field ${kind.kind}${wrong.path} of type string`,
  );
}

/** Refuses a new object in a namespace that is not there or on its way out. */
export function checkNamespace(context: WriteContext, name: string): void {
  const { cluster, kind, namespace } = context;
  if (!kind.namespaced || namespace === undefined) return;
  const found = cluster.storage.get("/namespaces", undefined, namespace);
  if (found === undefined) throw notFound(kinds.namespace, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const ending = "it is being terminated";
  const text = `namespace ${namespace} is being terminated`;
  throw forbidden(kind, name, {
    message: `unable to create new content in namespace ${namespace} because ${ending}`,
    causes: [{ reason: "NamespaceTerminating", message: text, field: "metadata.namespace" }],
  });
}

/** A complete new object from a body that this call may change. */
export function prepareNew(context: WriteContext, body: JsonMap): SimObject {
  const { cluster, kind } = context;
  const given = checkIdentity(context, body);
  const prefix = textAt(given, "generateName");
  if ((given["name"] ?? "") === "" && prefix !== undefined && prefix !== "") {
    given["name"] = prefix.slice(0, 58) + nameSuffix(cluster);
  }
  const name = textAt(given, "name") ?? "";
  checkNamespace(context, name);
  body["metadata"] = dropAbsent({
    name,
    generateName: prefix,
    namespace: given["namespace"],
    uid: cluster.random.uuid(),
    resourceVersion: "",
    generation: kind.hasGeneration ? 1 : undefined,
    creationTimestamp: kubeTime(cluster.clock),
    labels: given["labels"],
    annotations: given["annotations"],
    finalizers: withProtection(kindKey(kind), given["finalizers"]),
    ownerReferences: given["ownerReferences"],
  });
  if (kind.hasStatus) delete body["status"];
  const object = body as SimObject;
  complete(context, object, undefined);
  return object;
}

/** The object after an update, from the live one and a body that this call may change. */
export function prepareChanged(context: WriteContext, live: SimObject, body: JsonMap): SimObject {
  const given = checkIdentity(context, body);
  const version = textAt(given, "resourceVersion") ?? "";
  const uid = textAt(given, "uid") ?? live.metadata.uid;
  if (uid !== live.metadata.uid) {
    const found = `UID in object meta: ${live.metadata.uid}`;
    const text = `Precondition failed: UID in precondition: ${uid}, ${found}`;
    throw preconditionFailed(context.kind, live.metadata.name, text);
  }
  if (version !== "" && version !== live.metadata.resourceVersion) {
    throw staleWrite(context.kind, live.metadata.name);
  }
  if (context.subresource === "status") return withStatus(context, live, body);
  body["metadata"] = dropAbsent({
    ...live.metadata,
    labels: given["labels"],
    annotations: given["annotations"],
    finalizers: given["finalizers"],
    ownerReferences: given["ownerReferences"],
  });
  if (context.kind.hasStatus) {
    if (live["status"] === undefined) delete body["status"];
    else body["status"] = cloneJson(live["status"]);
  }
  const object = body as SimObject;
  complete(context, object, live);
  const causes = immutableChanges(context.kind, { before: live, after: object });
  if (causes.length > 0) throw invalidObject(context.kind, live.metadata.name, causes);
  if (context.kind.hasGeneration && isSpecChanged(context, live, object)) {
    object.metadata.generation = (live.metadata.generation ?? 0) + 1;
  }
  return object;
}

const protections: Readonly<Record<string, string>> = {
  "/persistentvolumeclaims": claimProtection,
  "/persistentvolumes": volumeProtection,
};

/** Admission adds the finalizer that protects storage in use. */
function withProtection(key: string, finalizers: unknown): unknown {
  const protection = protections[key];
  if (protection === undefined) return finalizers;
  const given: unknown[] = Array.isArray(finalizers) ? finalizers : [];
  return given.includes(protection) ? given : [...given, protection];
}

function withStatus(context: WriteContext, live: SimObject, body: JsonMap): SimObject {
  const status = cloneJson(body["status"]);
  const next: SimObject = { ...live, metadata: { ...live.metadata } };
  if (status === undefined || status === null) delete next["status"];
  else next["status"] = status;
  const custom = context.kind.custom;
  if (custom === undefined) return next;
  noteUnknown(context, pruneUnknown(next, custom));
  const causes = validateCustom(next, custom);
  if (causes.length > 0) throw invalidObject(context.kind, live.metadata.name, causes);
  return next;
}

function isSpecChanged(context: WriteContext, before: SimObject, after: SimObject): boolean {
  const rest = (object: SimObject): JsonMap => {
    const { metadata: _metadata, status, ...fields } = object;
    return context.kind.hasStatus ? fields : { ...fields, status };
  };
  return !equalJson(rest(before), rest(after));
}

function dropAbsent<T extends JsonMap>(map: T): T {
  for (const field of Object.keys(map)) {
    if (map[field] === undefined || map[field] === null) delete map[field];
  }
  return map;
}

/** Defaults and validation, in place. */
function complete(context: WriteContext, object: SimObject, live: SimObject | undefined): void {
  const { kind } = context;
  const causes: Cause[] = [...validateMetadata(kind, object)];
  if (kind.custom === undefined) {
    const key = kindKey(kind);
    noteUnknown(context, dropUnknownFields(key, object));
    if (live !== undefined) keepAllocated(key, object, live);
    defaultObject(key, object);
    if (key === "/services") allocateService(context.cluster, object, live);
    causes.push(...validateObject(kind, object));
  } else {
    noteUnknown(context, pruneUnknown(object, kind.custom));
    fillDefaults(object, kind.custom.schema);
    causes.push(...validateCustom(object, kind.custom));
  }
  if (causes.length > 0) throw invalidObject(kind, object.metadata.name, causes);
}

/** Values that the server chose stay when an update does not name them. */
function keepAllocated(key: string, object: SimObject, live: SimObject): void {
  const fields: Readonly<Record<string, readonly string[]>> = {
    "/persistentvolumeclaims": ["volumeName", "storageClassName"],
    "/pods": ["nodeName", "serviceAccountName", "tolerations"],
    "batch/jobs": ["selector"],
  };
  const kept = fields[key];
  if (kept === undefined) return;
  const spec = ensureMap(object, "spec");
  const old = mapAt(live, "spec");
  for (const field of kept) spec[field] ??= cloneJson(old[field]);
}

/** Fields that were pruned: silence, a warning, or a refusal, as the request asked. */
function noteUnknown(context: WriteContext, pruned: readonly string[]): void {
  if (pruned.length === 0 || context.fieldValidation === "Ignore") return;
  const texts = pruned.map((path) => `unknown field "${path}"`);
  if (context.fieldValidation === "Warn") context.warnings.push(...texts);
  else {
    const { kind } = context;
    const named = `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: `;
    const prefix = kind.custom === undefined ? named : "";
    throw badRequest(`${prefix}strict decoding error: ${texts.join(", ")}`);
  }
}
