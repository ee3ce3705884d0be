/**
 * Where a number stands in a JSON document: a part of JSONPath (RFC 9535) that names at most one value. `$`, then `.name`,
 * `['name']`, `[2]`, `[-1]`, and `[?@.name == 'berlin']` for the elements of a list or the members of an object whose member
 * equals a text, a number or a truth value. A text without `$` in front is the name of a member of the document.
 */

type Step =
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "index"; readonly index: number }
  | { readonly type: "filter"; readonly name: string; readonly value: unknown };

const namePattern = /^\.([A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)/;
const quotedPattern = /^\[\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*\]/;
const indexPattern = /^\[\s*(0|-?[1-9][0-9]{0,8})\s*\]/;
const filterPattern =
  /^\[\s*\?\s*\(?\s*@\.([A-Za-z_][A-Za-z0-9_]*)\s*==\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|-?[0-9.]+|true|false)\s*\)?\s*\]/;

/** The values that a path leads to, or what is wrong with the path. Pure. */
export function valuesAt(
  document: unknown,
  path: string,
): { readonly values: readonly unknown[] } | { readonly problem: string } {
  const steps = parsePath(path);
  if (typeof steps === "string") return { problem: steps };
  let values: readonly unknown[] = [document];
  for (const step of steps) values = values.flatMap((value) => take(value, step));
  return { values };
}

/** The steps, or where the path stops being one. */
function parsePath(path: string): readonly Step[] | string {
  if (!path.startsWith("$")) return [{ type: "name", name: path }];
  const steps: Step[] = [];
  let rest = path.slice(1).trimEnd();
  while (rest !== "") {
    const parsed = parseStep(rest);
    if (!parsed) return `the path cannot be read from ${JSON.stringify(rest)} on`;
    steps.push(parsed.step);
    rest = rest.slice(parsed.length);
  }
  return steps;
}

function parseStep(text: string): { readonly step: Step; readonly length: number } | undefined {
  const name = namePattern.exec(text);
  if (name) return { step: { type: "name", name: name[1]! }, length: name[0].length };
  const quoted = quotedPattern.exec(text);
  if (quoted) {
    return { step: { type: "name", name: unquoted(quoted[1]!) }, length: quoted[0].length };
  }
  const index = indexPattern.exec(text);
  if (index) return { step: { type: "index", index: Number(index[1]) }, length: index[0].length };
  const filter = filterPattern.exec(text);
  if (!filter) return undefined;
  const literal = filter[2]!;
  const value = /^['"]/.test(literal) ? unquoted(literal) : JSON.parse(numberText(literal));
  return { step: { type: "filter", name: filter[1]!, value }, length: filter[0].length };
}

/** What the pattern lets through is a number or a truth value of JSON, save for odd dots. */
function numberText(literal: string): string {
  return /^(true|false|-?(0|[1-9][0-9]*)(\.[0-9]+)?)$/.test(literal) ? literal : "null";
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}

function take(value: unknown, step: Step): readonly unknown[] {
  if (typeof value !== "object" || value === null) return [];
  if (step.type === "filter") {
    return Object.values(value).filter((element) => {
      const [found] = take(element, { type: "name", name: step.name });
      return found === step.value;
    });
  }
  if (step.type === "index") {
    const found: unknown = Array.isArray(value) ? value.at(step.index) : undefined;
    return found === undefined ? [] : [found];
  }
  if (Array.isArray(value) || !Object.hasOwn(value, step.name)) return [];
  return [(value as Readonly<Record<string, unknown>>)[step.name]];
}
