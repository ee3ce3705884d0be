import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { RoleKind } from "@octoplane/kinds/role";
import { readDrafts } from "@octoplane/resources/batch-draft";
import type { Existing } from "@octoplane/resources/batch-plan";
import { commitBatch } from "@octoplane/resources/commit-batch";
import { partKey } from "@octoplane/resources/keys";
import { pickFields } from "@octoplane/resources/record";
import type { Resources } from "@octoplane/resources/resources";
import { invalid, isFailure } from "@octoplane/shared/errors";
import { readDocuments } from "@octoplane/shared/manifest-yaml";
import type { Log } from "@octoplane/shared/log";

/** What comes with Octoplane: roles, which are Krake's by their names, and placement policies. */
const defaults = ["roles.yaml", "policies.yaml"].map((name) =>
  fileURLToPath(new URL(`../../../bootstrap/${name}`, import.meta.url)),
);

/**
 * The rule for a name that a bootstrap finds taken: what came with Octoplane and was never changed gives way, so that files
 * which bring roles of these names (Krake's own among them) load into a fresh server as into an empty store.
 */
export async function defaultsGiveWay(): Promise<Exclude<Existing, string>> {
  const texts = await Promise.all(defaults.map((file) => readFile(file, "utf8")));
  const { drafts } = readDrafts(
    texts.flatMap((text, index) => readDocuments(text, defaults[index] ?? "").documents),
  );
  const own = new Map(
    drafts.map(({ kind, ref, input }) => [partKey(kind, ref, "object"), pickFields(kind, input)]),
  );
  return (key, { metadata, fields }) => {
    const isUntouched = metadata.generation === 1 && metadata.modified === metadata.created;
    return isUntouched && isDeepStrictEqual(fields, own.get(key)) ? "replace" : "refuse";
  };
}

/**
 * Fills a store that has no roles yet, at one stroke; one in which somebody has changed or removed roles is left as it is.
 * `Invalid` with file and line of everything that is wrong.
 */
export async function bootstrapRoles(
  resources: Resources,
  files: readonly string[],
  log: Log,
): Promise<void> {
  const { items } = await resources.of(RoleKind).list({ limit: 1 });
  if (items.length > 0) return;
  const documents: unknown[] = [];
  const places: string[] = [];
  for (const file of [...defaults, ...files]) {
    const read = readDocuments(await readFile(file, "utf8"), file);
    documents.push(...read.documents);
    places.push(...read.lines.map((line) => `${file}:${line}`));
  }
  const { drafts, problems } = readDrafts(documents);
  try {
    // Two servers may start on one empty store: the second finds everything there.
    await commitBatch(resources.parts, drafts, { existing: "keep", problems });
  } catch (error) {
    throw withFiles(error, places);
  }
  log.info("the store was empty: default roles, bindings and placement policies were created");
}

function withFiles(error: unknown, places: readonly string[]): unknown {
  if (!isFailure(error, "Invalid")) return error;
  const fields = error.fields.map(({ field, message }) => {
    const [, index, rest] = /^documents\[(\d+)\](.*)$/.exec(field) ?? [];
    const place = places[Number(index)];
    return {
      field: place === undefined ? field : `${place}${rest ? ` ${rest.slice(1)}` : ""}`,
      message,
    };
  });
  return invalid(fields);
}
