/** POST, PUT, PATCH and DELETE. */
import {
  badRequest,
  methodNotAllowed,
  unknownResource,
  unsupportedMediaType,
} from "../api-error.ts";
import { isMap, numberAt, textAt, type JsonMap } from "../json.ts";
import { kindKey } from "../kind.ts";
import { applyObject } from "../operations/apply-operation.ts";
import { deleteObject, type Deletion, type Propagation } from "../operations/delete.ts";
import { patchScale, replaceScale } from "../operations/scale.ts";
import {
  createObject,
  liveObject,
  patchObject,
  replaceObject,
  type PatchFormat,
} from "../operations/update.ts";
import type { Answer, WriteContext } from "../operations/write-context.ts";
import { subresourcesOf } from "./discovery.ts";
import { parseBody, parseObject, type Exchange } from "./exchange.ts";
import { inVersion, listDocument, selected, type Scope } from "./reading.ts";

export interface Target extends Scope {
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** Builds the context of a write from the query and the headers. */
export function writeContext(exchange: Exchange, target: Target): WriteContext {
  const { query, request } = exchange;
  const sub = target.subresource;
  if (sub !== undefined && sub !== "status" && sub !== "scale") throw methodNotAllowed();
  const validation = query.get("fieldValidation");
  return {
    cluster: target.cluster,
    kind: target.kind,
    namespace: target.namespace,
    name: target.name,
    subresource: sub ?? "",
    dryRun: query.getAll("dryRun").includes("All"),
    manager: query.get("fieldManager") ?? managerFrom(request.headers["user-agent"]),
    fieldValidation: validation === "Ignore" || validation === "Strict" ? validation : "Warn",
    warnings: [],
  };
}

/** Without a name of its own a manager is called as the first part of its user agent. */
function managerFrom(agent: string | undefined): string {
  return (agent ?? "unknown").split("/")[0]!.slice(0, 128);
}

export function serveWrite(exchange: Exchange, context: WriteContext, body: Buffer): Answer {
  switch (exchange.method) {
    case "POST":
      if (context.name !== undefined) throw methodNotAllowed();
      return createObject(context, parseObject(body));
    case "PUT":
      if (context.name === undefined) throw methodNotAllowed();
      return context.subresource === "scale"
        ? replaceScale(context, parseObject(body))
        : replaceObject(context, parseObject(body));
    case "PATCH":
      if (context.name === undefined) throw methodNotAllowed();
      return servePatch(exchange, context, body);
    default:
      throw methodNotAllowed();
  }
}

const patchTypes: Readonly<Record<string, PatchFormat>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
};

const applyTypes = ["application/apply-patch+yaml", "application/apply-patch+json"];

function servePatch(exchange: Exchange, context: WriteContext, body: Buffer): Answer {
  const type = (exchange.request.headers["content-type"] ?? "").split(";")[0]!.trim();
  const isForced = exchange.query.get("force") === "true";
  if (applyTypes.includes(type)) {
    // Only apply insists on a manager that is named.
    const manager = exchange.query.get("fieldManager") ?? "";
    return applyObject({ ...context, manager }, parseObject(body), isForced);
  }
  const format = patchTypes[type];
  const isCustom = context.kind.custom !== undefined;
  if (format === undefined || (isCustom && format === "strategic")) {
    const custom = Object.keys(patchTypes).filter(
      (name) => !isCustom || !name.includes("strategic"),
    );
    throw unsupportedMediaType([...custom, ...applyTypes]);
  }
  const patch = parseBody(body);
  return context.subresource === "scale"
    ? patchScale(context, patch, format)
    : patchObject(context, patch, format);
}

const propagations = ["Background", "Foreground", "Orphan"] as const;

/** Delete options from the body and, where it says nothing, from the query. */
export function deletionOf(exchange: Exchange, body: Buffer): Deletion {
  const given = parseBody(body);
  const options: JsonMap = isMap(given) ? given : {};
  const { query } = exchange;
  const named = textAt(options, "propagationPolicy") ?? query.get("propagationPolicy") ?? undefined;
  const propagation = propagations.find((policy): policy is Propagation => policy === named);
  if (named !== undefined && propagation === undefined) {
    throw badRequest(`invalid propagationPolicy: ${named}`);
  }
  const orphans = options["orphanDependents"] ?? query.get("orphanDependents");
  const legacy = orphans === true || orphans === "true" ? ("Orphan" as const) : undefined;
  const seconds = query.get("gracePeriodSeconds");
  const dryRun = options["dryRun"];
  return {
    propagation: propagation ?? legacy,
    gracePeriodSeconds:
      numberAt(options, "gracePeriodSeconds") ?? (seconds === null ? undefined : Number(seconds)),
    uid: textAt(options, "preconditions", "uid"),
    resourceVersion: textAt(options, "preconditions", "resourceVersion"),
    dryRun:
      query.getAll("dryRun").includes("All") || (Array.isArray(dryRun) && dryRun.includes("All")),
  };
}

export function serveDelete(exchange: Exchange, target: Target, deletion: Deletion): Answer {
  const { cluster, kind } = target;
  if (target.name === undefined) return deleteCollection(exchange, target, deletion);
  const context = { ...writeContext(exchange, target), name: target.name };
  const object = liveObject(context);
  const marked = deleteObject(cluster, kind, { object, deletion });
  if (marked !== undefined) return { code: 200, body: inVersion(kind, marked) };
  return {
    code: 200,
    body: {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Success",
      details: {
        name: object.metadata.name,
        ...(kind.group === "" ? {} : { group: kind.group }),
        kind: kind.plural,
        uid: object.metadata.uid,
      },
    },
  };
}

function deleteCollection(exchange: Exchange, target: Target, deletion: Deletion): Answer {
  const { cluster, kind } = target;
  const answer = listDocument(target, exchange.query);
  for (const object of selected(target, exchange.query)) {
    const live = cluster.storage.get(
      kindKey(kind),
      object.metadata.namespace,
      object.metadata.name,
    );
    if (live !== undefined) deleteObject(cluster, kind, { object: live, deletion });
  }
  return { code: 200, body: answer };
}

/** What a client should know that deletes a Job and says nothing of its pods. */
const orphanWarning =
  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background " +
  "to remove them or set propagationPolicy=Orphan to suppress this warning";

export function deletionWarnings(target: Target, deletion: Deletion): readonly string[] {
  const isJob = kindKey(target.kind) === "batch/jobs";
  return isJob && deletion.propagation === undefined ? [orphanWarning] : [];
}

const verbsOfSubresources: Readonly<Record<string, string>> = {
  GET: "get",
  PUT: "update",
  PATCH: "patch",
};

/**
 * Checks that a request is one the kind has: 404 for a namespace or a subresource that it has not,
 * 405 for a method that is not served there. Only reads go over all namespaces at once.
 */
export function checkTarget(target: Target, method: string): void {
  const { kind, namespace, subresource } = target;
  if (!kind.namespaced && namespace !== undefined) throw unknownResource();
  if (kind.namespaced && namespace === undefined && method !== "GET") throw methodNotAllowed();
  if (subresource === undefined) return;
  const found = subresourcesOf(kind).find(({ name }) => name === subresource);
  if (found === undefined) throw unknownResource();
  if (!found.verbs.includes(verbsOfSubresources[method] ?? "")) throw methodNotAllowed();
}
