import { limits } from "@octoplane/shared/limits";
import { textOf } from "@octoplane/shared/text-of";
import { fieldOf, isEntry, entryOf, listed, told, type Entry } from "./entry.ts";
import { defaultOf } from "./node-types.ts";

/**
 * Values of properties, with the functions of TOSCA worked out (Simple Profile in YAML 1.3, section 4): `concat`, `join`,
 * `token`, `get_input` and `get_property`, nested as one likes. Pure, and bounded: a template that grows without end, or needs
 * itself, is a problem.
 */

/** Why a value cannot be worked out; whoever asked for it says where. */
export class ValueProblem extends Error {
  override readonly name = "ValueProblem";
}

export interface Topology {
  readonly nodes: Entry;
  readonly nodeTypes: Entry;
  readonly inputs: ReadonlyMap<string, unknown>;
  readonly declaredInputs: readonly string[];
}

/** What is known while the values of one template are worked out. */
export interface Walk {
  readonly topology: Topology;
  /** Values and characters that may still be made. */
  left: number;
  /** The properties that are being worked out, outermost first: none of them may be needed by another. */
  readonly underWay: string[];
}

export function beginWalk(topology: Topology): Walk {
  return { topology, left: limits.toscaWorkMax, underWay: [] };
}

/** Where a value stands: `SELF` is this node. */
interface Spot {
  readonly node: string;
  readonly depth: number;
}

/**
 * The property of a node, or the default of its type; `undefined` when there is neither. With `asYaml` a text in several parts
 * is read as YAML is written: see `glue`. Throws a ValueProblem.
 */
export function propertyOf(
  walk: Walk,
  property: { readonly node: string; readonly name: string; readonly asYaml?: boolean },
  depth = 0,
): unknown {
  const { node, name, asYaml = false } = property;
  const raw = rawPropertyOf(walk.topology, node, name);
  if (raw === undefined || raw === null) return undefined;
  const id = `${node}.${name}`;
  if (walk.underWay.includes(id)) {
    throw new ValueProblem(
      `the properties need each other in a circle: ${listed([...walk.underWay, id])}`,
    );
  }
  walk.underWay.push(id);
  const spot = { node, depth };
  try {
    const isGlued = asYaml && callOf(raw)?.name === "concat";
    return isGlued ? glue(partsOf(walk, raw, spot)) : valueOf(walk, raw, spot);
  } finally {
    walk.underWay.pop();
  }
}

function rawPropertyOf({ nodes, nodeTypes }: Topology, node: string, name: string): unknown {
  const template = entryOf(fieldOf(nodes, node));
  const own = fieldOf(entryOf(template["properties"]), name);
  if (own !== undefined) return own;
  const { type } = template;
  return typeof type === "string" ? defaultOf(type, name, nodeTypes) : undefined;
}

function valueOf(walk: Walk, raw: unknown, spot: Spot): unknown {
  spend(walk, typeof raw === "string" ? raw.length : 1);
  if (typeof raw !== "object" || raw === null) return raw;
  if (spot.depth >= limits.yamlDepthMax) {
    throw new ValueProblem(`nested more than ${limits.yamlDepthMax} levels deep`);
  }
  const inside = { ...spot, depth: spot.depth + 1 };
  if (Array.isArray(raw)) return raw.map((item: unknown) => valueOf(walk, item, inside));
  const call = callOf(raw);
  if (call) return functions[call.name]!.apply(walk, call.args, inside);
  return Object.fromEntries(
    Object.entries(raw).map(([key, item]) => {
      spend(walk, key.length);
      return [key, valueOf(walk, item, inside)];
    }),
  );
}

function spend(walk: Walk, amount: number): void {
  walk.left -= amount + 1;
  if (walk.left < 0) {
    throw new ValueProblem(`the template becomes larger than ${limits.toscaWorkMax} characters`);
  }
}

interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
}

/**
 * The call that a map is, if it is one: a map of one key that names a function. An object of Kubernetes may have such a key
 * too (`token`, `join`), so that only what has the form of a call is one.
 */
