import type { AnyKind, FieldPath } from "@octoplane/kinds/kind";
import { redactedSecret } from "@octoplane/kinds/redacted-secret";

/**
 * A copy in which the text at every path went through the function; what is not text, or not there, stays.
 * `place` names where it stands (`spec.kubeconfig.users.0.user.token`).
 */
export function mapSecrets<T>(
  value: T,
  paths: readonly FieldPath[],
  change: (text: string, place: string) => string,
): T {
  let result: unknown = value;
  for (const path of paths) result = mapAt(result, path, "", change);
  return result as T;
}

/** Fields with every credential in its redacted form. */
export function redactFields(
  kind: AnyKind,
  fields: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return mapSecrets(fields, kind.secrets, () => redactedSecret);
}

/** The text at a place as `mapSecrets` names it. */
export function textAt(value: unknown, place: string): string | undefined {
  const found = valueAt(value, place.split("."));
  return typeof found === "string" ? found : undefined;
}

/** What stands at a path without stars; `undefined` when nothing does. */
export function valueAt(value: unknown, path: FieldPath): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== "object" || current === null) return undefined;
    if (!Object.hasOwn(current, part)) return undefined;
    current = (current as Readonly<Record<string, unknown>>)[part];
  }
  return current;
}

function mapAt(
  value: unknown,
  path: FieldPath,
  place: string,
  change: (text: string, place: string) => string,
): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return typeof value === "string" ? change(value, place) : value;
  if (typeof value !== "object" || value === null) return value;
  const at = (name: string | number): string => (place === "" ? String(name) : `${place}.${name}`);
  if (Array.isArray(value)) {
    if (head !== "*") return value;
    return value.map((item, index) => mapAt(item, rest, at(index), change));
  }
  const record = value as Readonly<Record<string, unknown>>;
  const names = head === "*" ? Object.keys(record) : [head];
  const changed: Record<string, unknown> = { ...record };
  for (const name of names) {
    if (Object.hasOwn(record, name)) changed[name] = mapAt(record[name], rest, at(name), change);
  }
  return changed;
}
