import type { AnyKind } from "@octoplane/kinds/kind";
import { readInput } from "@octoplane/kinds/read-input";
import { kinds } from "@octoplane/kinds/registry";
import { isFailure, type FieldProblem } from "@octoplane/shared/errors";
import { tryKind } from "./kind-names.ts";
import type { ManifestFiles } from "../input/manifest-files.ts";
import { suggestion } from "@octoplane/shared/near-names";
import { isEntry } from "./same-value.ts";

/** Documents of files as objects of Octoplane, in the order in which they are sent. Pure. */

export interface OctoplaneDocument {
  readonly kind: AnyKind;
  readonly document: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly namespace: string | undefined;
  /** `app.yaml:12 (Application web)`. */
  readonly place: string;
}

export interface CheckedDocuments {
  /** Roles before bindings, providers before metrics, metrics before clusters, and so on. */
  readonly documents: readonly OctoplaneDocument[];
  readonly problems: readonly FieldProblem[];
}

/** Every document with what is wrong with it; `identity`: only who it is, as for a deletion. */
export function checkDocuments(
  { documents, places }: ManifestFiles,
  depth: "whole" | "identity",
): CheckedDocuments {
  const problems: FieldProblem[] = [];
  const found: OctoplaneDocument[] = [];
  for (const [index, document] of documents.entries()) {
    const place = places[index] ?? "";
    const read = readIdentity(document, place);
    if ("problem" in read) problems.push({ field: place, message: read.problem });
    else {
      found.push(read);
      if (depth === "whole") problems.push(...problemsOf(read));
    }
  }
  const rank = ({ kind }: OctoplaneDocument): number => kinds.indexOf(kind);
  const sorted = found.toSorted((a, b) => rank(a) - rank(b));
  return { documents: sorted, problems: [...problems, ...twice(found)] };
}

function readIdentity(
  document: Readonly<Record<string, unknown>>,
  at: string,
): OctoplaneDocument | { readonly problem: string } {
  const { api, apiVersion, kind, metadata } = document;
  if (typeof kind !== "string") return { problem: "expected kind, such as Application" };
  const { name, namespace } = isEntry(metadata) ? metadata : {};
  const title = typeof name === "string" ? `${kind} ${name}` : kind;
  if (api === undefined && apiVersion !== undefined) {
    const file = at.replace(/:\d+$/, "");
    return {
      problem:
        `${title} is an object for a Kubernetes cluster, not one of Octoplane; what places it on ` +
        `a cluster is "rok kube app create NAME -f ${file === "standard input" ? "-" : file}"`,
    };
  }
  const isNamed = (candidate: AnyKind): boolean => api === undefined || candidate.api === api;
  const declared = kinds.find((one) => one.kind === kind && isNamed(one));
  if (!declared) {
    const group = api === undefined ? "" : ` in ${JSON.stringify(api)}`;
    const near = tryKind(kinds, kind)?.kind;
    const hint =
      near === undefined
        ? suggestion(
            kind,
            kinds.map((one) => one.kind),
          )
        : ` (did you mean ${near}?)`;
    return { problem: `there is no kind ${JSON.stringify(kind)}${group}${hint}` };
  }
  if (typeof name !== "string") return { problem: `expected metadata.name in this ${kind}` };
  if (!declared.namespaced && typeof namespace === "string") {
    return { problem: `${title} belongs to no namespace: leave out metadata.namespace` };
  }
  return {
    kind: declared,
    document: { ...document, api: declared.api },
    name,
    namespace: typeof namespace === "string" ? namespace : undefined,
    place: `${at} (${title})`,
  };
}

function problemsOf({ kind, document, place }: OctoplaneDocument): readonly FieldProblem[] {
  try {
    readInput(kind, document);
    return [];
  } catch (error) {
    if (!isFailure(error, "Invalid")) throw error;
    return placed(error.fields, place);
  }
}

/** Problems of one document, with its place in front. */
export function placed(fields: readonly FieldProblem[], place: string): readonly FieldProblem[] {
  return fields.map(({ field, message }) => ({
    field: field === "" ? place : `${place}: ${field}`,
    message,
  }));
}

/** The second would silently undo the first. */
function twice(documents: readonly OctoplaneDocument[]): readonly FieldProblem[] {
  const seen = new Map<string, string>();
  return documents.flatMap(({ kind, namespace, name, place }) => {
    const key = JSON.stringify([kind.api, kind.kind, namespace ?? null, name]);
    const first = seen.get(key);
    seen.set(key, first ?? place);
    return first === undefined
      ? []
      : [{ field: place, message: `stands there twice, also at ${first}` }];
  });
}
