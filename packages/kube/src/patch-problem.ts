/**
 * What server-side apply says about an object that does not fit its kind. It comes as status 500 in
 * plain words (kubernetes 1.36: `managedfields/internal/structuredmerge.go`), though nothing of it
 * passes by itself.
 */

/** One of those problems; the path is the server's: `.spec.containers[name="main"].colour`. */
export interface PatchProblem {
  readonly path: string;
  readonly message: string;
}

/** The problems in a message, or undefined when it is about something else. */
export function readPatchProblems(message: string): readonly PatchProblem[] | undefined {
  if (/^failed to convert (?:new|patch) object \(/.test(message)) return [];
  const match = /^failed to create typed patch object \([^)]*\): /.exec(message);
  if (!match) return undefined;
  return message
    .slice(match[0].length)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== "errors:")
    .map(readProblem);
}

function readProblem(text: string): PatchProblem {
  const match = /^([.[].*?): (.*)$/s.exec(text);
  return { path: match?.[1] ?? "", message: match?.[2] ?? text };
}

/** The steps from a value to the place that a path means, or undefined when it leads nowhere. */
export function locate(value: unknown, path: string): readonly (string | number)[] | undefined {
  if (path === "") return [];
  if (path.startsWith(".")) return locateField(value, path.slice(1));
  return Array.isArray(value) ? locateItem(value, path) : undefined;
}

/**
 * Names are not quoted in a path and may hold dots, so the longest that is there is tried first.
 */
function locateField(value: unknown, path: string): readonly (string | number)[] | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const fields = Object.entries(value)
    .filter(([name]) => path.startsWith(name) && /^(?:[.[]|$)/.test(path.slice(name.length)))
    .toSorted(([one], [other]) => other.length - one.length);
  for (const [name, inner] of fields) {
    const steps = locate(inner, path.slice(name.length));
    if (steps) return [name, ...steps];
  }
  return undefined;
}

function locateItem(
  items: readonly unknown[],
  path: string,
): readonly (string | number)[] | undefined {
  const match = /^\[((?:[^\]"]|"(?:[^"\\]|\\.)*")*)\]/.exec(path);
  if (!match) return undefined;
  const selector = match[1] ?? "";
  const index = /^[0-9]+$/.test(selector)
    ? Number(selector)
    : items.findIndex((item) => matchesKey(item, selector));
  if (index < 0 || index >= items.length) return undefined;
  const steps = locate(items[index], path.slice(match[0].length));
  return steps && [index, ...steps];
}

/**
 * `containerPort=80,protocol="TCP"`: a field that is missing has its default, which the server
 * filled in.
 */
export function matchesKey(item: unknown, selector: string): boolean {
  if (typeof item !== "object" || item === null) return false;
  const pairs = Array.from(selector.matchAll(/([^=,]+)=("(?:[^"\\]|\\.)*"|[^,]*)/g));
  return pairs.length > 0 && pairs.every(([, name = "", text]) => matchesField(item, name, text));
}

function matchesField(item: object, name: string, text: string | undefined): boolean {
  const value: unknown = Object.entries(item).find(([field]) => field === name)?.[1];
  return value === undefined || JSON.stringify(value) === text;
}
