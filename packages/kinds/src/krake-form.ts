/**
 * How Krake's command line writes a body, where that is not how the field is declared: Krake reads such bodies, so its users'
 * commands must go on working.
 */
export interface KrakeForm {
  /** Numbers that it sends as text, as they stood on the command line. */
  readonly numbersAsText?: readonly FieldPath[];
  /**
   * Fields that it puts in the wrong place, where Krake drops them in silence. Here they go where they were meant to go; one
   * that is empty says nothing and is left out.
   */
  readonly misplaced?: readonly { readonly from: FieldPath; readonly to: FieldPath }[];
}

/** A path into a body. */
type FieldPath = readonly string[];

type Plain = Readonly<Record<string, unknown>>;

/** A body in the form that the kind declares. The body itself is not changed. */
export function readKrakeForm(form: KrakeForm, body: unknown): unknown {
  let read = body;
  for (const path of form.numbersAsText ?? []) {
    const number = numberOf(valueAt(read, path));
    if (number !== undefined) read = withValue(read, path, number);
  }
  for (const { from, to } of form.misplaced ?? []) {
    const value = valueAt(read, from);
    if (value === undefined) continue;
    read = withValue(read, from, undefined);
    if (value !== null && value !== "") read = withValue(read, to, value);
  }
  return read;
}

/** Undefined for what is no text, and for texts that are no decimal numbers: those are problems that the schema tells. */
function numberOf(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(value)) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function valueAt(value: unknown, path: FieldPath): unknown {
  let found = value;
  for (const name of path) {
    if (!isPlain(found) || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return found;
}

/** A copy with another value at a path, or without one when it is `undefined`; the same where the path leads nowhere. */
function withValue(value: unknown, path: FieldPath, put: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return put;
  if (!isPlain(value)) return value;
  if (rest.length > 0) return { ...value, [name]: withValue(value[name], rest, put) };
  const { [name]: _before, ...others } = value;
  return put === undefined ? others : { ...others, [name]: put };
}

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
