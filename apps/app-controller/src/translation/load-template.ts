import type { ManifestSource } from "@octoplane/kinds/manifest-source";
import { failure } from "@octoplane/shared/errors";
import { readDocument } from "@octoplane/shared/manifest-yaml";
import { readCsar } from "@octoplane/tosca/csar";
import type { BoundedFetch } from "./bounded-fetch.ts";

/**
 * The template that a source stands for; URLs are fetched. Fails as the fetch does, or with `Invalid`, `Unparsable` or
 * `TooLarge` for what is no template.
 */
export async function loadTemplate(
  source: ManifestSource,
  fetch: BoundedFetch,
  signal: AbortSignal,
): Promise<unknown> {
  if ("template" in source) return source.template;
  if ("archiveUrl" in source) {
    return await readCsar(await fetch(source.archiveUrl, signal), nameOf(source.archiveUrl));
  }
  const bytes = await fetch(source.templateUrl, signal);
  const name = nameOf(source.templateUrl);
  return readDocument(textOf(bytes, name), name);
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw failure("Invalid", `${name}: expected UTF-8 text`);
  }
}

/** The file that a URL ends in: enough for whoever wrote it, without what else may stand there. */
function nameOf(url: string): string {
  return URL.parse(url)?.pathname.split("/").at(-1) ?? "the template";
}