function callOf(value: unknown): Call | undefined {
  if (!isEntry(value)) return undefined;
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0) return undefined;
  const [name, given] = entry;
  if (elsewhere.has(name)) {
    throw new ValueProblem(
      `the function ${name} tells of what runs, and is not known here; known are ${known()}`,
    );
  }
  if (!Object.hasOwn(functions, name)) return undefined;
  if (!Array.isArray(given)) return functions[name]!.takesOne ? { name, args: [given] } : undefined;
  const args: readonly unknown[] = given;
  const { least, most } = functions[name]!;
  return args.length >= least && args.length <= most ? { name, args } : undefined;
}

/** Where only a text or a call can stand, a map of one key is a call of a function that is not known, or not in its form. */
function refuseUnknownCall(value: unknown): void {
  if (!isEntry(value)) return;
  const [name, ...others] = Object.keys(value);
  if (name === undefined || others.length > 0 || callOf(value) !== undefined) return;
  throw new ValueProblem(
    Object.hasOwn(functions, name)
      ? `the function ${name} has the form ${functions[name]!.form}`
      : `unknown function ${told(name)}; known are ${known()}`,
  );
}

/** What a whole property may not be: a call that nobody knows. Throws a ValueProblem. */
export function refuseUnknownFunction(walk: Walk, node: string, name: string): void {
  refuseUnknownCall(rawPropertyOf(walk.topology, node, name));
}

const elsewhere = new Set([
  "get_attribute",
  "get_operation_output",
  "get_nodes_of_type",
  "get_artifact",
]);

const known = (): string => listed(Object.keys(functions));

interface ToscaFunction {
  readonly form: string;
  readonly least: number;
  readonly most: number;
  /** Its one argument need not stand in a list. */
  readonly takesOne?: boolean;
  apply(walk: Walk, args: readonly unknown[], spot: Spot): unknown;
}

const functions: Readonly<Record<string, ToscaFunction>> = {
  concat: {
    form: "concat: [text, …]",
    least: 1,
    most: Infinity,
    apply: (walk, args, spot) =>
      partsOf(walk, { concat: args }, spot)
        .map(({ text }) => text)
        .join(""),
  },
  join: { form: "join: [[text, …], delimiter]", least: 1, most: 2, apply: joined },
  token: { form: "token: [text, separators, index]", least: 3, most: 3, apply: token },
  get_input: {
    form: "get_input: name",
    least: 1,
    most: Infinity,
    takesOne: true,
    apply: inputValue,
  },
  get_property: {
    form: "get_property: [SELF or a node, property]",
    least: 2,
    most: Infinity,
    apply: otherProperty,
  },
};

interface TextPart {
  readonly text: string;
  /** False for what stands in the template as it is. */
  readonly isWorkedOut: boolean;
}

/** The parts of a `concat`, those of a `concat` within it among them. */
function partsOf(walk: Walk, raw: unknown, spot: Spot): readonly TextPart[] {
  const call = callOf(raw);
  if (call?.name !== "concat") {
    const text = textAt(walk, raw, spot);
    return [{ text, isWorkedOut: isEntry(raw) }];
  }
  if (spot.depth >= limits.yamlDepthMax) {
    throw new ValueProblem(`nested more than ${limits.yamlDepthMax} levels deep`);
  }
  const inside = { ...spot, depth: spot.depth + 1 };
  return call.args.flatMap((part) => partsOf(walk, part, inside));
}

/** A value as a part of a text. Lists and maps become JSON, which is YAML as well. */
function textAt(walk: Walk, raw: unknown, spot: Spot): string {
  refuseUnknownCall(raw);
  const value = valueOf(walk, raw, spot);
  if (value === null || value === undefined) {
    throw new ValueProblem("expected a text, found nothing (null)");
  }
  const text = textOf(value);
  spend(walk, text.length);
  return text;
}

/** A line that is a key and its colon, with nothing behind it: `replicas:` or `- containerPort:`. */
const bareKey = /^[ \t]*(?:- +)*(?:"[^"\n]*"|'[^'\n]*'|[^\s"'#:[\]{},-][^\n:]*):$/;

/** YAML knows no longer keys than this without a mark of their own (YAML 1.2, section 7.4.2). */
const keyCharsMax = 1_024;

function isBareKey(line: string): boolean {
  return line.length <= keyCharsMax && bareKey.test(line);
}

