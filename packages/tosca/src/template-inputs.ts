import { entryOf, fieldOf, isEntry, listed, told, type Entry, type Problem } from "./entry.ts";

/**
 * The inputs of a topology (TOSCA Simple Profile in YAML 1.3, sections 3.6.14 and 3.6.3): their values, and whether these
 * are of the declared type and within the declared constraints.
 */

export interface TemplateInputs {
  /** Every input that has a value. */
  readonly values: ReadonlyMap<string, unknown>;
  readonly declared: readonly string[];
  readonly problems: readonly Problem[];
}

const at = "topology_template.inputs";

/** `given` comes before the defaults. `dataTypes` are the types that the template declares itself. Pure. */
export function readInputs(topology: Entry, dataTypes: Entry, given: Entry = {}): TemplateInputs {
  const inputs = entryOf(topology["inputs"]);
  const declared = Object.keys(inputs);
  const values = new Map<string, unknown>();
  const problems: Problem[] = Object.keys(given)
    .filter((name) => !declared.includes(name))
    .map((name) => ({
      path: `${at}.${name}`,
      message: `no such input; those that are declared: ${listed(declared)}`,
    }));
  for (const name of declared) {
    const input = entryOf(inputs[name]);
    const value = Object.hasOwn(given, name) ? given[name] : fieldOf(input, "default");
    if (value === undefined || value === null) continue;
    values.set(name, value);
    for (const message of faultsOf(value, input, dataTypes)) {
      problems.push({ path: `${at}.${name}`, message });
    }
  }
  return { values, declared, problems };
}

function faultsOf(value: unknown, input: Entry, dataTypes: Entry): readonly string[] {
  const { type = "string", constraints } = input;
  if (typeof type !== "string") return ["expected a type"];
  const isKnown = Object.hasOwn(types, type);
  if (!isKnown && !Object.hasOwn(dataTypes, type)) return [`unknown type ${told(type)}`];
  if (isKnown && !types[type]!.fits(value)) {
    return [`expected ${types[type]!.what}, found ${told(value)}`];
  }
  if (constraints === undefined || constraints === null) return [];
  if (!Array.isArray(constraints)) return ["expected a list of constraints"];
  return constraints.flatMap((one: unknown) => faultOf(value, one) ?? []);
}

const isNumeric = (value: unknown): boolean => !Number.isNaN(numberOf(value));
const isScalar = (value: unknown): boolean => typeof value !== "object";
const anyText = { fits: isScalar, what: "a text or a number" };

/** Numbers and truth values may be written as text, as other readers of TOSCA take them. */
const types: Readonly<Record<string, { fits(value: unknown): boolean; readonly what: string }>> = {
  string: {
    fits: (value) => typeof value === "string",
    what: "a string (in quotes, when it looks like a number)",
  },
  integer: { fits: (value) => Number.isInteger(numberOf(value)), what: "an integer" },
  float: { fits: isNumeric, what: "a number" },
  boolean: {
    fits: (value) => [true, false, "true", "false"].includes(value as boolean),
    what: "true or false",
  },
  list: { fits: Array.isArray, what: "a list" },
  map: { fits: isEntry, what: "a map" },
  json: { fits: () => true, what: "JSON" },
  xml: { fits: (value) => typeof value === "string", what: "a string" },
  range: {
    fits: (value) => Array.isArray(value) && value.length === 2,
    what: "a range, such as [1, 4]",
  },
  timestamp: anyText,
  version: anyText,
  "scalar-unit.size": anyText,
  "scalar-unit.time": anyText,
  "scalar-unit.frequency": anyText,
  "scalar-unit.bitrate": anyText,
};

/** What a value breaks of one constraint; what is no constraint that is known here is told too, and never passed over. */
function faultOf(value: unknown, constraint: unknown): string | undefined {
  const [found, ...others] = Object.entries(entryOf(constraint));
  if (found === undefined || others.length > 0) return "expected constraints of one key each";
  const [name, bound] = found;
  if (name === "valid_values") return outsideOf(value, bound);
  if (name === "equal") {
    return isSame(value, bound) ? undefined : `expected ${told(bound)}, found ${told(value)}`;
  }
  if (name === "in_range") return outOfRange(value, bound);
  if (Object.hasOwn(comparisons, name)) return comparisonFault(value, comparisons[name]!, bound);
  if (Object.hasOwn(lengths, name)) return lengthFault(value, lengths[name]!, bound);
  if (name === "pattern") {
    return "the constraint pattern is not checked here: leave it out, or name valid_values";
  }
  return `unknown constraint ${told(name)}`;
}

function outsideOf(value: unknown, bound: unknown): string | undefined {
  if (!Array.isArray(bound)) return "expected a list of valid_values";
  if (bound.some((one: unknown) => isSame(one, value))) return undefined;
  return `expected one of ${listed(bound.map(told))}; found ${told(value)}`;
}

/** The text `8080` is the number: both become the same text of a manifest. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === "object" || typeof b === "object") {
    return JSON.stringify(a) === JSON.stringify(b);
  }
  return told(a) === told(b);
}

interface Comparison {
  readonly holds: (found: number, bound: number) => boolean;
  readonly what: string;
}

const comparisons: Readonly<Record<string, Comparison>> = {
  greater_than: { holds: (found, bound) => found > bound, what: "greater than" },
  greater_or_equal: { holds: (found, bound) => found >= bound, what: "at least" },
  less_than: { holds: (found, bound) => found < bound, what: "less than" },
  less_or_equal: { holds: (found, bound) => found <= bound, what: "at most" },
};

const lengths: Readonly<Record<string, Comparison>> = {
  length: { holds: (found, bound) => found === bound, what: "exactly" },
  min_length: { holds: (found, bound) => found >= bound, what: "at least" },
  max_length: { holds: (found, bound) => found <= bound, what: "at most" },
};

function comparisonFault(
  value: unknown,
  { holds, what }: Comparison,
  bound: unknown,
): string | undefined {
  const [found, most] = [numberOf(value), numberOf(bound)];
  if (Number.isNaN(found) || Number.isNaN(most)) return "only numbers can be compared here";
  return holds(found, most) ? undefined : `expected ${what} ${told(bound)}, found ${told(value)}`;
}

function outOfRange(value: unknown, bound: unknown): string | undefined {
  if (!Array.isArray(bound) || bound.length !== 2) return "expected a range, such as [1, 4]";
  const [from, to] = (bound as readonly unknown[]).map((end, index) =>
    end === "UNBOUNDED" ? (index === 0 ? -Infinity : Infinity) : numberOf(end),
  ) as [number, number];
  const found = numberOf(value);
  if ([from, to, found].some(Number.isNaN)) return "only numbers can be compared here";
  if (found >= from && found <= to) return undefined;
  return `expected a number from ${told(bound[0])} to ${told(bound[1])}, found ${told(value)}`;
}

function lengthFault(
  value: unknown,
  { holds, what }: Comparison,
  bound: unknown,
): string | undefined {
  const most = numberOf(bound);
  const found = lengthOf(value);
  if (Number.isNaN(most)) return "expected a length";
  if (found === undefined) return "only texts, lists and maps have a length";
  return holds(found, most) ? undefined : `expected a length of ${what} ${most}, found ${found}`;
}

function lengthOf(value: unknown): number | undefined {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return isEntry(value) ? Object.keys(value).length : undefined;
}

function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(value)
    ? Number(value)
    : NaN;
}
