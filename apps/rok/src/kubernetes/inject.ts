import { failure } from "@octoplane/shared/errors";

/**
 * Replaces the values of environment variables (`env: [{name, value}]`, at any depth) that are
 * equal to a key by the key's value. `Invalid` when a key is found nowhere: an application without
 * what it needs must not start. Pure.
 */
export function inject<T>(documents: T, values: Readonly<Record<string, string>>): T {
  const used = new Set<string>();
  const result = walk(documents, values, used) as T;
  const unused = Object.keys(values).filter((key) => !used.has(key));
  if (unused.length === 0) return result;
  throw failure(
    "Invalid",
    `--inject: no environment variable of the manifest has the value ${unused.join(", ")}`,
  );
}

function walk(
  value: unknown,
  values: Readonly<Record<string, string>>,
  used: Set<string>,
): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, values, used));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => [
      name,
      name === "env" && Array.isArray(inner)
        ? inner.map((variable) => withValue(variable, values, used))
        : walk(inner, values, used),
    ]),
  );
}

function withValue(
  variable: unknown,
  values: Readonly<Record<string, string>>,
  used: Set<string>,
): unknown {
  if (typeof variable !== "object" || variable === null) return variable;
  const { value } = variable as { readonly value?: unknown };
  if (typeof value !== "string" || !Object.hasOwn(values, value)) return variable;
  used.add(value);
  return { ...variable, value: values[value] };
}
