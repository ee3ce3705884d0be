import { failure, messageOf } from "@octoplane/shared/errors";
import { readDocument } from "@octoplane/shared/manifest-yaml";
import { textOf } from "@octoplane/shared/text-of";

/** Inputs of a TOSCA template that are given on the command line. */

type Entry = Readonly<Record<string, unknown>>;

/**
 * The template with values for its inputs: they become the defaults, where whoever translates it
 * finds them. `Invalid` for an input that the template does not declare, and for a value that is not
 * of the declared type or not among the values that the template allows. Pure.
 */
export function withInputs(template: Entry, values: Readonly<Record<string, string>>): Entry {
  const topology = entryOf(template["topology_template"]);
  const declared = entryOf(topology["inputs"]);
  const set = Object.entries(values).map(([name, text]) => {
    if (!Object.hasOwn(declared, name)) throw unknownInput(name, Object.keys(declared));
    const input = entryOf(declared[name]);
    return [name, { ...input, default: valueOf(name, text, input) }] as const;
  });
  const inputs = { ...declared, ...Object.fromEntries(set) };
  return { ...template, topology_template: { ...topology, inputs } };
}

function unknownInput(name: string, declared: readonly string[]): Error {
  const known = declared.length === 0 ? "none" : declared.toSorted().join(", ");
  return failure(
    "Invalid",
    `--input ${name}: the template has no such input; those that it declares: ${known}`,
  );
}

const forms: Readonly<Record<string, { readonly form: RegExp; readonly what: string }>> = {
  integer: { form: /^[-+]?\d+$/, what: "a whole number" },
  float: { form: /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/, what: "a number" },
  boolean: { form: /^(?:true|false)$/, what: "true or false" },
};

function valueOf(name: string, text: string, input: Entry): unknown {
  const type = typeof input["type"] === "string" ? input["type"] : "string";
  const value = typedValue(name, text, type);
  const allowed = allowedValues(input);
  if (allowed === undefined || allowed.some((one) => textOf(one) === textOf(value))) return value;
  throw failure("Invalid", `--input ${name}: expected one of ${allowed.map(textOf).join(", ")}`);
}

/** Types with a form of their own (a size, a version) are texts in a template, too. */
function typedValue(name: string, text: string, type: string): unknown {
  if (type === "list" || type === "map") return composite(name, text, type);
  const { form, what } = (Object.hasOwn(forms, type) ? forms[type] : undefined) ?? {};
  if (form === undefined) return text;
  const value: unknown = form.test(text) ? JSON.parse(jsonNumber(text)) : undefined;
  const isExact = type !== "integer" || Number.isSafeInteger(value);
  if (value !== undefined && isExact) return value;
  throw failure("Invalid", `--input ${name}: expected ${what} (${type})`);
}

/** JSON knows neither a leading plus nor zeros, nor a bare dot. */
function jsonNumber(text: string): string {
  return text === "true" || text === "false" ? text : JSON.stringify(Number(text));
}

function composite(name: string, text: string, type: string): unknown {
  let value: unknown;
  try {
    value = readDocument(text, `--input ${name}`);
  } catch (error) {
    throw failure("Invalid", messageOf(error));
  }
  const isFit = type === "list" ? Array.isArray(value) : isEntry(value);
  if (isFit) return value;
  throw failure("Invalid", `--input ${name}: expected a ${type} in JSON`);
}

function allowedValues(input: Entry): readonly unknown[] | undefined {
  const { constraints } = input;
  if (!Array.isArray(constraints)) return undefined;
  const lists: readonly unknown[] = constraints.map((one) => entryOf(one)["valid_values"]);
  return lists.find((list): list is readonly unknown[] => Array.isArray(list));
}

function entryOf(value: unknown): Entry {
  return isEntry(value) ? value : {};
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
