import { basename, dirname } from "node:path";
import { lookAlike } from "@octoplane/kinds/look-alike";
import { invalid } from "@octoplane/shared/errors";
import type { ManifestFiles } from "../input/manifest-files.ts";

/**
 * Refuses files that only look like manifests, all at once, each by its place with what it is and
 * what to do instead. What a file is called tells of some that their content does not. Pure.
 */
export function refuseLookAlikes({ documents, places }: ManifestFiles): void {
  const problems = documents.flatMap((document, index) => {
    const place = places[index] ?? "";
    const message = messageFor(document, place.replace(/:\d+$/, ""));
    return message === undefined ? [] : [{ field: place, message }];
  });
  if (problems.length > 0) throw invalid(problems);
}

function messageFor(document: Readonly<Record<string, unknown>>, file: string): string | undefined {
  const folder = dirname(file);
  const hint = hints.find(({ name }) => name.test(basename(file)));
  if (hint?.isAlways === true || (hint && !isTyped(document))) {
    return `this is ${hint.what}, not a manifest; use ${hint.use(folder)}`;
  }
  const other = lookAlike(document);
  return other && `this is ${other.what}, not an object for a cluster; ${other.instead}`;
}

interface Hint {
  readonly name: RegExp;
  readonly what: string;
  /** Also when the document has the form of an object. */
  readonly isAlways: boolean;
  use(folder: string): string;
}

const hints: readonly Hint[] = [
  {
    name: /^kustomization\.ya?ml$/i,
    what: "a kustomization",
    isAlways: true,
    use: (folder) => `-k ${folder}`,
  },
  {
    name: /^Chart\.ya?ml$/,
    what: "the Chart.yaml of a Helm chart",
    isAlways: true,
    use: (folder) => `--chart ${folder}`,
  },
  {
    name: /^values[\w.-]*\.ya?ml$/i,
    what: "a file of values for a Helm chart",
    isAlways: false,
    use: () => "--values beside --chart",
  },
];

function isTyped({ apiVersion, kind }: Readonly<Record<string, unknown>>): boolean {
  return typeof apiVersion === "string" && typeof kind === "string";
}
