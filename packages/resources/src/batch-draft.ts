import { textOf } from "@octoplane/shared/text-of";
import type { AnyKind } from "@octoplane/kinds/kind";
import { checkName, isName } from "@octoplane/kinds/metadata";
import { GlobalMetricKind, MetricKind, type Metric } from "@octoplane/kinds/metric";
import { GlobalMetricsProviderKind, MetricsProviderKind } from "@octoplane/kinds/metrics-provider";
import { readInput, type Input } from "@octoplane/kinds/read-input";
import { kindNamed, kinds } from "@octoplane/kinds/registry";
import { RoleKind } from "@octoplane/kinds/role";
import { RoleBindingKind, type RoleBinding } from "@octoplane/kinds/role-binding";
import { failure, isFailure, type FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { partKey, type Ref } from "./keys.ts";

/** Documents that are to be stored together: what each of them is, and what it refers to. All pure. */

/** One document that has passed its kind's checks. */
export interface Draft {
  /** Its place among the documents, from 0. */
  readonly index: number;
  readonly kind: AnyKind;
  readonly input: Input;
  readonly ref: Ref;
}

export interface DocumentProblem extends FieldProblem {
  readonly index: number;
}

/** An object that must be there for another one to make sense. */
export interface Relation {
  readonly field: string;
  readonly kind: AnyKind;
  readonly ref: Ref;
}

/** What configures a system rather than runs on it: the kinds without a status. */
export const batchKinds: readonly AnyKind[] = kinds.filter((kind) => kind.status === undefined);

/**
 * Reads every document by the kind that it names, and collects what is wrong with any of them. `TooLarge` for more documents
 * than one commit can hold.
 */
export function readDrafts(documents: readonly unknown[]): {
  readonly drafts: readonly Draft[];
  readonly problems: readonly DocumentProblem[];
} {
  const most = limits.commitOperationsMax;
  if (documents.length > most) {
    const message = `expected at most ${most} documents, which one commit can hold, found ${documents.length}`;
    throw failure("TooLarge", message);
  }
  const drafts: Draft[] = [];
  const problems: DocumentProblem[] = [];
  const places = new Map<string, number>();
  for (const [index, document] of documents.entries()) {
    const draft = readDraft(index, document);
    if (!("ref" in draft)) {
      problems.push(...draft.map((problem) => ({ index, ...problem })));
      continue;
    }
    const key = partKey(draft.kind, draft.ref, "object");
    const first = places.get(key);
    places.set(key, first ?? index);
    if (first === undefined) drafts.push(draft);
    else {
      const message = `${titleOf(draft.kind, draft.ref)} stands here twice, first in documents[${first}]`;
      problems.push({ index, field: "metadata.name", message });
    }
  }
  return { drafts, problems };
}

function readDraft(index: number, document: unknown): Draft | readonly FieldProblem[] {
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    return [{ field: "", message: "expected an object with api, kind and metadata" }];
  }
  const { api, kind: name } = document as { readonly api?: unknown; readonly kind?: unknown };
  const kind = meantKind(kindNamed(textOf(api), textOf(name)), document);
  if (!kind || !batchKinds.includes(kind)) {
    const accepted = batchKinds.map((one) => `${one.api}/${one.kind}`).join(", ");
    const found = `${told(api)}/${told(name)}`;
    return [{ field: "kind", message: `expected one of ${accepted}, found ${found}` }];
  }
  try {
    const input = readInput(kind, { ...document, kind: kind.kind });
    const problems = checkPlace(kind, input);
    return problems.length > 0 ? problems : { index, kind, input, ref: placeOf(input) };
  } catch (error) {
    if (!isFailure(error, "Invalid")) throw error;
    return error.fields;
  }
}

/** What stands in no namespace is for all of them: files of older Krakes name such metrics and providers like others. */
const globalTwins: ReadonlyMap<string, string> = new Map([
  [MetricKind.kind, GlobalMetricKind.kind],
  [MetricsProviderKind.kind, GlobalMetricsProviderKind.kind],
]);

function meantKind(kind: AnyKind | undefined, document: object): AnyKind | undefined {
  const twin = kind?.api === MetricKind.api ? globalTwins.get(kind.kind) : undefined;
  if (kind === undefined || twin === undefined) return kind;
  const { metadata } = document as { readonly metadata?: unknown };
  const { namespace } = { ...(metadata as { readonly namespace?: unknown } | null) };
  return namespace === undefined || namespace === null ? kindNamed(kind.api, twin) : kind;
}

function told(value: unknown): string {
  if (value === undefined) return "nothing";
  return (typeof value === "string" ? value : typeof value).slice(0, 80);
}

function checkPlace(kind: AnyKind, { metadata }: Input): readonly FieldProblem[] {
  const { namespace } = metadata;
  const field = "metadata.namespace";
  if (!kind.namespaced) {
    if (namespace === null) return [];
    return [{ field, message: `a ${kind.kind} is in no namespace` }];
  }
  if (namespace === null) return [{ field, message: "expected, but missing" }];
  return checkName(field, namespace);
}

function placeOf({ metadata: { name, namespace } }: Input): Ref {
  return namespace === null ? { name } : { namespace, name };
}

/** What a draft refers to: the provider of a metric, in its own scope, and the roles of a binding. */
export function relationsOf({ kind, input, ref }: Draft): readonly Relation[] {
  const is = (other: { readonly api: string; readonly kind: string }): boolean =>
    kind.api === other.api && kind.kind === other.kind;
  if (is(RoleBindingKind)) {
    const { roles } = input as unknown as Pick<RoleBinding, "roles">;
    const role = registered(RoleKind);
    return roles.map((name, at) => ({ field: `roles[${at}]`, kind: role, ref: { name } }));
  }
  if (!is(MetricKind) && !is(GlobalMetricKind)) return [];
  const { name } = (input as unknown as Pick<Metric, "spec">).spec.provider;
  const provider = registered(is(MetricKind) ? MetricsProviderKind : GlobalMetricsProviderKind);
  return [{ field: "spec.provider.name", kind: provider, ref: { ...ref, name } }];
}

function registered({ api, kind }: { readonly api: string; readonly kind: string }): AnyKind {
  const found = kindNamed(api, kind);
  if (!found) throw failure("Internal", `${api}/${kind} is not registered`);
  return found;
}

/** The key of what is referred to; `undefined` when nothing can have that name. */
export function relationKey({ kind, ref }: Relation): string | undefined {
  return isName(ref.name) ? partKey(kind, ref, "object") : undefined;
}

/** `Metric load in namespace a` */
export function titleOf(kind: AnyKind, { namespace, name }: Ref): string {
  return `${kind.kind} ${name}${namespace === undefined ? "" : ` in namespace ${namespace}`}`;
}
