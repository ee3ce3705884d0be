import { entryOf, fieldOf, isEntry, told, type Entry, type Problem } from "./entry.ts";

/** What a template imports (TOSCA Simple Profile in YAML 1.3, section 3.6.8). */
export interface Import {
  readonly path: string;
  /** A URL, or a file beside the template. */
  readonly file: string;
}

/** Imports are texts, one-key maps of a name, or maps with a `file`. What has none of these forms is a problem. Pure. */
export function readImports(template: Entry): {
  readonly imports: readonly Import[];
  readonly problems: readonly Problem[];
} {
  const { imports: given } = template;
  if (given === undefined || given === null) return { imports: [], problems: [] };
  if (!Array.isArray(given)) {
    return { imports: [], problems: [{ path: "imports", message: "expected a list" }] };
  }
  const imports: Import[] = [];
  const problems: Problem[] = [];
  for (const [index, item] of (given as readonly unknown[]).entries()) {
    const path = `imports[${index}]`;
    const file = fileOf(item);
    if (typeof file === "string") imports.push({ path, file });
    else problems.push({ path, message: "expected a file or a URL" });
  }
  return { imports, problems };
}

function fileOf(item: unknown): unknown {
  if (!isEntry(item)) return item;
  if (Object.hasOwn(item, "file")) return item["file"];
  const [named, ...others] = Object.values(item);
  if (others.length > 0) return undefined;
  return isEntry(named) ? fieldOf(named, "file") : named;
}

/** True for what is fetched from elsewhere. */
export function isRemote(file: string): boolean {
  return /^[a-z][a-z\d+.-]*:/i.test(file);
}

/**
 * Where the definitions of the indigo types are published. What of them matters here is known, so that they need not be
 * fetched: nobody is asked, and a template works without a network.
 */
const wellKnown: readonly RegExp[] = [
  /^https:\/\/raw\.githubusercontent\.com\/(?:grycap\/ec3|indigo-dc\/tosca-types)\/[^?#]*\/?custom_types\.ya?ml$/,
  /^https:\/\/github\.com\/(?:grycap\/ec3|indigo-dc\/tosca-types)\/(?:raw|blob)\/[^?#]*\/?custom_types\.ya?ml$/,
];

/** The problems of what a template by itself imports. Pure. */
export function checkImports(template: Entry): readonly Problem[] {
  const { imports, problems } = readImports(template);
  return [
    ...problems,
    ...imports
      .filter(({ file }) => !wellKnown.some((form) => form.test(file)))
      .map(({ path, file }) => ({ path, message: refusal(file) })),
  ];
}

function refusal(file: string): string {
  return isRemote(file)
    ? `${told(bareAddress(file))} is not fetched: only the definitions of the indigo types are known; put its types into the template, or hand in an archive (CSAR) that holds it`
    : `there is no ${told(file)} beside a template by itself: hand in an archive (CSAR) that holds both`;
}

/** Without user, password, query and fragment, where secrets stand. */
function bareAddress(address: string): string {
  const url = URL.parse(address);
  return url === null ? "the address" : `${url.protocol}//${url.host}${url.pathname}`;
}

/** The types that a template declares itself, by section: `node_types`, `data_types` and the like. */
export function typeSections(template: Entry): readonly (readonly [string, Entry])[] {
  return Object.entries(template)
    .filter(([section]) => section.endsWith("_types"))
    .map(([section, types]) => [section, entryOf(types)] as const);
}
