import type { Application } from "@octoplane/kinds/application";
import {
  manifestSource,
  type ManifestSource,
  type Translation,
} from "@octoplane/kinds/manifest-source";
import { digestOf } from "@octoplane/delivery/digest";
import { limits } from "@octoplane/shared/limits";

/**
 * Whether an application's manifest is to be made from its template. The status knows which manifests were made from which
 * sources: a manifest among them is ours, and follows its source; any other was written by somebody, and stays as it is.
 */
export type TranslationNeed =
  /** There is a manifest and nothing that it could be made from, or both were written by somebody. */
  | { readonly kind: "none" }
  /** It was made from a template and changed by hand since. */
  | { readonly kind: "kept" }
  /** It is what the source became. */
  | { readonly kind: "done" }
  | { readonly kind: "due"; readonly source: ManifestSource; readonly digest: string };

/** What of an application says so. */
export interface Translatable {
  readonly spec: Pick<Application["spec"], "manifest" | "tosca" | "csar">;
  readonly status: Pick<Application["status"], "translations">;
}

/** Pure. */
export function translationNeed({ spec, status }: Translatable): TranslationNeed {
  const source = manifestSource(spec);
  if (source === undefined) return { kind: "none" };
  const made = status.translations ?? [];
  const isEmpty = spec.manifest.length === 0;
  if (!isEmpty && made.length === 0) return { kind: "none" };
  const digest = sourceDigest(source);
  if (isEmpty) return { kind: "due", source, digest };
  const manifest = digestOnce(spec.manifest);
  const ours = made.filter((one) => one.manifest === manifest);
  if (ours.length === 0) return { kind: "kept" };
  return ours.some((one) => one.source === digest)
    ? { kind: "done" }
    : { kind: "due", source, digest };
}

/**
 * True when a server of somebody's may have to be asked for the source, who may take his time: such applications of a namespace
 * wait for each other, and nobody else for them. Pure.
 */
export function needsFetch({ spec, status }: Translatable): boolean {
  const source = manifestSource(spec);
  if (source === undefined || "template" in source) return false;
  if (spec.manifest.length === 0) return true;
  const { translations = [] } = status;
  const digest = sourceDigest(source);
  return translations.length > 0 && translations.every((one) => one.source !== digest);
}

function sourceDigest(source: ManifestSource): string {
  return "template" in source ? digestOnce(source.template) : digestOf(source);
}

/** Each reconcile of an application asks for the same again, and of the largest ones a digest takes some milliseconds. */
function digestOnce(value: object): string {
  const digest = digests.get(value) ?? digestOf(value);
  digests.set(value, digest);
  return digest;
}

const digests = new WeakMap<object, string>();

/** What was made before, with this as the newest; the oldest are forgotten. Pure. */
export function withTranslation(
  made: readonly Translation[] | undefined,
  next: Translation,
): Translation[] {
  const others = (made ?? []).filter(
    ({ source, manifest }) => source !== next.source || manifest !== next.manifest,
  );
  return [...others, next].slice(-limits.translationsKeptMax);
}
