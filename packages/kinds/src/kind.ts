import { Type, type Static } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import type { KrakeForm } from "./krake-form.ts";
import type { Metadata, Reason, ResourceRef } from "./metadata.ts";

/**
 * A kind, declared once: from this declaration come the types, the routes, the OpenAPI document, validation,
 * the tables of the command line and the conformance tests.
 */

/** The fields of a resource beside api, kind, metadata and status: `spec`, or `rules` of a Role. */
export type Fields = Readonly<Record<string, Type.TSchema>>;

type StaticFields<F extends Fields> = { readonly [Name in keyof F]: Static<F[Name]> };

/** A resource as it travels and as it is kept in caches: plain, readonly data. */
export type Resource<F extends Fields = Fields, S = unknown> = {
  readonly api: string;
  readonly kind: string;
  readonly metadata: Metadata;
} & StaticFields<F> &
  (S extends Type.TSchema ? { readonly status: Static<S> } : object);

/** Any resource, when the kind is not known to the code that handles it. */
export interface AnyResource {
  readonly api: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** One column of a table. `wide` columns appear in the detail view of one object only. */
export interface Column<R> {
  readonly title: string;
  readonly wide?: boolean;
  cell(resource: R): string;
}

/** What Krake's clients read of all conditions: derived, never written by hand. */
export interface DerivedState {
  readonly state: string;
  readonly reason: Reason | null;
}

/** A path into a resource; `*` stands for every element of a list or every value of a map. */
export type FieldPath = readonly string[];

export interface Kind<
  F extends Fields = Fields,
  S extends Type.TSchema | undefined = Type.TSchema | undefined,
> {
  readonly api: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Other names that the command line takes: `app`. */
  readonly aliases: readonly string[];
  readonly fields: F;
  readonly status: S;
  /** Sub-resources with a route of their own, beside `status`. */
  readonly subresources: readonly string[];
  /** Where credentials stand, in a status too: sealed in the store, redacted in every answer. */
  readonly secrets: readonly FieldPath[];
  /** Where credentials are sent to: a body that changes this must bring the credentials along, not their redacted form. */
  readonly secretsGoTo?: readonly FieldPath[];
  /** What a replacement, of the status too, must leave as it is. */
  readonly immutable?: readonly FieldPath[];
  /** Fields that Krake does not know: a PUT (of the status, too) that leaves one out keeps what is stored. */
  readonly additions: readonly FieldPath[];
  /** A PUT that changes nothing is answered with the object, where others are refused (contract of Krake; one kind has it). */
  readonly answersEqualPut?: boolean;
  /** Where Krake's command line writes bodies in another form. */
  readonly krakeForm?: KrakeForm;
  /** What is large, and emptied in a summary: lists, objects and texts; everything keeps its shape. */
  readonly bulky?: readonly FieldPath[];
  /** Its last specifications are kept, to be looked at and gone back to. */
  readonly keepsRevisions?: boolean;
  /** What objects can be chosen by in a field selector, beside their names and their state. */
  readonly selectable?: readonly FieldPath[];
  /** Finalizers that the server adds at creation, so that no deletion can overtake the controller that owns them. */
  readonly finalizers: readonly string[];
  readonly columns: readonly Column<Resource<F, S>>[];
  /** What a schema cannot say; every problem at once. Pure. */
  validate(resource: Resource<F, S>): readonly FieldProblem[];
  /** What is allowed and most likely a mistake: told beside the answer of a write. Pure. */
  warn?(resource: Resource<F, S>): readonly string[];
  /** What an object goes with, by its specification: owners that nobody has to write down. Pure. */
  owners?(resource: Resource<F, S>): readonly ResourceRef[];
  /** `status.state` and `status.reason` from the conditions; absent for kinds without a state. Pure. */
  derive?(resource: Resource<F, S>): DerivedState;
}

export type ResourceOf<K> = K extends Kind<infer F, infer S> ? Resource<F, S> : never;

/** A kind of which nothing is known but that it is one. */
export interface AnyKind extends Omit<Kind, "columns" | "validate" | "warn" | "owners" | "derive"> {
  readonly columns: readonly Column<AnyResource>[];
  validate(resource: AnyResource): readonly FieldProblem[];
  warn?(resource: AnyResource): readonly string[];
  owners?(resource: AnyResource): readonly ResourceRef[];
  derive?(resource: AnyResource): DerivedState;
}

export function defineKind<const F extends Fields, S extends Type.TSchema | undefined>(
  declaration: Kind<F, S>,
): Kind<F, S> {
  return declaration;
}

/** Forgets the types of a kind, for code that handles all of them alike. The one place where they are given up. */
export function anyKind<F extends Fields, S extends Type.TSchema | undefined>(
  kind: Kind<F, S>,
): AnyKind {
  return kind as unknown as AnyKind;
}
