import type { FieldProblem } from "@octoplane/shared/errors";
import { identify, type ManifestObject } from "./manifest.ts";

/**
 * Which fields of its objects an application wants watched: partial objects of the manifest whose leaves are null, and whose
 * lists end with their least and greatest length (contract section 6.4). Pure.
 */

/** What stands at the end of each list. */
export const leastKey = "observer_schema_list_min_length";
export const greatestKey = "observer_schema_list_max_length";

/** Every problem; what it refers to is looked up in the manifest when there is one. */
export function checkObserverSchema(
  schema: readonly ManifestObject[],
  manifest: readonly ManifestObject[],
): readonly FieldProblem[] {
  // One that names no namespace means the object in whichever it is.
  const known = new Set(manifest.flatMap((item) => [identityText(item), anywhereText(item)]));
  return schema.flatMap((item, index) => {
    const field = `spec.observer_schema[${index}]`;
    const identity = identify(item);
    if ("problem" in identity) return [{ field, message: identity.problem }];
    const problems = checkNode(field, withoutIdentity(item));
    if (manifest.length === 0 || known.has(identityText(item))) return problems;
    const message = `expected an object of the manifest, found ${identity.kind} ${identity.name}`;
    return [{ field, message }, ...problems];
  });
}

function identityText(item: ManifestObject): string {
  const identity = identify(item);
  if ("problem" in identity) return "";
  const { group, kind, namespace, name } = identity;
  return JSON.stringify([group, kind, namespace ?? null, name]);
}

function anywhereText(item: ManifestObject): string {
  const { metadata } = item;
  const others = typeof metadata === "object" && metadata !== null ? metadata : {};
  return identityText({ ...item, metadata: { ...others, namespace: null } });
}

function withoutIdentity(item: ManifestObject): ManifestObject {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = item;
  const { name: _name, namespace: _namespace, ...others } = metadata as ManifestObject;
  return { ...rest, metadata: others };
}

function checkNode(field: string, value: unknown): readonly FieldProblem[] {
  if (value === null) return [];
  if (Array.isArray(value)) return checkList(field, value);
  if (typeof value !== "object") {
    return [{ field, message: "expected null: the value itself stands in the manifest" }];
  }
  return Object.entries(value as object).flatMap(([name, inner]) =>
    checkNode(`${field}.${name}`, inner),
  );
}

function checkList(field: string, list: readonly unknown[]): readonly FieldProblem[] {
  const control = list.at(-1);
  const listed = list.slice(0, -1);
  const problems = listed.flatMap((item, index) => checkNode(`${field}[${index}]`, item));
  const bounds = (typeof control === "object" && control !== null ? control : {}) as Readonly<
    Record<string, unknown>
  >;
  const [least, greatest] = [bounds[leastKey], bounds[greatestKey]];
  if (!isCount(least) || !isCount(greatest) || Object.keys(bounds).length !== 2) {
    const message = `expected {${leastKey}, ${greatestKey}} at its end, both whole numbers from 0`;
    return [...problems, { field, message }];
  }
  // 0 is no limit.
  if (greatest !== 0 && greatest < Math.max(least, listed.length)) {
    const message = `expected ${greatestKey} to be 0 or at least ${Math.max(least, listed.length)}`;
    return [...problems, { field, message }];
  }
  return problems;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
