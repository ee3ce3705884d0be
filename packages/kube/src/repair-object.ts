import type { KubeError, KubeObject } from "./kube.ts";
import { locate, matchesKey } from "./patch-problem.ts";

export interface RepairedObject {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
}

/**
 * An object that server-side apply refused, without what it refused, as far as any other way of
 * writing would have let it pass: a field that the kind does not have is dropped, as an update does
 * it, and of several environment variables with one name the last value counts, at the place of the
 * first. Undefined when anything else is wrong. Pure: gives a new object.
 */
export function repairObject(object: KubeObject, error: KubeError): RepairedObject | undefined {
  if (error.reason !== "Invalid" || error.causes.length === 0) return undefined;
  let repaired: RepairedObject = { object, warnings: [] };
  for (const { field, message } of error.causes) {
    const next =
      message === "field not declared in schema"
        ? dropField(repaired.object, field)
        : dropDuplicates(repaired.object, field, message);
    if (!next) return undefined;
    repaired = { object: next.object, warnings: [...repaired.warnings, ...next.warnings] };
  }
  return repaired;
}

function dropField(object: KubeObject, field: string): RepairedObject | undefined {
  const steps = locate(object, `.${field}`);
  if (!steps || steps.length === 0) return undefined;
  const repaired = replaceAt(object, steps, () => undefined);
  return { object: repaired, warnings: [`unknown field "${describe(steps)}"`] };
}

function dropDuplicates(
  object: KubeObject,
  field: string,
  message: string,
): RepairedObject | undefined {
  const selector = /^duplicate entries for key \[(.*)\]$/.exec(message)?.[1];
  const steps = field.endsWith(".env") ? locate(object, `.${field}`) : undefined;
  if (selector === undefined || !steps) return undefined;
  const repaired = replaceAt(object, steps, (list) => onceEach(list, selector));
  const warning = `duplicate ${selector} in "${describe(steps)}": only the last counts`;
  return { object: repaired, warnings: [warning] };
}

/** References between variables look back, which is why the place of the first one is kept. */
function onceEach(list: unknown, selector: string): unknown {
  const items: readonly unknown[] = Array.isArray(list) ? list : [];
  const isDuplicate = (item: unknown): boolean => matchesKey(item, selector);
  const first = items.findIndex(isDuplicate);
  const last = items.findLast(isDuplicate);
  return items
    .map((item, index) => (index === first ? last : item))
    .filter((item, index) => index <= first || !isDuplicate(item));
}

/** A copy with another value at a place; `undefined` takes a field away. */
function replaceAt(
  object: KubeObject,
  steps: readonly (string | number)[],
  change: (value: unknown) => unknown,
): KubeObject {
  // The first step is a field of the object, and none that makes it one is ever unknown.
  return replaceIn(object, steps, change) as KubeObject;
}

function replaceIn(
  value: unknown,
  steps: readonly (string | number)[],
  change: (value: unknown) => unknown,
): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return change(value);
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) =>
      index === step ? replaceIn(item, rest, change) : item,
    );
  }
  return Object.fromEntries(
    Object.entries(value as object)
      .map(([name, inner]) => [name, name === step ? replaceIn(inner, rest, change) : inner])
      .filter(([, inner]) => inner !== undefined),
  );
}

/** As Kubernetes writes paths in its warnings: `spec.containers[0].colour`. */
function describe(steps: readonly (string | number)[]): string {
  return steps
    .map((step, index) =>
      typeof step === "number" ? `[${step}]` : `${index > 0 ? "." : ""}${step}`,
    )
    .join("");
}
