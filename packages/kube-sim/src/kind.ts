import type { CustomSchema } from "./crd/custom-schema.ts";

/** A kind as this cluster serves it in one version. */
export interface SimKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** What can be done with it; everything when left out. */
  readonly verbs?: readonly string[];
  /** Whether spec and status are written apart, through `/status`. */
  readonly hasStatus: boolean;
  readonly hasScale: boolean;
  /** Whether `metadata.generation` counts the changes of the spec. */
  readonly hasGeneration: boolean;
  /** Present for kinds that a CustomResourceDefinition added. */
  readonly custom?: CustomSchema;
}

/** The key under which the objects of a kind are stored; versions of one kind share it. */
export function kindKey(kind: { readonly group: string; readonly plural: string }): string {
  return `${kind.group}/${kind.plural}`;
}

export function apiVersionOf(kind: { readonly group: string; readonly version: string }): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}
