/** Strategic merge patch: a merge patch that knows which lists are merged by a key. */
import { equalJson, isMap, type JsonMap } from "../json.ts";

/** The patch merge key of each list, by the name of its field (patchMergeKey in k8s.io/api). */
const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ["name"],
  initContainers: ["name"],
  ephemeralContainers: ["name"],
  env: ["name"],
  volumes: ["name"],
  volumeMounts: ["mountPath"],
  volumeDevices: ["devicePath"],
  // Containers' ports merge by containerPort, Services' by port.
  ports: ["containerPort", "port"],
  imagePullSecrets: ["name"],
  secrets: ["name"],
  hostAliases: ["ip"],
  conditions: ["type"],
  addresses: ["type"],
  ownerReferences: ["uid"],
  taints: ["key"],
  topologySpreadConstraints: ["topologyKey"],
  webhooks: ["name"],
};

/** Lists of plain values that are merged as sets. */
const setLists = new Set(["finalizers"]);

export function strategicMerge(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  if (patch["$patch"] === "replace") return withoutDirectives(patch);
  const result: JsonMap = isMap(target) ? { ...target } : {};
  retainKeys(result, patch);
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith("$deleteFromPrimitiveList/")) deletePrimitives(result, field, value);
    if (field.startsWith("$")) continue;
    if (value === null) delete result[field];
    else if (Array.isArray(value)) result[field] = mergeList(field, result[field], value);
    else result[field] = strategicMerge(result[field], value);
    if (isMap(value) && value["$patch"] === "delete") delete result[field];
  }
  return result;
}

function withoutDirectives(patch: JsonMap): JsonMap {
  return Object.fromEntries(Object.entries(patch).filter(([field]) => !field.startsWith("$")));
}

function retainKeys(result: JsonMap, patch: JsonMap): void {
  const keys = patch["$retainKeys"];
  if (!Array.isArray(keys)) return;
  for (const field of Object.keys(result)) if (!keys.includes(field)) delete result[field];
}

function deletePrimitives(result: JsonMap, directive: string, gone: unknown): void {
  const field = directive.slice(directive.indexOf("/") + 1);
  const list = result[field];
  if (!Array.isArray(list) || !Array.isArray(gone)) return;
  result[field] = list.filter((entry) => !gone.includes(entry));
}

function mergeList(field: string, target: unknown, patch: readonly unknown[]): unknown {
  const old: readonly unknown[] = Array.isArray(target) ? target : [];
  if (setLists.has(field)) {
    return [...old, ...patch.filter((entry) => !old.some((other) => equalJson(entry, other)))];
  }
  const replacing = patch.some((entry) => isMap(entry) && entry["$patch"] === "replace");
  const keys = mergeKeys[field];
  const key = keys?.find((name) =>
    patch.some((entry) => isMap(entry) && entry[name] !== undefined),
  );
  if (replacing || key === undefined) {
    return patch.filter((entry) => !isMap(entry) || entry["$patch"] === undefined);
  }
  const result: unknown[] = [...old];
  const added: unknown[] = [];
  for (const entry of patch) {
    if (!isMap(entry)) continue;
    const index = result.findIndex((other) => isMap(other) && other[key] === entry[key]);
    if (entry["$patch"] === "delete") {
      if (index >= 0) result.splice(index, 1);
    } else if (index >= 0) result[index] = strategicMerge(result[index], entry);
    else added.push(withoutDirectives(entry));
  }
  return [...added, ...result];
}
