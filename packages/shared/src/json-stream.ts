import { limits } from "./limits.ts";
import { jsonInteger } from "./yaml-scalar.ts";
import { inexactMessage, YamlProblem } from "./yaml-values.ts";

/** One value of a stream, and where it starts. */
export interface JsonPart {
  readonly value: unknown;
  readonly offset: number;
}

/**
 * Reads objects of JSON that stand one after the other with or without space between them. Returns
 * undefined when the text is no such stream (it may still be YAML, of which JSON is nearly a part).
 * Throws a YamlProblem for numbers that would lose digits and for nesting past the limit.
 */
export function readJsonStream(text: string): readonly JsonPart[] | undefined {
  const parts: JsonPart[] = [];
  const blank = /\s*/y;
  for (let offset = 0; ;) {
    blank.lastIndex = offset;
    blank.test(text);
    const start = blank.lastIndex;
    if (start >= text.length) return parts;
    if (text[start] !== "{") return undefined;
    const end = endOfObject(text, start);
    if (end === undefined) return undefined;
    const value = parseExactly(text.slice(start, end), start);
    if (value === undefined) return undefined;
    parts.push({ value, offset: start });
    offset = end;
  }
}

/** The offset after the bracket that closes the object, found without judging what is inside. */
function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let offset = start; offset < text.length; offset += 1) {
    const char = text[offset];
    if (inString) {
      if (char === "\\") offset += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") depth -= 1;
    if (depth === 0) return offset + 1;
    if (depth > limits.yamlDepthMax) {
      throw new YamlProblem(`nested more than ${limits.yamlDepthMax} levels deep`, offset);
    }
  }
  return undefined;
}

type SourceReviver = (key: string, value: unknown, context: { source?: string }) => unknown;

function parseExactly(text: string, start: number): unknown {
  const exact: SourceReviver = (_key, value, { source }) =>
    typeof value === "number" && source !== undefined
      ? exactNumber(value, source, start + Math.max(0, text.indexOf(source)))
      : value;
  try {
    // The third argument of a reviver is newer than TypeScript's declaration of it.
    return JSON.parse(text, exact as (key: string, value: unknown) => unknown) as unknown;
  } catch (error) {
    if (error instanceof YamlProblem) throw error;
    return undefined;
  }
}

function exactNumber(value: number, source: string, offset: number): number {
  if (!Number.isFinite(value)) {
    throw new YamlProblem(`the number ${source} is out of range`, offset);
  }
  if (Number.isSafeInteger(value) || !/^-?[0-9]+$/.test(source)) return value;
  const integer = jsonInteger(BigInt(source));
  if (integer === undefined) throw new YamlProblem(inexactMessage(BigInt(source)), offset);
  return integer;
}
