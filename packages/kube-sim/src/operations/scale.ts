/** The `/scale` subresource: the number of replicas of a workload, whatever its kind. */
import { textOf } from "@octoplane/shared/text-of";
import { badRequest } from "../api-error.ts";
import {
  canonicalJson,
  cloneJson,
  ensureMap,
  isMap,
  mapAt,
  numberAt,
  textAt,
  type JsonMap,
} from "../json.ts";
import type { SimObject } from "../sim-object.ts";
import { commitChanged, ownedByUpdater } from "./commit.ts";
import { jsonPatch, mergePatch } from "./json-patch.ts";
import { prepareChanged } from "./prepare.ts";
import { liveObject, type PatchFormat } from "./update.ts";
import type { Answer, WriteContext } from "./write-context.ts";

export function scaleOf(object: SimObject): JsonMap {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(object, "spec", "replicas") ?? 0 },
    status: {
      replicas: numberAt(object, "status", "replicas") ?? 0,
      selector: selectorText(mapAt(object, "spec", "selector")),
    },
  };
}

function selectorText(selector: JsonMap): string {
  const labels = isMap(selector["matchLabels"]) ? selector["matchLabels"] : {};
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${textOf(value)}`)
    .join(",");
}

/** PUT of a Scale. */
export function replaceScale(context: WriteContext, scale: JsonMap): Answer {
  const live = liveObject(context);
  const version = textAt(scale, "metadata", "resourceVersion");
  return setReplicas(context, live, { replicas: numberAt(scale, "spec", "replicas"), version });
}

export function patchScale(context: WriteContext, patch: unknown, format: PatchFormat): Answer {
  const live = liveObject(context);
  const before = scaleOf(live);
  const after = format === "json" ? jsonPatch(before, patch) : mergePatch(before, patch);
  if (canonicalJson(after) === canonicalJson(before)) return { code: 200, body: before };
  const version = undefined;
  return setReplicas(context, live, { replicas: numberAt(after, "spec", "replicas"), version });
}

function setReplicas(
  context: WriteContext,
  live: SimObject,
  wanted: { readonly replicas: number | undefined; readonly version: string | undefined },
): Answer {
  if (wanted.replicas === undefined || wanted.replicas < 0) {
    throw badRequest("spec.replicas must be greater than or equal to 0");
  }
  const body: JsonMap = cloneJson<JsonMap>(live);
  ensureMap(body, "spec")["replicas"] = wanted.replicas;
  if (wanted.version !== undefined) ensureMap(body, "metadata")["resourceVersion"] = wanted.version;
  const next = prepareChanged(context, live, body);
  const stored = commitChanged(context, live, ownedByUpdater(context, live, next));
  return { code: 200, body: scaleOf(stored) };
}
