import { parseDocument } from "yaml";
import { failure, type OctoplaneError } from "./errors.ts";
import { readJsonStream } from "./json-stream.ts";
import { limits } from "./limits.ts";
import { valueOfNodes, YamlProblem } from "./yaml-values.ts";

/**
 * Reads YAML and JSON as kubectl reads it, so that a manifest means the same here and there.
 *
 * It promises the values that kubectl 1.32 would send, or an error with source, line and column; it
 * never guesses. Where kubectl drops something in silence (text after `...`), it is an error here.
 * It judges syntax only: whether a document is a manifest at all is for its caller to say.
 */

export interface ReadDocuments {
  /**
   * The documents in order, empty ones left out, lists (`List`, `ConfigMapList`) replaced by their
   * items.
   */
  readonly documents: readonly unknown[];
  /** The line on which each of them starts, from 1; an item has the line of its list. */
  readonly lines: readonly number[];
}

/**
 * Reads every document of a text: YAML separated by `---`, or JSON objects one after the other.
 * `source` names the text in errors (a file name). Throws `Unparsable`, or `TooLarge` past the
 * limit of characters.
 */
export function readDocuments(text: string, source = "input"): ReadDocuments {
  const documents: unknown[] = [];
  const lines: number[] = [];
  let line = 1;
  let counted = 0;
  for (const part of readParts(text, source)) {
    line += newlinesIn(text.slice(counted, part.offset));
    counted = part.offset;
    for (const value of flattenList(part.value)) {
      documents.push(value);
      lines.push(line);
    }
  }
  return { documents, lines };
}

function newlinesIn(text: string): number {
  return text.split("\n").length - 1;
}

/**
 * Reads a text that holds one document (a kubeconfig, a configuration); lists stay as they are.
 * An empty text is `undefined`. Throws `Unparsable` when there are several documents.
 */
export function readDocument(text: string, source = "input"): unknown {
  const [first, second] = readParts(text, source);
  if (second) throw unparsable(text, source, second.offset, "expected one document, found another");
  return first?.value;
}

interface Part {
  readonly value: unknown;
  readonly offset: number;
}

/** Text between two separators, with its offset in the whole. */
interface Chunk {
  readonly text: string;
  readonly offset: number;
}

function readParts(text: string, source: string): readonly Part[] {
  if (text.length > limits.yamlCharsMax) {
    throw failure("TooLarge", `${source}: longer than ${limits.yamlCharsMax} characters`);
  }
  const parts: Part[] = [];
  for (const chunk of splitDocuments(text, source)) {
    try {
      parts.push(...readChunk(chunk));
    } catch (error) {
      if (!(error instanceof YamlProblem)) throw error;
      throw unparsable(text, source, chunk.offset + error.offset, error.message);
    }
    if (parts.length > limits.yamlDocumentsMax) {
      const message = `more than ${limits.yamlDocumentsMax} documents`;
      throw unparsable(text, source, chunk.offset, message);
    }
  }
  return parts;
}

/**
 * kubectl looks for separators before it looks at YAML: a line that starts with `---` ends a
 * document even inside a quoted string, and nothing but a comment may follow it on its line.
 */
function splitDocuments(text: string, source: string): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let start = 0;
  for (const match of text.matchAll(/^\uFEFF?---([^\r\n]*)(?:\r?\n|$)/gm)) {
    const rest = match[1]?.trim() ?? "";
    if (rest !== "" && !rest.startsWith("#")) {
      const column = match.index + match[0].indexOf("---") + 3;
      throw unparsable(text, source, column, 'expected nothing but a comment after "---"');
    }
    chunks.push({ text: text.slice(start, match.index), offset: start });
    start = match.index + match[0].length;
  }
  chunks.push({ text: text.slice(start), offset: start });
  return chunks.map(withoutByteOrderMark);
}

function withoutByteOrderMark(chunk: Chunk): Chunk {
  return chunk.text.startsWith("\uFEFF")
    ? { text: chunk.text.slice(1), offset: chunk.offset + 1 }
    : chunk;
}

function readChunk(chunk: Chunk): readonly Part[] {
  const parts = /^\s*\{/.test(chunk.text) ? readJsonStream(chunk.text) : undefined;
  const found = parts ?? readYaml(chunk.text);
  return found.map((part) => ({ value: part.value, offset: chunk.offset + part.offset }));
}

/** One document of YAML, or none when there is nothing in it but comments, or null. */
function readYaml(text: string): readonly Part[] {
  const control = text.search(/[^\t\n\r\x20-\x7E\x85\xA0-\uFFFF]/);
  if (control >= 0) {
    const code = text.charCodeAt(control).toString(16).padStart(2, "0");
    throw new YamlProblem(`expected text, found the control character 0x${code}`, control);
  }
  const document = parseDocument(text, {
    // Scalars stay text, and get their meaning from our own reading of them.
    schema: "failsafe",
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
    // At the level "silent" the library also keeps a second document after `...` to itself.
    logLevel: "error",
  });
  const [error] = document.errors;
  if (error) throw new YamlProblem(expectation(error.code, error.message), error.pos[0]);
  const value = valueOfNodes(document.contents);
  return value === null ? [] : [{ value, offset: document.contents?.range?.[0] ?? 0 }];
}

/**
 * The library's messages are good enough for people, but for those that speak of its own functions
 * and limits.
 */
function expectation(code: string, message: string): string {
  if (code === "MULTIPLE_DOCS") return 'expected "---" before another document';
  if (code === "RESOURCE_EXHAUSTION") return `nested more than ${limits.yamlDepthMax} levels deep`;
  return message.replace(/[.:]?\s*$/, "");
}

/**
 * The items of a `List` or of a typed list (`ConfigMapList`), whose items may leave out what the
 * list says for them. kubectl flattens whatever has `items`; only what is called a list is
 * flattened here, so that a document of another kind keeps its fields.
 */
function flattenList(value: unknown): readonly unknown[] {
  if (!isRecord(value) || typeof value["kind"] !== "string" || !value["kind"].endsWith("List")) {
    return [value];
  }
  const { apiVersion, kind, items } = value;
  if (items === null) return [];
  if (!Array.isArray(items)) return [value];
  const itemKind = kind.slice(0, -"List".length);
  return items.flatMap((item: unknown) => {
    const untyped = isRecord(item) && isAbsent(item["kind"]) && isAbsent(item["apiVersion"]);
    return flattenList(untyped && itemKind !== "" ? { ...item, apiVersion, kind: itemKind } : item);
  });
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Line and column, both from 1. */
function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  const bom = lineStart === 0 && before.startsWith("\uFEFF") ? 1 : 0;
  return { line: newlinesIn(before) + 1, column: offset - lineStart - bom + 1 };
}

function unparsable(text: string, source: string, offset: number, message: string): OctoplaneError {
  const { line, column } = placeOf(text, offset);
  return failure("Unparsable", `${source}:${line}:${column}: ${message}`, {
    fields: [{ field: `line ${line}, column ${column}`, message }],
  });
}
