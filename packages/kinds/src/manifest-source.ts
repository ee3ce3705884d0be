import { Type, type Static } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { checkTosca } from "./tosca.ts";

/** What an application's manifest may be made from, when it has none of its own. */
export interface SourceFields {
  readonly manifest: readonly unknown[];
  /** A template of TOSCA, or the URL of one. */
  readonly tosca: Readonly<Record<string, unknown>> | string;
  /** The URL of an archive. */
  readonly csar: string | null;
}

export type ManifestSource =
  | { readonly template: Readonly<Record<string, unknown>> }
  | { readonly templateUrl: string }
  | { readonly archiveUrl: string };

/** The template comes before the archive, as with Krake. `undefined` when there is neither. Pure. */
export function manifestSource({ tosca, csar }: SourceFields): ManifestSource | undefined {
  if (typeof tosca === "string" && tosca !== "") return { templateUrl: tosca };
  if (typeof tosca === "object" && Object.keys(tosca).length > 0) return { template: tosca };
  return csar === null ? undefined : { archiveUrl: csar };
}

/** True while nobody knows what should stand: the manifest is still to be made, and nothing can be decided about it. */
export function awaitsManifest(spec: SourceFields): boolean {
  return spec.manifest.length === 0 && manifestSource(spec) !== undefined;
}

/** What a specification says of it, as far as it can be told without translating anything. Pure. */
export function checkSource(spec: SourceFields): readonly FieldProblem[] {
  const { tosca, csar } = spec;
  const problems: FieldProblem[] = [];
  if (spec.manifest.length === 0 && manifestSource(spec) === undefined) {
    problems.push({ field: "spec", message: "expected at least one of manifest, tosca and csar" });
  }
  if (typeof tosca === "string" && tosca !== "" && !/\.ya?ml$/.test(tosca)) {
    problems.push({ field: "spec.tosca", message: "expected a URL that ends in .yaml or .yml" });
  }
  if (typeof tosca === "object" && Object.keys(tosca).length > 0) {
    problems.push(...checkTosca("spec.tosca", tosca));
  }
  if (csar !== null && !/\.(?:csar|zip)$/.test(csar)) {
    problems.push({ field: "spec.csar", message: "expected a URL that ends in .csar or .zip" });
  }
  return problems;
}

/** In a status: which manifests were made from which sources, the newest last; both as digests. */
export const translationsField = Type.Optional(
  Type.Array(
    Type.Object(
      { source: Type.String(), manifest: Type.String() },
      { additionalProperties: false, description: "digests of a source, and of what it became" },
    ),
    { maxItems: limits.translationsKeptMax },
  ),
);
export type Translation = Static<typeof translationsField>[number];
