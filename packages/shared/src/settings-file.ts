import { textOf } from "./text-of.ts";
import { readFile } from "node:fs/promises";
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from "yaml";
import { failure, messageOf } from "./errors.ts";

/** A file of settings, and where in it everything stands. */
export interface SettingsFile {
  readonly path: string;
  /** Keys and values; hyphens in keys have become underscores. */
  readonly values: Readonly<Record<string, unknown>>;
  /** `file:line` of a setting, or of what is nearest to it above; the file alone where nothing of it is there. */
  placeOf(path: readonly string[]): string;
}

/** `Invalid` with file and line when it cannot be read, is no YAML, or is not made of keys and values. */
export async function readSettingsFile(path: string): Promise<SettingsFile> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw failure("Invalid", `${path} cannot be read: ${messageOf(error)}`, { cause: undefined });
  }
  return parseSettings(text, path);
}

/** The same for a text; `path` is for messages. Nothing of the text appears in them but keys. */
export function parseSettings(text: string, path: string): SettingsFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => `${path}:${lines.linePos(offset).line}`;
  const [error] = document.errors;
  if (error) throw failure("Invalid", `${at(error.pos[0])}: ${firstSentence(error.message)}`);
  const raw: unknown = valuesOf(document, path) ?? {};
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    throw failure("Invalid", `${path}: expected a YAML file of keys and values`);
  }
  const values = withUnderscores(raw, path) as Readonly<Record<string, unknown>>;
  return {
    path,
    values,
    placeOf(wanted) {
      const offset = offsetOf(document, wanted);
      return offset === undefined ? path : at(offset);
    },
  };
}

function valuesOf(document: Document.Parsed, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw failure("Invalid", `${path}: ${messageOf(error)}`);
  }
}

function firstSentence(message: string): string {
  return message.split("\n")[0] ?? message;
}

/** Krake's files spell keys with either; two spellings of one key are a mistake. */
function withUnderscores(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((item) => withUnderscores(item, path));
  if (typeof value !== "object" || value === null) return value;
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const name = key.replaceAll("-", "_");
    if (Object.hasOwn(result, name)) {
      throw failure("Invalid", `${path}: ${key} stands twice, with a hyphen and an underscore`);
    }
    // Defined, and not assigned: a key may be called `__proto__`.
    Object.defineProperty(result, name, {
      value: withUnderscores(inner, path),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}

function offsetOf(document: Document.Parsed, wanted: readonly string[]): number | undefined {
  let node: unknown = document.contents;
  let found: number | undefined;
  for (const part of wanted) {
    if (isMap(node)) {
      const pair = node.items.find(
        ({ key }) => isScalar(key) && textOf(key.value).replaceAll("-", "_") === part,
      );
      if (!pair) return found;
      found = isScalar(pair.key) ? (pair.key.range?.[0] ?? found) : found;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(part)] as { readonly range?: readonly number[] } | undefined;
      found = item?.range?.[0] ?? found;
      node = item;
    } else return found;
  }
  return found;
}
