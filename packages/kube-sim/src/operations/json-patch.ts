/** JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396) over plain JSON. */
import { ApiError, badRequest } from "../api-error.ts";
import { cloneJson, equalJson, isMap, textAt, type JsonMap } from "../json.ts";

/**
 * The value after a merge patch: null removes a field, maps are merged, everything else is
 * replaced.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const result: JsonMap = isMap(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete result[field];
    else result[field] = mergePatch(result[field], value);
  }
  return result;
}

/** Applies the operations to a copy of the document. */
export function jsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest("a JSON patch is a list of operations");
  let result = cloneJson(document);
  for (const operation of patch) result = step(result, operation);
  return result;
}

function tokens(pointer: string | undefined): readonly string[] {
  if (pointer === undefined) throw badRequest("a patch operation needs a path");
  if (pointer === "") return [];
  const parts = pointer.slice(1).split("/");
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function step(document: unknown, operation: unknown): unknown {
  const path = tokens(textAt(operation, "path"));
  const value = isMap(operation) ? operation["value"] : undefined;
  switch (textAt(operation, "op")) {
    case "add":
      return change(document, path, { type: "add", value });
    case "replace":
      read(document, path);
      return change(document, path, { type: "replace", value });
    case "remove":
      read(document, path);
      return change(document, path, { type: "remove" });
    case "move": {
      const from = tokens(textAt(operation, "from"));
      const moved = read(document, from);
      return change(change(document, from, { type: "remove" }), path, {
        type: "add",
        value: moved,
      });
    }
    case "copy": {
      const copied = cloneJson(read(document, tokens(textAt(operation, "from"))));
      return change(document, path, { type: "add", value: copied });
    }
    case "test":
      if (!equalJson(read(document, path), value)) {
        throw new ApiError(422, "Invalid", `testing value /${path.join("/")} failed: test failed`);
      }
      return document;
    default:
      throw badRequest("unknown patch operation");
  }
}

function read(document: unknown, path: readonly string[]): unknown {
  let current = document;
  for (const token of path) {
    const next = Array.isArray(current)
      ? current[Number(token)]
      : isMap(current)
        ? current[token]
        : undefined;
    if (next === undefined) {
      const place = path.join("/");
      throw new ApiError(
        422,
        "Invalid",
        `the server rejected our request: path /${place} is missing`,
      );
    }
    current = next;
  }
  return current;
}

type Edit =
  | { readonly type: "add" | "replace"; readonly value: unknown }
  | { readonly type: "remove" };

function change(document: unknown, path: readonly string[], edit: Edit): unknown {
  const last = path.at(-1);
  if (last === undefined) return edit.type === "remove" ? null : edit.value;
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const index = last === "-" ? parent.length : Number(last);
    if (edit.type === "remove") parent.splice(index, 1);
    else parent.splice(index, edit.type === "replace" ? 1 : 0, edit.value);
  } else if (isMap(parent)) {
    if (edit.type === "remove") delete parent[last];
    else parent[last] = edit.value;
  }
  return document;
}
