import { failure, invalid } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { jsonInteger } from "@octoplane/shared/yaml-scalar";

/**
 * Reads the text of a body. `Unparsable` for what is no JSON (the message tells the place), `Invalid` for what could not be
 * kept as it was sent: numbers that would lose digits, and nesting without end.
 */
export function readJson(text: string): unknown {
  const value = parse(text.startsWith("\uFEFF") ? text.slice(1) : text);
  refuseDeepNesting(value);
  return value;
}

function parse(text: string): unknown {
  // Only texts that may hold such a number are read the slow way.
  const mayLoseDigits = /\d{16}|\d[eE]\+?\d{3}/.test(text);
  try {
    return mayLoseDigits ? JSON.parse(text, exactNumbers) : JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw failure("Unparsable", `the body is not JSON: ${error.message}`);
  }
}

type SourceReviver = (
  this: object,
  key: string,
  value: unknown,
  more?: { source?: string },
) => unknown;

/** The third argument, the number as it was written, is newer than TypeScript's declaration of a reviver. */
const exactNumbers: SourceReviver = (key, value, more) => {
  const source = more?.source;
  if (typeof value !== "number" || source === undefined) return value;
  if (!Number.isFinite(value)) throw inexact(key, source, "is out of range");
  if (Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) return value;
  if (jsonInteger(BigInt(source)) === undefined) throw inexact(key, source, "would lose digits");
  return value;
};

function inexact(key: string, source: string, problem: string): Error {
  const shown = source.length > 40 ? `${source.slice(0, 37)}...` : source;
  const hint = "write it as a string if it is text";
  return invalid([{ field: key, message: `the number ${shown} ${problem}; ${hint}` }]);
}

/** Level by level, because a recursion would end where the stack does. */
function refuseDeepNesting(root: unknown): void {
  let level: readonly unknown[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limits.yamlDepthMax) {
      const message = `expected at most ${limits.yamlDepthMax} levels of objects and lists in each other`;
      throw invalid([{ field: "", message }]);
    }
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== "object" || value === null) continue;
      for (const part of Object.values(value)) {
        if (typeof part === "object" && part !== null) next.push(part);
      }
    }
    level = next;
  }
}
