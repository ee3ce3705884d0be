/** Create, replace and patch (all but server-side apply) over one object. */
import { notFound } from "../api-error.ts";
import { cloneJson, isMap, type JsonMap } from "../json.ts";
import { kindKey } from "../kind.ts";
import type { SimObject } from "../sim-object.ts";
import { commitChanged, commitNew, ownedByUpdater } from "./commit.ts";
import { jsonPatch, mergePatch } from "./json-patch.ts";
import { checkIdentity, prepareChanged, prepareNew } from "./prepare.ts";
import { strategicMerge } from "./strategic-merge.ts";
import type { Answer, WriteContext } from "./write-context.ts";

export type PatchFormat = "json" | "merge" | "strategic";

/** The live object that a request names; 404 when it is not there. */
export function liveObject(context: WriteContext): SimObject {
  const { cluster, kind, namespace, name = "" } = context;
  const live = cluster.storage.get(kindKey(kind), namespace, name);
  if (live === undefined) throw notFound(kind, name);
  return live;
}

export function createObject(context: WriteContext, body: JsonMap): Answer {
  const created = prepareNew(context, body);
  return { code: 201, body: commitNew(context, ownedByUpdater(context, undefined, created)) };
}

/** PUT: the whole object. */
export function replaceObject(context: WriteContext, body: JsonMap): Answer {
  checkIdentity(context, body);
  return { code: 200, body: storeChange(context, liveObject(context), body) };
}

export function patchObject(context: WriteContext, patch: unknown, format: PatchFormat): Answer {
  const live = liveObject(context);
  const patched = applyPatch(live, patch, format);
  const body = isMap(patched) ? cloneJson(patched) : {};
  return { code: 200, body: storeChange(context, live, body) };
}

function applyPatch(live: SimObject, patch: unknown, format: PatchFormat): unknown {
  switch (format) {
    case "json":
      return jsonPatch(live, patch);
    case "merge":
      return mergePatch(live, patch);
    case "strategic":
      return strategicMerge(live, patch);
  }
}

function storeChange(context: WriteContext, live: SimObject, body: JsonMap): SimObject {
  const next = prepareChanged(context, live, body);
  return commitChanged(context, live, ownedByUpdater(context, live, next));
}
