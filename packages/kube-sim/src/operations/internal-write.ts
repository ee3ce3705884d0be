/**
 * Writes of the cluster's own controllers: no field managers, and nothing is written that is the
 * same.
 */
import { textOf } from "@octoplane/shared/text-of";
import type { Cluster } from "../cluster.ts";
import { cloneJson, type JsonMap } from "../json.ts";
import { apiVersionOf, kindKey, type SimKind } from "../kind.ts";
import type { SimObject } from "../sim-object.ts";
import { isUnchanged } from "./commit.ts";
import { prepareNew } from "./prepare.ts";
import { internalContext } from "./write-context.ts";

/**
 * Creates an object with all defaults; undefined when one of that name is there or may not be made.
 */
export function makeObject(
  cluster: Cluster,
  kind: SimKind,
  content: JsonMap & { metadata: JsonMap },
): SimObject | undefined {
  const namespace = content.metadata["namespace"];
  const where = typeof namespace === "string" ? namespace : undefined;
  const name = textOf(content.metadata["name"] ?? "");
  if (cluster.storage.get(kindKey(kind), where, name) !== undefined) return undefined;
  if (where !== undefined) {
    const found = cluster.storage.get("/namespaces", undefined, where);
    if (found === undefined || found.metadata.deletionTimestamp !== undefined) return undefined;
  }
  const body: JsonMap = {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    ...cloneJson<JsonMap>(content),
  };
  const status = body["status"];
  const object = prepareNew(internalContext(cluster, kind, where), body);
  const whole: SimObject = status === undefined ? object : { ...object, status };
  return cluster.storage.put(kindKey(kind), whole);
}

/** Stores a new state of an object unless it is the same; returns what is stored. */
export function storeState(cluster: Cluster, kind: SimKind, next: SimObject): SimObject {
  const live = cluster.storage.byUid(next.metadata.uid);
  if (live === undefined) return next;
  if (isUnchanged(live, next)) return live;
  return cluster.storage.put(kindKey(kind), next);
}

export function storeStatus(
  cluster: Cluster,
  kind: SimKind,
  change: { readonly object: SimObject; readonly status: JsonMap },
): SimObject {
  return storeState(cluster, kind, { ...change.object, status: change.status });
}