/**
 * The parts as one text of YAML. Where a line ends with a key and its colon, and a value that was worked out follows directly,
 * a blank is put between: `replicas:` and `2` are meant to be `replicas: 2`, and templates are written like that because Krake
 * puts a blank before every input. Nothing else is changed: `image: nginx:` and `1.27` stay together.
 */
function glue(parts: readonly TextPart[]): string {
  const texts: string[] = [];
  let line = "";
  for (const { text, isWorkedOut } of parts) {
    const needsBlank = isWorkedOut && /^\S/.test(text) && isBareKey(line);
    texts.push(needsBlank ? ` ${text}` : text);
    const end = text.lastIndexOf("\n");
    line = end < 0 ? line + text : text.slice(end + 1);
  }
  return texts.join("");
}

function joined(walk: Walk, [list, delimiter = ""]: readonly unknown[], spot: Spot): string {
  const items = isEntry(list) ? valueOf(walk, list, spot) : list;
  if (!Array.isArray(items)) throw new ValueProblem(`expected ${functions["join"]!.form}`);
  const texts = items.map((item: unknown) => textAt(walk, item, spot));
  const between = textAt(walk, delimiter, spot);
  spend(walk, between.length * texts.length);
  return texts.join(between);
}

/** Any of the characters of the second text separates. */
function token(walk: Walk, args: readonly unknown[], spot: Spot): string {
  const [text = "", separators = ""] = args.slice(0, 2).map((part) => textAt(walk, part, spot));
  const index = Number(textAt(walk, args[2], spot));
  const separating = new Set(separators);
  const parts: string[] = [""];
  for (const character of text) {
    if (separating.has(character)) parts.push("");
    else parts[parts.length - 1] += character;
  }
  const part = Number.isInteger(index) ? parts[index] : undefined;
  if (part !== undefined) return part;
  throw new ValueProblem(`token: there is no part ${told(args[2])} among ${parts.length}`);
}

function inputValue(walk: Walk, [name, ...path]: readonly unknown[], spot: Spot): unknown {
  if (typeof name !== "string") throw new ValueProblem("get_input: expected the name of an input");
  const { inputs, declaredInputs } = walk.topology;
  const value = inputs.get(name);
  if (value !== undefined) return valueOf(walk, within(value, path, name), spot);
  throw new ValueProblem(
    declaredInputs.includes(name)
      ? `get_input: the input ${told(name)} has neither a value nor a default`
      : `get_input: there is no input ${told(name)}; declared: ${listed(declaredInputs)}`,
  );
}

function otherProperty(walk: Walk, args: readonly unknown[], { node, depth }: Spot): unknown {
  const [entity, first, ...rest] = args;
  if (typeof entity !== "string" || typeof first !== "string") {
    throw new ValueProblem(`expected ${functions["get_property"]!.form}`);
  }
  const { nodes } = walk.topology;
  const target = entity === "SELF" ? node : entity;
  if (!Object.hasOwn(nodes, target)) {
    throw new ValueProblem(`get_property: there is no node ${told(entity)}`);
  }
  const value = propertyOf(walk, { node: target, name: first }, depth);
  if (value !== undefined) return within(value, rest, `${target}.${first}`);
  const capability = entryOf(fieldOf(entryOf(entryOf(nodes[target])["capabilities"]), first));
  const [name, ...path] = rest;
  const raw =
    typeof name === "string" ? fieldOf(entryOf(capability["properties"]), name) : undefined;
  if (raw === undefined) {
    throw new ValueProblem(`get_property: the node ${told(target)} has no property ${told(first)}`);
  }
  return within(valueOf(walk, raw, { node: target, depth }), path, `${target}.${first}`);
}

/** What stands deeper in a value: keys of maps, positions in lists. */
function within(value: unknown, path: readonly unknown[], title: string): unknown {
  let current = value;
  for (const step of path) {
    const next = Array.isArray(current)
      ? (current as readonly unknown[])[Number(step)]
      : fieldOf(entryOf(current), told(step));
    if (next === undefined) throw new ValueProblem(`there is no ${told(step)} in ${told(title)}`);
    current = next;
  }
  return current;
}
