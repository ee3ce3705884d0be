import { textOf } from "./text-of.ts";
import { isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from "yaml";
import { limits } from "./limits.ts";
import {
  jsonInteger,
  keyText,
  readPlainScalar,
  readTaggedScalar,
  type ScalarValue,
} from "./yaml-scalar.ts";

/**
 * Something in a document that has no meaning; `offset` counts characters from the start of the
 * parsed text.
 */
export class YamlProblem extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = "YamlProblem";
    this.offset = offset;
  }
}

interface Anchored {
  readonly value: unknown;
  readonly nodes: number;
}

/** What is known while one document is walked, in the order of its text. */
interface Walk {
  nodes: number;
  /** `undefined` while the anchored node itself is being read. */
  readonly anchors: Map<string, Anchored | undefined>;
}

/**
 * Turns the nodes of one document (parsed with the schema `failsafe`, so that every scalar is still
 * text) into plain JSON values as kubectl does: the last of several equal keys wins, a merge
 * overrides what stands before it. Throws a YamlProblem for what JSON cannot say: a null or
 * compound key, infinity, a number that would lose digits.
 */
export function valueOfNodes(contents: unknown): unknown {
  return valueOf(contents, 0, { nodes: 0, anchors: new Map() });
}

function valueOf(node: unknown, depth: number, walk: Walk): unknown {
  const offset = offsetOf(node);
  if (depth > limits.yamlDepthMax) {
    throw new YamlProblem(`nested more than ${limits.yamlDepthMax} levels deep`, offset);
  }
  if (isAlias(node)) return aliasValue(node.source, offset, walk);
  countNodes(walk, 1, offset);
  const anchor = anchorOf(node);
  if (anchor === undefined) return plainValueOf(node, depth, walk);
  walk.anchors.set(anchor, undefined);
  const before = walk.nodes;
  const value = plainValueOf(node, depth, walk);
  walk.anchors.set(anchor, { value, nodes: walk.nodes - before + 1 });
  return value;
}

function plainValueOf(node: unknown, depth: number, walk: Walk): unknown {
  if (isScalar(node)) return scalarJson(node);
  if (isSeq(node)) return node.items.map((item) => valueOf(item, depth + 1, walk));
  if (isMap(node)) return mapValue(node, depth, walk);
  // A pair without a value, such as `{a}`.
  return null;
}

/**
 * Every use of an alias is a copy and counts as one, so that a small text cannot stand for a huge
 * value.
 */
function aliasValue(name: string, offset: number, walk: Walk): unknown {
  const anchored = walk.anchors.get(name);
  if (anchored === undefined) {
    const why = walk.anchors.has(name) ? "contains itself" : "is not defined before this alias";
    throw new YamlProblem(`the anchor "${name}" ${why}`, offset);
  }
  countNodes(walk, anchored.nodes, offset);
  return structuredClone(anchored.value);
}

function mapValue(map: YAMLMap, depth: number, walk: Walk): unknown {
  const entries = new Map<string, unknown>();
  for (const pair of map.items) {
    if (isMergeKey(pair.key)) {
      const merged = valueOf(pair.value, depth + 1, walk);
      for (const [key, value] of mergedEntries(merged, offsetOf(pair.key))) entries.set(key, value);
    } else {
      const key = keyOf(pair.key, walk);
      entries.set(key, valueOf(pair.value, depth + 1, walk));
    }
  }
  return Object.fromEntries(entries);
}

/** In a list of mappings to merge, the earlier one wins. */
function mergedEntries(merged: unknown, offset: number): readonly (readonly [string, unknown])[] {
  const sources = Array.isArray(merged) ? merged.toReversed() : [merged];
  return sources.flatMap((source: unknown) => {
    if (typeof source === "object" && source !== null && !Array.isArray(source)) {
      return Object.entries(source);
    }
    throw new YamlProblem("expected a mapping, or a list of mappings, after the merge key", offset);
  });
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === "<<" && isPlain(key) && key.tag === undefined;
}

function keyOf(key: unknown, walk: Walk): string {
  const offset = offsetOf(key);
  if (isAlias(key)) {
    const value = aliasValue(key.source, offset, walk);
    if (typeof value === "string") return value;
    throw new YamlProblem("expected an alias of a string as key", offset);
  }
  if (!isScalar(key)) throw new YamlProblem("expected a string as key", offset);
  const value = scalarValue(key);
  const anchor = anchorOf(key);
  if (anchor !== undefined) walk.anchors.set(anchor, { value: String(value), nodes: 1 });
  const text = keyText(value);
  if (text === undefined) throw new YamlProblem("expected a string as key, found null", offset);
  return text;
}

function scalarValue(node: Scalar): ScalarValue {
  const text = typeof node.value === "string" ? node.value : "";
  if (node.tag !== undefined && node.tag !== "!") {
    const value = readTaggedScalar(node.tag, text);
    if (value !== undefined) return value;
    const tag = node.tag.replace("tag:yaml.org,2002:", "!!");
    throw new YamlProblem(`expected a value of ${tag}, found "${text}"`, offsetOf(node));
  }
  return isPlain(node) && node.tag === undefined ? readPlainScalar(text) : text;
}

function scalarJson(node: Scalar): unknown {
  const value = scalarValue(node);
  if (typeof value === "bigint") {
    const number = jsonInteger(value);
    if (number === undefined) throw new YamlProblem(inexactMessage(value), offsetOf(node));
    return number;
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new YamlProblem(
      `expected a finite number, found "${textOf(node.value)}"`,
      offsetOf(node),
    );
  }
  return value;
}

/** Why a whole number is refused, and the two ways out. */
export function inexactMessage(value: bigint): string {
  return (
    `the integer ${value} cannot be carried without losing digits; ` +
    `quote it if it is text, or write ${value}.0 if a rounded number will do`
  );
}

function countNodes(walk: Walk, nodes: number, offset: number): void {
  walk.nodes += nodes;
  if (walk.nodes <= limits.yamlNodesMax) return;
  throw new YamlProblem(`more than ${limits.yamlNodesMax} values (aliases included)`, offset);
}

function isPlain(node: Scalar): boolean {
  return node.type === undefined || node.type === "PLAIN";
}

function anchorOf(node: unknown): string | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
}

function offsetOf(node: unknown): number {
  const known = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node);
  return known ? (node.range?.[0] ?? 0) : 0;
}
