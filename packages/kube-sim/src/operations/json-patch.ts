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
    else setField(result, field, mergePatch(childOf(result, field), value));
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
  if (!pointer.startsWith("/")) throw badRequest(`the path ${pointer} does not begin with a slash`);
  const parts = pointer.slice(1).split("/");
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function step(document: unknown, operation: unknown): unknown {
  const path = tokens(textAt(operation, "path"));
  switch (textAt(operation, "op")) {
    case "add":
      return change(document, path, { type: "add", value: valueOf(operation) });
    case "replace":
      read(document, path);
      return change(document, path, { type: "replace", value: valueOf(operation) });
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
      if (!equalJson(read(document, path), valueOf(operation))) {
        throw new ApiError(422, "Invalid", `testing value /${path.join("/")} failed: test failed`);
      }
      return document;
    default:
      throw badRequest("unknown patch operation");
  }
}

function valueOf(operation: unknown): unknown {
  const value = isMap(operation) ? operation["value"] : undefined;
  if (value === undefined) throw badRequest("a patch operation needs a value");
  return value;
}

function read(document: unknown, path: readonly string[]): unknown {
  let current = document;
  for (const token of path) {
    const next = childOf(current, token);
    if (next === undefined) throw missing(path);
    current = next;
  }
  return current;
}

/** An element or a field of its own: what every object inherits is nobody's to read or to change. */
function childOf(parent: unknown, token: string): unknown {
  if (Array.isArray(parent)) return parent[elementIndex(token)];
  return isMap(parent) && Object.hasOwn(parent, token) ? parent[token] : undefined;
}

/** RFC 6901, section 4: digits without a leading zero; -1 for anything else. */
function elementIndex(token: string): number {
  return /^(0|[1-9]\d*)$/u.test(token) ? Number(token) : -1;
}

function missing(path: readonly string[]): ApiError {
  const text = `the server rejected our request: path /${path.join("/")} is missing`;
  return new ApiError(422, "Invalid", text);
}

/** Sets a field, even `__proto__`, which an assignment would take for the prototype. */
function setField(map: JsonMap, field: string, value: unknown): void {
  const flags = { writable: true, enumerable: true, configurable: true };
  Object.defineProperty(map, field, { value, ...flags });
}

type Edit =
  | { readonly type: "add" | "replace"; readonly value: unknown }
  | { readonly type: "remove" };

/** In place; what is replaced or removed has been read before, so it is there. */
function change(document: unknown, path: readonly string[], edit: Edit): unknown {
  const last = path.at(-1);
  if (last === undefined) return edit.type === "remove" ? null : edit.value;
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const index = last === "-" ? parent.length : elementIndex(last);
    if (index < 0 || index > parent.length) throw missing(path);
    if (edit.type === "remove") parent.splice(index, 1);
    else parent.splice(index, edit.type === "replace" ? 1 : 0, edit.value);
  } else if (isMap(parent)) {
    if (edit.type === "remove") delete parent[last];
    else setField(parent, last, edit.value);
  } else throw missing(path);
  return document;
}
