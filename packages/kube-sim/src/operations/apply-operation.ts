/** The PATCH of server-side apply over one object. */
import { textOf } from "@octoplane/shared/text-of";
import {
  ApiError,
  badRequest,
  invalidObject,
  notFound,
  requiredField,
  type Cause,
} from "../api-error.ts";
import { typedProblems } from "../crd/typed-problems.ts";
import { cloneJson, isMap, listAt, mapAt, textAt, type JsonMap } from "../json.ts";
import { kindKey } from "../kind.ts";
import type { SimObject } from "../sim-object.ts";
import { applyFields, type Conflict } from "../ssa/apply.ts";
import { fieldSetOf } from "../ssa/field-set.ts";
import { ownablePart, readManagers, type Manager } from "../ssa/managers.ts";
import { duplicateItems } from "../ssa/merge.ts";
import { illegalBase64 } from "../validation/base64.ts";
import { unknownFields } from "../validation/known-fields.ts";
import { wrongTexts } from "../validation/text-types.ts";
import { commitChanged, commitNew, fieldTypeOf, identityOf, withManagers } from "./commit.ts";
import { checkIdentity, prepareChanged, prepareNew } from "./prepare.ts";
import type { Answer, WriteContext } from "./write-context.ts";

/** Applies a configuration; creates the object when it is not there. */
export function applyObject(context: WriteContext, config: JsonMap, force: boolean): Answer {
  const { cluster, kind } = context;
  checkConfig(context, config);
  const metadata = checkIdentity(context, config);
  metadata["name"] ??= context.name;
  const live = cluster.storage.get(kindKey(kind), context.namespace, context.name ?? "");
  if (live === undefined && context.subresource !== "") throw notFound(kind, context.name ?? "");
  const scope = { subresource: context.subresource, hasStatus: kind.hasStatus };
  const type = fieldTypeOf(context);
  const declared = ownablePart(config, scope) ?? {};
  const outcome = applyFields({
    live: ownablePart(live, scope),
    config: declared,
    type,
    managers: live === undefined ? [] : managersOf(context, live),
    applier: identityOf(context, "Apply"),
    force,
  });
  if (outcome.conflicts !== undefined) throw conflictError(outcome.conflicts);
  const body = assemble(context, { live, merged: cloneJson(outcome.merged), config });
  if (live === undefined) {
    const created = withManagers(prepareNew(context, body), outcome.managers);
    return { code: 201, body: commitNew(context, created) };
  }
  const next = withManagers(prepareChanged(context, live, body), outcome.managers);
  return { code: 200, body: commitChanged(context, live, next) };
}

function checkConfig(context: WriteContext, config: JsonMap): void {
  if (context.manager === "") {
    const options = { group: "meta.k8s.io", kind: "PatchOptions", plural: "patchoptions" };
    throw invalidObject(options, "", [
      requiredField("fieldManager", "is required for apply patch"),
    ]);
  }
  if (config["apiVersion"] === undefined || config["kind"] === undefined) {
    const { apiVersion = "", kind = "" } = config;
    const version = textOf(apiVersion);
    throw badRequest(
      `invalid object type: ${version.includes("/") ? version : `/${version}`}, Kind=${textOf(kind)}`,
    );
  }
  const metadata = mapAt(config, "metadata");
  if (listAt(metadata, "managedFields").length > 0) {
    throw badRequest("metadata.managedFields must be nil");
  }
  const { kind } = context;
  const wrong = wrongTexts(kind.custom === undefined ? config : { metadata }).map(
    ({ path, value }) =>
      `${path}: expected string, got &value.valueUnstructured{Value:${textOf(value)}}`,
  );
  const undeclared =
    kind.custom === undefined
      ? unknownFields(kindKey(kind), config).map((path) => `.${path}: field not declared in schema`)
      : typedProblems(config, kind.custom);
  const problems = [...wrong, ...undeclared, ...duplicateItems(config, fieldTypeOf(context))];
  const encoding = kind.custom === undefined ? illegalBase64(config) : undefined;
  if (encoding !== undefined) {
    const name = `${textAt(metadata, "namespace") ?? ""}/${textAt(metadata, "name") ?? ""}`;
    const named = `/${kind.version}, Kind=${kind.kind}`;
    throw new ApiError(
      500,
      "",
      `failed to convert new object (${name}; ${named}) to proper version: unable to convert ` +
        `unstructured object to ${named}: error decoding from json: ${encoding}`,
    );
  }
  if (problems.length === 0) return;
  const place = `${textAt(metadata, "namespace") ?? ""}/${textAt(metadata, "name") ?? ""}`;
  const what = `${place}; ${kind.group}/${kind.version}, Kind=${kind.kind}`;
  const list = problems.length === 1 ? problems[0] : `errors:\n  ${problems.join("\n  ")}`;
  throw new ApiError(500, "", `failed to create typed patch object (${what}): ${list}`);
}

/**
 * Objects that the cluster made itself have no owners yet; then whoever was there before owns all
 * of it.
 */
function managersOf(context: WriteContext, live: SimObject): readonly Manager[] {
  const managers = readManagers(live.metadata.managedFields);
  if (managers.length > 0) return managers;
  const scope = { subresource: "", hasStatus: context.kind.hasStatus };
  const fields = fieldSetOf(ownablePart(live, scope) ?? {}, fieldTypeOf(context));
  const identity = { ...identityOf(context, "Update"), subresource: "" };
  return [{ ...identity, name: "before-first-apply", fields: { ...fields, member: false } }];
}

/** Puts the merged part back between the fields that nobody owns. */
function assemble(
  context: WriteContext,
  parts: {
    readonly live: SimObject | undefined;
    readonly merged: JsonMap;
    readonly config: JsonMap;
  },
): JsonMap {
  const { live, merged, config } = parts;
  const identity = { apiVersion: config["apiVersion"], kind: config["kind"] };
  const given = mapAt(config, "metadata");
  const mergedMetadata = isMap(merged["metadata"]) ? merged["metadata"] : {};
  const metadata: JsonMap = {
    ...mergedMetadata,
    name: context.name,
    ...(context.namespace === undefined ? {} : { namespace: context.namespace }),
  };
  for (const field of ["uid", "resourceVersion"]) {
    if (live !== undefined && given[field] !== undefined) metadata[field] = given[field];
  }
  if (context.subresource === "status") {
    return { ...cloneJson<JsonMap>(live ?? {}), ...identity, metadata, status: merged["status"] };
  }
  return { ...merged, ...identity, metadata };
}

function conflictError(conflicts: readonly Conflict[]): ApiError {
  const all = conflicts.flatMap(({ manager, paths }) =>
    paths.map((path) => ({ path, text: `conflict with ${describe(manager)}` })),
  );
  const causes: Cause[] = all.map(({ path, text }) => ({
    reason: "FieldManagerConflict",
    message: text,
    field: path,
  }));
  const [first] = all;
  const lines = conflicts.map(
    ({ manager, paths }) =>
      `conflicts with ${describe(manager)}:\n${paths.map((path) => `- ${path}`).join("\n")}`,
  );
  const list =
    all.length === 1 && first !== undefined ? `${first.text}: ${first.path}` : lines.join("\n");
  const count = `${all.length} conflict${all.length === 1 ? "" : "s"}`;
  return new ApiError(409, "Conflict", `Apply failed with ${count}: ${list}`, { causes });
}

function describe(manager: Manager): string {
  const subresource =
    manager.subresource === "" ? "" : ` with subresource "${manager.subresource}"`;
  const version = manager.operation === "Update" ? ` using ${manager.apiVersion}` : "";
  return `"${manager.name}"${subresource}${version}`;
}
